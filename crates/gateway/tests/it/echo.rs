//! A service as the code generator would write it, in all protocols at once: it says back what it
//! was told and who told it.

use std::sync::Arc;

use aws_schema::{
    Fault, Kind, Limits, Member, Operation, OperationSpec, Protocol, ReadError, ReadMembers, ReadValue,
    Reader, ServiceSpec, Shape, Structure, Unit, WriteMembers, WriteValue, Writer,
};
use contracts::{Call, Reply, ServiceTable};
use tokio::sync::Notify;

static TEXT: Shape = Shape {
    limits: Limits { min: Some(1), max: Some(100), pattern: None },
    ..Shape::new("Text", Kind::String)
};
static NUMBER: Shape = Shape::new("Number", Kind::Long);
static FLAG: Shape = Shape::new("Flag", Kind::Boolean);

static SAY_INPUT: Shape = Shape { members: &SAY_INPUT_MEMBERS, ..Shape::new("SayRequest", Kind::Structure) };
static SAY_INPUT_MEMBERS: [Member; 3] = [
    Member { required: true, ..Member::new("Text", &TEXT) },
    Member::new("Count", &NUMBER),
    Member::new("DryRun", &FLAG),
];
static SAY_OUTPUT: Shape =
    Shape { members: &SAY_OUTPUT_MEMBERS, ..Shape::new("SayResponse", Kind::Structure) };
static SAY_OUTPUT_MEMBERS: [Member; 3] =
    [Member::new("Text", &TEXT), Member::new("Arn", &TEXT), Member::new("Region", &TEXT)];

/// What is said.
#[derive(Default, Debug, PartialEq)]
pub(crate) struct SayRequest {
    pub(crate) text: Option<String>,
    pub(crate) count: Option<i64>,
    pub(crate) dry_run: Option<bool>,
}

impl WriteMembers for SayRequest {
    fn shape(&self) -> &'static Shape {
        &SAY_INPUT
    }
    fn write_members(&self, writer: &mut dyn Writer) {
        if let Some(text) = &self.text {
            text.write(&SAY_INPUT_MEMBERS[0], writer);
        }
        if let Some(count) = &self.count {
            count.write(&SAY_INPUT_MEMBERS[1], writer);
        }
        if let Some(dry_run) = &self.dry_run {
            dry_run.write(&SAY_INPUT_MEMBERS[2], writer);
        }
    }
}

impl ReadMembers for SayRequest {
    fn shape(&self) -> &'static Shape {
        &SAY_INPUT
    }
    fn read_member(&mut self, index: usize, reader: &mut dyn Reader) -> Result<(), ReadError> {
        let member = &SAY_INPUT_MEMBERS[index];
        match index {
            0 => self.text = Some(String::read(member, reader)?),
            1 => self.count = Some(i64::read(member, reader)?),
            _ => self.dry_run = Some(bool::read(member, reader)?),
        }
        Ok(())
    }
}

impl Structure for SayRequest {
    const SHAPE: &'static Shape = &SAY_INPUT;
}

/// What comes back: the text, and who said it where.
#[derive(Default, Debug, PartialEq)]
pub(crate) struct SayResponse {
    pub(crate) text: Option<String>,
    pub(crate) arn: Option<String>,
    pub(crate) region: Option<String>,
}

impl WriteMembers for SayResponse {
    fn shape(&self) -> &'static Shape {
        &SAY_OUTPUT
    }
    fn write_members(&self, writer: &mut dyn Writer) {
        for (member, value) in SAY_OUTPUT_MEMBERS.iter().zip([&self.text, &self.arn, &self.region]) {
            if let Some(value) = value {
                value.write(member, writer);
            }
        }
    }
}

impl ReadMembers for SayResponse {
    fn shape(&self) -> &'static Shape {
        &SAY_OUTPUT
    }
    fn read_member(&mut self, index: usize, reader: &mut dyn Reader) -> Result<(), ReadError> {
        let value = Some(String::read(&SAY_OUTPUT_MEMBERS[index], reader)?);
        match index {
            0 => self.text = value,
            1 => self.arn = value,
            _ => self.region = value,
        }
        Ok(())
    }
}

impl Structure for SayResponse {
    const SHAPE: &'static Shape = &SAY_OUTPUT;
}

static UNIT: Shape = Shape::new("Unit", Kind::Structure);

const fn operation(name: &'static str, uri: &'static str) -> OperationSpec {
    OperationSpec {
        name,
        method: "POST",
        uri,
        status: 200,
        input: &UNIT,
        output: &UNIT,
        result_wrapper: None,
        errors: &[],
        unsigned: false,
        host_prefix: None,
    }
}

static HANG: OperationSpec = operation("Hang", "/hang");
static PANIC: OperationSpec = operation("Panic", "/panic");
static SAY: OperationSpec = OperationSpec {
    input: &SAY_INPUT,
    output: &SAY_OUTPUT,
    result_wrapper: Some("SayResult"),
    ..operation("Say", "/say")
};
static SAY_UNSIGNED: OperationSpec = OperationSpec {
    input: &SAY_INPUT,
    output: &SAY_OUTPUT,
    result_wrapper: Some("SayUnsignedResult"),
    unsigned: true,
    ..operation("SayUnsigned", "/say-unsigned")
};
static UNBUILT: OperationSpec = operation("Unbuilt", "/unbuilt");

static OPERATIONS: [&OperationSpec; 5] = [&HANG, &PANIC, &SAY, &SAY_UNSIGNED, &UNBUILT];
static ALL_OPERATIONS: [&str; 6] = ["Hang", "NeverModelled", "Panic", "Say", "SayUnsigned", "Unbuilt"];

macro_rules! operations {
    ($($type:ident: $input:ty => $output:ty = $spec:ident;)*) => { $(
        /// An operation of the echo service.
        pub(crate) struct $type;
        impl Operation for $type {
            type Input = $input;
            type Output = $output;
            const SPEC: &'static OperationSpec = &$spec;
        }
    )* };
}
operations! {
    Hang: Unit => Unit = HANG;
    Panic: Unit => Unit = PANIC;
    SayUnsigned: SayRequest => SayResponse = SAY_UNSIGNED;
}

/// Says back.
pub(crate) struct Say;

impl Operation for Say {
    type Input = SayRequest;
    type Output = SayResponse;
    const SPEC: &'static OperationSpec = &SAY;
    fn dry_run(input: &SayRequest) -> bool {
        input.dry_run == Some(true)
    }
}

const fn spec(id: &'static str, target: Option<&'static str>, protocols: &'static [Protocol]) -> ServiceSpec {
    ServiceSpec {
        id,
        signing_name: id,
        target_prefix: target,
        api_version: "2026-01-01",
        service_id: "Echo",
        xml_namespace: None,
        protocols,
        query_compatible: false,
        global: false,
        operations: &OPERATIONS,
        all_operations: &ALL_OPERATIONS,
    }
}

pub(crate) static JSON: ServiceSpec =
    spec("jsonecho", Some("JsonEcho_20260101"), &[Protocol::Json11, Protocol::Json10]);
pub(crate) static CBOR: ServiceSpec = spec("cborecho", Some("CborEcho"), &[Protocol::Cbor]);
pub(crate) static QUERY: ServiceSpec = spec("queryecho", None, &[Protocol::Query]);
pub(crate) static EC2: ServiceSpec = spec("ec2echo", None, &[Protocol::Ec2]);
pub(crate) static REST_JSON: ServiceSpec = spec("restecho", None, &[Protocol::RestJson]);
pub(crate) static REST_XML: ServiceSpec = spec("xmlecho", None, &[Protocol::RestXml]);
/// Takes chunked bodies, as everything that signs so.
pub(crate) static S3: ServiceSpec =
    ServiceSpec { signing_name: "s3", ..spec("s3echo", None, &[Protocol::RestXml]) };
/// Shares its signing name with [`JSON`].
pub(crate) static TWIN: ServiceSpec = ServiceSpec {
    signing_name: "jsonecho",
    ..spec("twinecho", Some("TwinEcho_20260101"), &[Protocol::Json11])
};

/// What hand-written specifications of other services are based on.
pub(crate) const BLANK: ServiceSpec = spec("", None, &[]);

pub(crate) static ALL: [(&ServiceSpec, Protocol); 7] = [
    (&JSON, Protocol::Json11),
    (&JSON, Protocol::Json10),
    (&CBOR, Protocol::Cbor),
    (&QUERY, Protocol::Query),
    (&EC2, Protocol::Ec2),
    (&REST_JSON, Protocol::RestJson),
    (&REST_XML, Protocol::RestXml),
];

/// What the handlers share.
#[derive(Default)]
pub(crate) struct Echo {
    /// Told when a `Hang` begins.
    pub(crate) hanging: Notify,
    /// Lets one `Hang` go on.
    pub(crate) go_on: Notify,
    /// Told when a `Hang` has run to its end.
    pub(crate) finished: Notify,
}

async fn say(call: Call<Echo>, input: SayRequest) -> Reply<SayResponse> {
    let text = input.text.unwrap_or_default();
    if text == "fault" {
        return Err(Fault::sender("SaidSo", "As you wished."));
    }
    Ok(SayResponse {
        text: Some(text.repeat(usize::try_from(input.count.unwrap_or(1)).unwrap_or_default())),
        arn: Some(call.caller.principal.arn.clone()),
        region: Some(call.caller.region().to_owned()),
    })
}

async fn panic(_: Call<Echo>, _: Unit) -> Reply<Unit> {
    panic!("on purpose");
}

async fn hang(call: Call<Echo>, _: Unit) -> Reply<Unit> {
    call.hanging.notify_one();
    call.go_on.notified().await;
    call.finished.notify_one();
    Ok(Unit)
}

/// One table per service, all with the same handlers.
pub(crate) fn tables(echo: &Arc<Echo>) -> Vec<ServiceTable> {
    [&JSON, &TWIN, &CBOR, &QUERY, &EC2, &REST_JSON, &REST_XML, &S3]
        .map(|spec| {
            let mut table = ServiceTable::new(spec);
            table
                .on::<Say, _, _, _>(echo, say)
                .on::<SayUnsigned, _, _, _>(echo, say)
                .on::<Panic, _, _, _>(echo, panic)
                .on::<Hang, _, _, _>(echo, hang);
            table
        })
        .into_iter()
        .collect()
}
