//! Paths to operations, with the templates S3 and others really use.

use aws_schema::{Kind, Location, Member, OperationSpec, Shape};
use aws_wire::{RouteMiss, Router};

const NONE: [(&str, &str); 0] = [];

static TEXT: Shape = Shape::new("String", Kind::String);
static PLAIN: Shape = Shape::new("Plain", Kind::Structure);
static PART: Shape = Shape {
    members: &[
        Member {
            required: true,
            location: Location::Query,
            location_name: Some("partNumber"),
            ..Member::new("PartNumber", &TEXT)
        },
        Member {
            required: true,
            location: Location::Query,
            location_name: Some("uploadId"),
            ..Member::new("UploadId", &TEXT)
        },
    ],
    ..Shape::new("Part", Kind::Structure)
};
static COPY: Shape = Shape {
    members: &[Member {
        required: true,
        location: Location::Header,
        location_name: Some("x-amz-copy-source"),
        ..Member::new("Source", &TEXT)
    }],
    ..Shape::new("Copy", Kind::Structure)
};

macro_rules! operations {
    ($($constant:ident: $name:literal $method:literal $uri:literal $input:ident;)*) => {
        $(static $constant: OperationSpec = OperationSpec {
            name: $name, method: $method, uri: $uri, status: 200, input: &$input, output: &PLAIN, result_wrapper: None,
            errors: &[], unsigned: false, host_prefix: None,
        };)*
        static ALL: &[&OperationSpec] = &[$(&$constant),*];
    };
}

operations! {
    LIST_BUCKETS: "ListBuckets" "GET" "/" PLAIN;
    LIST_OBJECTS: "ListObjects" "GET" "/{Bucket}" PLAIN;
    LIST_OBJECTS_V2: "ListObjectsV2" "GET" "/{Bucket}?list-type=2" PLAIN;
    GET_ACL: "GetBucketAcl" "GET" "/{Bucket}?acl" PLAIN;
    GET_OBJECT: "GetObject" "GET" "/{Bucket}/{Key+}" PLAIN;
    PUT_OBJECT: "PutObject" "PUT" "/{Bucket}/{Key+}" PLAIN;
    COPY_OBJECT: "CopyObject" "PUT" "/{Bucket}/{Key+}" COPY;
    UPLOAD_PART: "UploadPart" "PUT" "/{Bucket}/{Key+}" PART;
    INVOKE: "Invoke" "POST" "/2015-03-31/functions/{FunctionName}/invocations" PLAIN;
    SETTINGS: "GetAccountSettings" "GET" "/2016-08-19/account-settings/" PLAIN;
    TAIL: "Tail" "GET" "/x/{Path+}/tail" PLAIN;
}

fn find(
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&str, &str)],
) -> Result<(&'static str, Vec<String>), RouteMiss> {
    let headers = headers.to_vec();
    let found = Router::new(ALL).find(method, path, query, &headers)?;
    Ok((found.operation.name, found.labels.into_iter().map(|label| label.value).collect()))
}

#[track_caller]
fn assert_route(method: &str, path: &str, query: &str, name: &str, labels: &[&str]) {
    let (found, values) = find(method, path, query, &NONE).unwrap();
    assert_eq!((found, values), (name, labels.iter().map(|label| (*label).to_owned()).collect()));
}

#[test]
fn literals_go_before_labels_and_labels_before_greedy_ones() {
    assert_route("GET", "/", "", "ListBuckets", &[]);
    assert_route("GET", "/bucket", "", "ListObjects", &["bucket"]);
    assert_route("GET", "/bucket/", "", "ListObjects", &["bucket"]);
    assert_route("GET", "/bucket/a/b%2Fc//d", "", "GetObject", &["bucket", "a/b/c//d"]);
    assert_route(
        "POST",
        "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations",
        "",
        "Invoke",
        &["arn:aws:lambda"],
    );
    assert_route("GET", "/2016-08-19/account-settings/", "", "GetAccountSettings", &[]);
    assert_route("GET", "/x/a/tail/b/tail", "", "Tail", &["a/tail/b"]);
    assert_route("GET", "/x/a", "", "GetObject", &["x", "a"]);
}

#[test]
fn query_keys_and_required_members_decide_between_equal_paths() {
    assert_route("GET", "/bucket", "list-type=2&prefix=a", "ListObjectsV2", &["bucket"]);
    assert_route("GET", "/bucket", "list-type=1", "ListObjects", &["bucket"]);
    assert_route("GET", "/bucket", "acl", "GetBucketAcl", &["bucket"]);
    assert_route("GET", "/bucket", "acl=", "GetBucketAcl", &["bucket"]);
    assert_route("PUT", "/bucket/key", "", "PutObject", &["bucket", "key"]);
    assert_route("PUT", "/bucket/key", "partNumber=1&uploadId=u", "UploadPart", &["bucket", "key"]);
    assert_route("PUT", "/bucket/key", "partNumber=1", "PutObject", &["bucket", "key"]);
    let copy = find("PUT", "/bucket/key", "", &[("X-Amz-Copy-Source", "/a/b")]).unwrap();
    assert_eq!(copy.0, "CopyObject");
}

#[test]
fn what_fits_nothing_is_a_miss() {
    assert_eq!(find("POST", "/bucket", "", &NONE), Err(RouteMiss::Method));
    assert_eq!(find("POST", "/2015-03-31/functions//invocations", "", &NONE), Err(RouteMiss::Method));
    assert_eq!(find("GET", "/%ff", "", &NONE), Err(RouteMiss::Encoding));
    assert_eq!(
        Router::new(&[&INVOKE]).find("POST", "/2015-03-31/functions", "", &NONE).map(|_| ()),
        Err(RouteMiss::Path)
    );
}

#[test]
fn a_path_of_thousands_of_segments_is_judged_at_once() {
    let path = "/x".repeat(30_000);
    assert_eq!(find("GET", &path, "", &NONE).unwrap().0, "GetObject");
    assert_eq!(find("POST", &path, "", &NONE), Err(RouteMiss::Method));
}
