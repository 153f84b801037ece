//! Run Command on the machines, and parameters in commands.

use super::{Act, PAUSE, TRIES, patiently};
use anyhow::{Context as _, bail, ensure};
use api_ssm::{self as ssm, ops as ssm_ops};

impl Act {
    /// One command on one machine: its status and output.
    pub(super) fn run_on(&mut self, id: &str, command: &str) -> anyhow::Result<(String, String)> {
        let sent = self.ssm::<ssm_ops::SendCommand>(&ssm::SendCommandRequest {
            document_name: Some("AWS-RunShellScript".to_owned()),
            instance_ids: Some(vec![id.to_owned()]),
            parameters: Some([("commands".to_owned(), vec![command.to_owned()])].into()),
            ..Default::default()
        })?;
        let command_id = sent.command.and_then(|c| c.command_id).context("no command id")?;
        self.outcome(&command_id, id)
    }

    fn outcome(&mut self, command_id: &str, id: &str) -> anyhow::Result<(String, String)> {
        for _ in 0..TRIES {
            let got = self.ssm::<ssm_ops::GetCommandInvocation>(&ssm::GetCommandInvocationRequest {
                command_id: Some(command_id.to_owned()),
                instance_id: Some(id.to_owned()),
                ..Default::default()
            })?;
            let status = got.status.map(|s| s.as_str().to_owned()).unwrap_or_default();
            if !matches!(status.as_str(), "Pending" | "InProgress" | "Delayed" | "Cancelling") {
                return Ok((status, got.standard_output_content.unwrap_or_default()));
            }
            std::thread::sleep(PAUSE / 5);
        }
        bail!("the command on {id} did not end")
    }

    pub(super) fn fleet(&mut self) -> anyhow::Result<()> {
        self.stage.step("Run Command on all machines tagged Mode=Production, two at a time");
        self.stage.command(
            "ssm send-command --document-name AWS-RunShellScript --targets Key=tag:Mode,Values=Production --max-concurrency 2 --parameters commands='…'",
        );
        let command = "echo \"$(hostname) up $(cut -d' ' -f1 /proc/uptime) s, $(nproc) vCPU\"";
        let sent = self.ssm::<ssm_ops::SendCommand>(&ssm::SendCommandRequest {
            document_name: Some("AWS-RunShellScript".to_owned()),
            targets: Some(vec![ssm::Target {
                key: Some("tag:Mode".to_owned()),
                values: Some(vec!["Production".to_owned()]),
            }]),
            max_concurrency: Some("2".to_owned()),
            max_errors: Some("0".to_owned()),
            parameters: Some([("commands".to_owned(), vec![command.to_owned()])].into()),
            ..Default::default()
        })?;
        let command_id = sent.command.and_then(|c| c.command_id).context("no command id")?;
        for at in 0..self.machines.len() {
            let (id, name) = (self.machines[at].id.clone(), self.machines[at].name);
            // With two at a time the third machine's invocation begins later.
            let (status, out) = patiently(|| self.outcome(&command_id, &id))?;
            ensure!(status == "Success", "{name}: {status}");
            self.stage.seen(&format!("{name:<5} {status}: {}", out.trim()));
        }
        Ok(())
    }

    pub(super) fn parameter(&mut self) -> anyhow::Result<()> {
        self.stage.step("A parameter, encrypted at rest, used in a command");
        self.stage.command("ssm put-parameter --name /tour/password --type SecureString --value …");
        let put = |name: &str, value: &str, kind: &'static str| ssm::PutParameterRequest {
            name: Some(name.to_owned()),
            value: Some(value.to_owned()),
            type_: Some(kind.into()),
            ..Default::default()
        };
        self.ssm::<ssm_ops::PutParameter>(&put("/tour/password", "correct horse", "SecureString"))?;
        let plain = self.value("/tour/password", true)?;
        let sealed = self.value("/tour/password", false)?;
        ensure!(plain == "correct horse" && !sealed.contains("correct"), "the SecureString is not sealed");
        self.stage.seen(&format!(
            "without --with-decryption it reads {}…",
            sealed.chars().take(24).collect::<String>()
        ));
        self.stage.command("ssm put-parameter --name /tour/greeting --type String --value 'good morning'");
        self.ssm::<ssm_ops::PutParameter>(&put("/tour/greeting", "good morning", "String"))?;
        self.stage.command(
            "ssm send-command … --parameters 'commands=echo {{ssm:/tour/greeting}} from $(hostname)'",
        );
        let id = self.machines[2].id.clone();
        let (status, out) = self.run_on(&id, "echo {{ssm:/tour/greeting}} from $(hostname)")?;
        ensure!(status == "Success" && out.starts_with("good morning from ip-10-42-2-"), "{status}: {out}");
        self.stage.seen(&format!("db: {}", out.trim()));
        self.stage.show("");
        self.stage.show(&self.picture());
        Ok(())
    }

    fn value(&mut self, name: &str, decrypted: bool) -> anyhow::Result<String> {
        let got = self.ssm::<ssm_ops::GetParameter>(&ssm::GetParameterRequest {
            name: Some(name.to_owned()),
            with_decryption: Some(decrypted),
        })?;
        got.parameter.and_then(|p| p.value).context("the parameter has no value")
    }
}
