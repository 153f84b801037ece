//! What a state does, by its type.

use super::Compiler;
use super::site::Site;
use crate::program::{Body, CompileError, Delay, Resource, Task};
use crate::text::Node;

impl<'a> Compiler<'a> {
    pub(super) fn body(&mut self, site: &Site<'a, '_>) -> Result<Body, CompileError> {
        let kind = site.node.get("Type").and_then(Node::as_str);
        match kind.unwrap_or_default() {
            "Pass" => Ok(Body::Pass(site.node.get("Result").map(Node::to_value))),
            "Succeed" => Ok(Body::Succeed),
            "Fail" => Ok(Body::Fail { error: site.wording("Error")?, cause: site.wording("Cause")? }),
            "Wait" => Ok(Body::Wait(delay(site)?)),
            "Choice" => super::choice::ways(site).map(Body::Choice),
            "Task" => Ok(Body::Task(Box::new(task(site)?))),
            "Parallel" => {
                let branches = site.node.get("Branches").filter(|branches| branches.is_array());
                let branches = branches.ok_or_else(|| site.error("Branches", "an array is required"))?;
                let scopes = branches.items().iter().enumerate().map(|(at, branch)| {
                    let path = format!("{}/Branches/{at}", site.path);
                    self.reserve(branch, Some(site.index), path)
                });
                Ok(Body::Parallel(scopes.collect()))
            }
            "Map" => Ok(Body::Map(Box::new(self.map(site)?))),
            other => Err(site.error("Type", format!("'{other}' is no type of state"))),
        }
    }
}

fn delay(site: &Site<'_, '_>) -> Result<Delay, CompileError> {
    if let Some(seconds) = site.amount(site.node, "", "Seconds")? {
        return Ok(Delay::Seconds(seconds));
    }
    if let Some(path) = site.path_in(site.node, "TimestampPath")? {
        return Ok(Delay::UntilPath(path));
    }
    let timestamp = site.wording("Timestamp")?;
    timestamp.map(Delay::Until).ok_or_else(|| site.error("Seconds", "Seconds or Timestamp is required"))
}

fn task(site: &Site<'_, '_>) -> Result<Task, CompileError> {
    let resource = site.text("Resource").and_then(|arn| Resource::parse(&arn));
    Ok(Task {
        resource: resource
            .ok_or_else(|| site.error("Resource", "the resource is nothing a task can call"))?,
        timeout: site.amount(site.node, "", "TimeoutSeconds")?,
        heartbeat: site.amount(site.node, "", "HeartbeatSeconds")?,
        credentials: site.template("Credentials")?,
    })
}
