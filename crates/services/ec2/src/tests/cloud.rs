//! A client without a network.

use crate::test_world::World;
use aws_schema::{Fault, Protocol, ReadMembers};
use aws_wire::{QueryForm, RequestParts, decode_form, encode_response, validation_fault};
use contracts::{Call, Prepared, ServiceTable};

/// One cloud and its table of operations.
pub(super) struct Cloud {
    pub(super) world: World,
    table: ServiceTable,
}

/// Percent-encodes what would end a value.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('+', "%2B").replace(' ', "%20")
}

impl Cloud {
    pub(super) fn new() -> Cloud {
        let world = World::new();
        let table = crate::table(world.ec2.platform.clone());
        Cloud { world, table }
    }

    /// The answer to `Action` with `parameters` (`A=1&B=2`), as the gateway would run it.
    pub(super) async fn ask(&self, action: &str, parameters: &str) -> Result<String, Fault> {
        self.ask_as(&self.world.call(), action, parameters).await
    }

    pub(super) async fn ask_as(
        &self,
        call: &Call<crate::Ec2>,
        action: &str,
        parameters: &str,
    ) -> Result<String, Fault> {
        let operation = api_ec2::SERVICE.operation(action).expect("a modelled operation");
        let prepared = self.prepare(action, parameters)?;
        let output = prepared.run(call.caller.clone()).await?;
        let response = encode_response(Protocol::Ec2, &api_ec2::SERVICE, operation, &*output, "id");
        Ok(String::from_utf8(response.body).expect("text"))
    }

    fn prepare(&self, action: &str, parameters: &str) -> Result<Prepared, Fault> {
        let operation = api_ec2::SERVICE.operation(action).expect("a modelled operation");
        let body = format!("Action={action}&Version=2016-11-15&{}", escaped(parameters));
        let headers: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];
        let parts =
            RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: body.as_bytes() };
        let form = QueryForm::from_request(&parts).expect("a form");
        let malformed = |error: aws_wire::WireError| Fault::sender("MalformedQueryString", error.to_string());
        let mut decode =
            |target: &mut dyn ReadMembers| decode_form(Protocol::Ec2, &form, target).map_err(malformed);
        let prepared = self.table.prepare(operation, &mut decode, false).expect("a built operation")?;
        match validation_fault(Protocol::Ec2, &prepared.violations) {
            Some(fault) => Err(fault),
            None => Ok(prepared),
        }
    }

    /// The answer of an operation that must succeed.
    pub(super) async fn ok(&self, action: &str, parameters: &str) -> String {
        match self.ask(action, parameters).await {
            Ok(xml) => xml,
            Err(fault) => panic!("{action} {parameters}: {fault}"),
        }
    }

    /// The value of `element` in the answer of an operation that must succeed.
    pub(super) async fn get(&self, action: &str, parameters: &str, element: &str) -> String {
        let xml = self.ok(action, parameters).await;
        all(&xml, element).into_iter().next().unwrap_or_else(|| panic!("no {element} in {xml}"))
    }

    /// Every value of `element` in the answer.
    pub(super) async fn list(&self, action: &str, parameters: &str, element: &str) -> Vec<String> {
        all(&self.ok(action, parameters).await, element)
    }

    /// The code of the fault of an operation that must fail and change nothing.
    pub(super) async fn code(&self, action: &str, parameters: &str) -> String {
        self.fault(action, parameters).await.code.into_owned()
    }

    /// The fault of an operation that must fail and change nothing.
    pub(super) async fn fault(&self, action: &str, parameters: &str) -> Fault {
        // The default VPC may come into being with any first request.
        crate::vpc::ensure_default_vpc(&self.world.ec2, &self.world.scope()).await.expect("a default VPC");
        let before = self.world.store().revision();
        match self.ask(action, parameters).await {
            Ok(xml) => panic!("{action} {parameters} succeeded: {xml}"),
            Err(fault) => {
                assert_eq!(self.world.store().revision(), before, "{action} {parameters} changed something");
                fault
            }
        }
    }

    /// A VPC, its id.
    pub(super) async fn vpc(&self, cidr: &str) -> String {
        self.get("CreateVpc", &format!("CidrBlock={cidr}"), "vpcId").await
    }

    /// A subnet in the first zone, its id.
    pub(super) async fn subnet(&self, vpc: &str, cidr: &str) -> String {
        self.get("CreateSubnet", &format!("VpcId={vpc}&CidrBlock={cidr}"), "subnetId").await
    }

    /// A security group, its id.
    pub(super) async fn group(&self, vpc: &str, name: &str) -> String {
        let parameters = format!("VpcId={vpc}&GroupName={name}&GroupDescription=test");
        self.get("CreateSecurityGroup", &parameters, "groupId").await
    }

    /// An interface, its id.
    pub(super) async fn interface(&self, subnet: &str) -> String {
        self.get("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId").await
    }

    /// An internet gateway attached to a VPC, its id.
    pub(super) async fn gateway(&self, vpc: &str) -> String {
        let id = self.get("CreateInternetGateway", "", "internetGatewayId").await;
        self.ok("AttachInternetGateway", &format!("InternetGatewayId={id}&VpcId={vpc}")).await;
        id
    }

    /// The VPCs handlers have waited for since the last call of this.
    pub(super) fn settled(&self) -> Vec<String> {
        self.world.seams.settled.lock().drain(..).map(|(vpc, _)| vpc).collect()
    }
}

/// Every text between `<element>` and `</element>`.
pub(super) fn all(xml: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split(&close).next()).map(str::to_owned).collect()
}
