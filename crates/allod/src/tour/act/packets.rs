//! Connections that succeed and connections that are dropped, seen from the host and from inside.

use super::{Act, patiently};
use anyhow::{Context as _, ensure};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

impl Act {
    pub(super) fn allowed(&mut self) -> anyhow::Result<()> {
        self.stage.step("An allowed connection succeeds");
        for at in 0..2 {
            let address: Ipv4Addr =
                self.machines[at].public.as_deref().context("no public address")?.parse()?;
            let answer = patiently(|| get(SocketAddr::from((address, 80))))
                .with_context(|| format!("http://{address}/ does not answer"))?;
            self.stage.show(&format!("$ curl http://{address}/"));
            self.stage
                .seen(&format!("“{}” — through the internet gateway, by the rule of web", answer.trim()));
        }
        Ok(())
    }

    pub(super) fn forbidden(&mut self) -> anyhow::Result<()> {
        self.stage.step("A forbidden one is dropped, and the drop is counted");
        let address: Ipv4Addr = self.machines[0].public.as_deref().context("no public address")?.parse()?;
        let before = self.drops(0)?;
        let refused =
            TcpStream::connect_timeout(&SocketAddr::from((address, 22)), Duration::from_millis(700));
        ensure!(refused.is_err(), "port 22 of web-1 answered, though no rule allows it");
        let after = self.drops(0)?;
        ensure!(after > before, "no drop was counted at web-1 ({before} before, {after} after)");
        self.stage.show(&format!("$ nc {address} 22"));
        self.stage.seen(&format!(
            "no answer; the ingress gate of {} dropped {} packet(s) ({before} → {after})",
            self.machines[0].interface,
            after - before
        ));
        Ok(())
    }

    /// Packets the ingress gate has dropped at a machine's interface.
    fn drops(&self, at: usize) -> anyhow::Result<u64> {
        let drops = self.runtime.block_on(self.agent.drops(&self.vpc)).map_err(anyhow::Error::msg)?;
        let of = drops.iter().find(|d| d.interface == self.machines[at].interface);
        Ok(of.and_then(|d| d.by_gate.get("IngressDenied")).copied().unwrap_or_default())
    }

    pub(super) fn inside(&mut self) -> anyhow::Result<()> {
        self.stage.step("Between machines: web reaches db, db does not reach web's other ports");
        let (db, web) = (self.machines[2].private.clone(), self.machines[0].private.clone());
        let reach = format!("timeout 5 bash -c 'exec 3<>/dev/tcp/{db}/5432 && cat <&3'");
        let (web_id, db_id) = (self.machines[0].id.clone(), self.machines[2].id.clone());
        let answer = patiently(|| {
            let (status, out) = self.run_on(&web_id, &reach)?;
            ensure!(
                status == "Success" && out.contains("hello from"),
                "web-1 cannot reach db: {status} {out}"
            );
            Ok(out)
        })?;
        self.stage.seen(&format!("web-1 → db:5432  “{}”", answer.lines().last().unwrap_or_default()));
        let before = self.drops(0)?;
        let (status, _) = self.run_on(&db_id, &format!("timeout 1 bash -c 'exec 3<>/dev/tcp/{web}/22'"))?;
        let after = self.drops(0)?;
        ensure!(
            status == "Failed" && after > before,
            "db → web-1:22 was not dropped ({status}, {before} → {after})"
        );
        self.stage.seen(&format!("db → web-1:22  dropped ({before} → {after})"));
        Ok(())
    }
}

/// The body of `GET /`.
fn get(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    let body = answer.split("\r\n\r\n").nth(1).context("not an HTTP answer")?;
    Ok(body.to_owned())
}
