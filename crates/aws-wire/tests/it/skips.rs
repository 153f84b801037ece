//! Vectors that do not hold, each with its reason. The test fails when one that is listed holds after all.

const TOKEN: &str =
    "SDKs fill in a missing idempotency token; the vector's request has one its value has not";
const BASE_PATH: &str = "the path of a custom endpoint is put before by the transport, not by the codec";
const GZIP: &str =
    "request compression happens between codec and transport; the vector's body is not even given";
const NOT_SAID: &str =
    "an empty list or map has no form in a query string: the request is the same as without it";
const MAP_OF_ALL: &str = "a server puts all query parameters in the map (Smithy, httpQueryParams); the vector is the client's view";
const EMPTY_PAYLOAD: &str =
    "a client sends {} for an absent payload; a server cannot tell it from an empty one";
const PAYLOAD_NAME: &str = "models made from Smithy repeat the member's name as locationName; in AWS's own (S3) it is the root's name";
const FLAT_NAME: &str = "where only the items of a flattened list are named, AWS's own models (SimpleDB, S3 Control) and botocore use that name";
const UNMODELLED: &str =
    "the vector's body has a member that is not in the model; a server has nothing to write it from";
const NULLS: &str = "the vector's body has nulls, which clients must ignore and this server does not write";
const MESSAGE: &str = "the vector's body has a message that its expected value does not have";
const NESTED_NAMESPACE: &str = "this writer declares a structure's own namespace where it is nested, as restXml wants it; query clients ignore it";
const VECTOR: &str = "the vector is wrong: it lists a request's header in a response";

/// Requests this server reads differently.
pub(crate) const SERVER_READS: &[(&str, &str)] = &[
    ("ec2/Ec2ProtocolIdempotencyTokenAutoFill", TOKEN),
    ("query/QueryProtocolIdempotencyTokenAutoFill", TOKEN),
    ("rest-json/RestJsonQueryIdempotencyTokenAutoFill", TOKEN),
    ("rest-xml/QueryIdempotencyTokenAutoFill", TOKEN),
    ("ec2/SDKAppliedContentEncoding_ec2Query", GZIP),
    ("ec2/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query", GZIP),
    ("json/SDKAppliedContentEncoding_awsJson1_1", GZIP),
    ("json/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1", GZIP),
    ("json_1_0/SDKAppliedContentEncoding_awsJson1_0", GZIP),
    ("json_1_0/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", GZIP),
    ("query/SDKAppliedContentEncoding_awsQuery", GZIP),
    ("query/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery", GZIP),
    ("rest-json/SDKAppliedContentEncoding_restJson1", GZIP),
    ("rest-json/SDKAppendedGzipAfterProvidedEncoding_restJson1", GZIP),
    ("rest-xml/SDKAppliedContentEncoding_restXml", GZIP),
    ("rest-xml/SDKAppendedGzipAfterProvidedEncoding_restXml", GZIP),
    ("ec2/Ec2EmptyQueryLists", NOT_SAID),
    ("query/QueryEmptyQueryMaps", NOT_SAID),
    ("rest-json/RestJsonOmitsEmptyListQueryValues", NOT_SAID),
    ("rest-json/RestJsonHostWithPath", BASE_PATH),
    ("rest-json/RestJsonQueryParamsStringListMap", MAP_OF_ALL),
    ("rest-json/RestJsonQueryPrecedence", MAP_OF_ALL),
    ("rest-xml/RestXmlQueryParamsStringListMap", MAP_OF_ALL),
    ("rest-xml/RestXmlQueryPrecedence", MAP_OF_ALL),
    ("rest-xml/AllQueryStringTypes", MAP_OF_ALL),
    ("rest-xml/RestXmlQueryStringEscaping", MAP_OF_ALL),
    ("rest-xml/RestXmlSupportsNaNFloatQueryValues", MAP_OF_ALL),
    ("rest-xml/RestXmlSupportsInfinityFloatQueryValues", MAP_OF_ALL),
    ("rest-xml/RestXmlSupportsNegativeInfinityFloatQueryValues", MAP_OF_ALL),
    ("rest-xml/RestXmlZeroAndFalseQueryValues", MAP_OF_ALL),
    ("rest-json/RestJsonHttpWithEmptyStructurePayload", EMPTY_PAYLOAD),
    ("rest-json/RestJsonHttpWithHeadersButNoPayload", EMPTY_PAYLOAD),
];

/// Requests this client writes differently.
pub(crate) const CLIENT_WRITES: &[(&str, &str)] = &[
    ("ec2/Ec2ProtocolIdempotencyTokenAutoFill", TOKEN),
    ("query/QueryProtocolIdempotencyTokenAutoFill", TOKEN),
    ("rest-json/RestJsonQueryIdempotencyTokenAutoFill", TOKEN),
    ("rest-xml/QueryIdempotencyTokenAutoFill", TOKEN),
    ("ec2/Ec2QueryHostWithPath", BASE_PATH),
    ("json/AwsJson11HostWithPath", BASE_PATH),
    ("json_1_0/AwsJson10HostWithPath", BASE_PATH),
    ("query/QueryHostWithPath", BASE_PATH),
    ("rest-json/RestJsonHostWithPath", BASE_PATH),
    ("ec2/SDKAppliedContentEncoding_ec2Query", GZIP),
    ("ec2/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query", GZIP),
    ("json/SDKAppliedContentEncoding_awsJson1_1", GZIP),
    ("json/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1", GZIP),
    ("json_1_0/SDKAppliedContentEncoding_awsJson1_0", GZIP),
    ("json_1_0/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", GZIP),
    ("query/SDKAppliedContentEncoding_awsQuery", GZIP),
    ("query/SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery", GZIP),
    ("rest-json/SDKAppliedContentEncoding_restJson1", GZIP),
    ("rest-json/SDKAppendedGzipAfterProvidedEncoding_restJson1", GZIP),
    ("rest-xml/SDKAppliedContentEncoding_restXml", GZIP),
    ("rest-xml/SDKAppendedGzipAfterProvidedEncoding_restXml", GZIP),
    (
        "rest-json/RestJsonHttpChecksumRequired",
        "the checksum of a body is the transport's: it is made when signing",
    ),
    ("rest-xml/RestXmlHttpPayloadWithUnion", PAYLOAD_NAME),
    ("rest-xml/HttpPayloadWithXmlName", PAYLOAD_NAME),
    ("rest-xml/HttpPayloadWithXmlNamespace", PAYLOAD_NAME),
    ("rest-xml/HttpPayloadWithXmlNamespaceAndPrefix", PAYLOAD_NAME),
    ("rest-xml/XmlAttributesOnPayload", PAYLOAD_NAME),
    ("rest-xml/XmlLists", FLAT_NAME),
];

/// Responses this server writes differently.
pub(crate) const SERVER_WRITES: &[(&str, &str)] = &[
    ("ec2/Ec2XmlLists", FLAT_NAME),
    ("query/QueryXmlLists", FLAT_NAME),
    ("rest-xml/XmlLists", FLAT_NAME),
    ("rest-xml/RestXmlHttpPayloadWithUnion", PAYLOAD_NAME),
    ("rest-xml/HttpPayloadWithXmlName", PAYLOAD_NAME),
    ("rest-xml/HttpPayloadWithXmlNamespace", PAYLOAD_NAME),
    ("rest-xml/HttpPayloadWithXmlNamespaceAndPrefix", PAYLOAD_NAME),
    ("ec2/Ec2ComplexError", MESSAGE),
    ("rest-xml/ComplexError", MESSAGE),
    ("ec2/Ec2XmlNamespaces", NESTED_NAMESPACE),
    ("query/QueryXmlNamespaces", NESTED_NAMESPACE),
    ("json/AwsJson11IntEnums", VECTOR),
    ("json/handles_unexpected_json_output", UNMODELLED),
    ("json_1_0/AwsJson10HandlesUnexpectedJsonOutput", UNMODELLED),
    ("json/AwsJson11DeserializeIgnoreType", UNMODELLED),
    ("json_1_0/AwsJson10DeserializeIgnoreType", UNMODELLED),
    ("rest-json/RestJsonDeserializeIgnoreType", UNMODELLED),
    ("rest-xml/InvalidGreetingError", UNMODELLED),
    ("smithy-rpc-v2-cbor/RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients", UNMODELLED),
    ("smithy-rpc-v2-cbor/RpcV2CborPayloadWithUnsetUnion", UNMODELLED),
    ("json/AwsJson11StructuresDontDeserializeNullValues", NULLS),
    ("json_1_0/AwsJson10DeserializeAllowNulls", NULLS),
    ("rest-json/RestJsonDeserializesDenseSetMapAndSkipsNull", NULLS),
    ("rest-json/RestJsonDoesntDeserializeNullStructureValues", NULLS),
    ("smithy-rpc-v2-cbor/RpcV2CborDeserializesDenseSetMapAndSkipsNull", NULLS),
    ("smithy-rpc-v2-cbor/RpcV2CborClientDoesntDeserializeNullStructureValues", NULLS),
    (
        "rest-json/RestJsonIgnoreQueryParamsInResponseNoPayload",
        "this server writes {} where the body could be left out",
    ),
];

/// Responses this client reads differently.
pub(crate) const CLIENT_READS: &[(&str, &str)] = &[];
