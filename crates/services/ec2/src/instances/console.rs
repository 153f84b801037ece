//! What can be seen of a machine from outside: console output, password data.

use crate::lookup::select;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{
    GetConsoleOutputRequest, GetConsoleOutputResult, GetPasswordDataRequest, GetPasswordDataResult,
};
use aws_schema::{Fault, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contracts::{Call, Reply};
use records::Instance;
use std::sync::Arc;

fn instance(call: &Call<Ec2>, id: &str) -> Result<Arc<Instance>, Fault> {
    let ids = [id.to_owned()];
    let found = select::<Instance>(call.store(), call.scope(), ResourceKind::Instance, &ids)?;
    found.into_iter().next().ok_or_else(|| ResourceKind::Instance.not_found(id))
}

/// GetConsoleOutput: at most the last 64 KiB. The console is always read live, so `Latest` changes nothing.
pub(super) async fn get_console_output(
    call: Call<Ec2>,
    input: GetConsoleOutputRequest,
) -> Reply<GetConsoleOutputResult> {
    let id = faults::required(input.instance_id, "InstanceId")?;
    let instance = instance(&call, &id)?;
    let (output, printed) =
        call.platform.machines.console(&id).unwrap_or_else(|| (Vec::new(), instance.launch_time));
    Ok(GetConsoleOutputResult {
        instance_id: Some(id),
        timestamp: Some(Timestamp::from_millis(printed)),
        output: Some(STANDARD.encode(output)),
    })
}

/// GetPasswordData: empty, as it is for every Linux machine.
pub(super) async fn get_password_data(
    call: Call<Ec2>,
    input: GetPasswordDataRequest,
) -> Reply<GetPasswordDataResult> {
    let id = faults::required(input.instance_id, "InstanceId")?;
    let instance = instance(&call, &id)?;
    Ok(GetPasswordDataResult {
        instance_id: Some(id),
        timestamp: Some(Timestamp::from_millis(instance.launch_time)),
        password_data: Some(String::new()),
    })
}
