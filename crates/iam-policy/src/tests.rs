//! Tables of good and bad documents, and decisions.

use super::*;
use proptest::prelude::*;

fn identity(statement: &str) -> Result<Document, Malformed> {
    parse(&format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#), PolicyUse::Identity)
}

fn trust(statement: &str) -> Result<Document, Malformed> {
    parse(&format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#), PolicyUse::Trust)
}

#[test]
fn good_identity_policies() {
    for good in [
        r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
        r#"[{"Sid":"A1","Effect":"Deny","NotAction":["s3:Get*","ec2:?escribe"],"NotResource":["arn:aws:s3:::b/*"]}]"#,
        r#"{"Effect":"Allow","Action":"ssm:GetParameter","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true},
            "ForAnyValue:StringLike":{"aws:TagKeys":["a*"]},"Null":{"aws:TokenIssueTime":"true"}}}"#,
    ] {
        identity(good).unwrap();
    }
    parse(r#"{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}"#, PolicyUse::Identity).unwrap();
}

#[test]
fn bad_identity_policies() {
    for (bad, why) in [
        (r#""x""#, Malformed::Syntax),
        ("[]", Malformed::Syntax),
        (r#"{"Action":"*","Resource":"*"}"#, Malformed::Missing("Effect")),
        (r#"{"Effect":"allow","Action":"*","Resource":"*"}"#, Malformed::Effect("allow".to_owned())),
        (r#"{"Effect":"Allow","Resource":"*"}"#, Malformed::NoActions),
        (r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#, Malformed::NoActions),
        (r#"{"Effect":"Allow","Action":"*"}"#, Malformed::NoResources),
        (r#"{"Effect":"Allow","Action":"Get","Resource":"*"}"#, Malformed::NoVendor),
        (r#"{"Effect":"Allow","Action":"s 3:Get","Resource":"*"}"#, Malformed::Vendor("s 3".to_owned())),
        (r#"{"Effect":"Allow","Action":"*","Resource":"bucket"}"#, Malformed::Resource("bucket".to_owned())),
        (r#"{"Effect":"Allow","Action":7,"Resource":"*"}"#, Malformed::Syntax),
        (r#"{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}"#, Malformed::Syntax),
        (r#"{"Effect":"Allow","Action":"*","Resource":"*","Extra":1}"#, Malformed::Syntax),
        (r#"{"Effect":"Allow","Action":"*","Resource":"*","Sid":"a b"}"#, Malformed::Sid),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}"#,
            Malformed::PrincipalInIdentityPolicy,
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Equals":{"a:b":"c"}}}"#,
            Malformed::Operator("Equals".to_owned()),
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":{}}}}"#,
            Malformed::Syntax,
        ),
    ] {
        assert_eq!(identity(bad), Err(why), "{bad}");
    }
    let one = r#"{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}"#;
    assert_eq!(identity(&format!("[{one},{one}]")), Err(Malformed::SidTwice));
    assert_eq!(parse("{", PolicyUse::Identity), Err(Malformed::Json));
    assert_eq!(parse(&"[".repeat(100_000), PolicyUse::Identity), Err(Malformed::Json));
    assert_eq!(parse(r#"{"Version":"2012-10-18"}"#, PolicyUse::Identity), Err(Malformed::Version));
    assert_eq!(parse(r#"{"Version":"2012-10-17"}"#, PolicyUse::Identity), Err(Malformed::Syntax));
}

#[test]
fn bad_trust_policies() {
    let principal = |kind: &str, name: &str| Malformed::Principal { kind: kind.into(), name: name.into() };
    for (bad, why) in [
        (r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#, Malformed::Missing("Principal")),
        (
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"}"#,
            Malformed::Prohibited("Resource"),
        ),
        (r#"{"Effect":"Allow","Action":"s3:Get","Principal":"*"}"#, Malformed::TrustAction),
        (
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"anna"}}"#,
            principal("AWS", "anna"),
        ),
        (
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::000000000000:role/*"}}"#,
            principal("AWS", "arn:aws:iam::000000000000:role/*"),
        ),
        (
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2"}}"#,
            principal("SERVICE", "ec2"),
        ),
        (
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Federated":"me"}}"#,
            principal("FEDERATED", "me"),
        ),
        (
            r#"{"Effect":"Allow","Action":"sts:AssumeRole","NotPrincipal":{"AWS":"*"}}"#,
            Malformed::Prohibited("NotPrincipal"),
        ),
    ] {
        assert_eq!(trust(bad), Err(why), "{bad}");
    }
}

#[test]
fn trust_decides() {
    let anna = TrustCaller::Identity {
        account: "111111111111".to_owned(),
        arns: vec!["arn:aws:iam::111111111111:user/anna".to_owned()],
    };
    let mut context = Context::default();
    context.set("sts:ExternalId", "42");
    for (statement, verdict) in [
        (r#""Principal":"*""#, Verdict::Allowed),
        (r#""Principal":{"AWS":"111111111111"}"#, Verdict::Allowed),
        (r#""Principal":{"AWS":"arn:aws:iam::111111111111:root"}"#, Verdict::Allowed),
        (r#""Principal":{"AWS":"arn:aws:iam::222222222222:root"}"#, Verdict::Silent),
        (r#""Principal":{"AWS":["222222222222","arn:aws:iam::111111111111:user/anna"]}"#, Verdict::Allowed),
        (r#""Principal":{"AWS":"arn:aws:iam::111111111111:user/bob"}"#, Verdict::Silent),
        (r#""Principal":{"Service":"ec2.amazonaws.com"}"#, Verdict::Silent),
        (r#""Principal":"*","Condition":{"StringEquals":{"sts:externalid":"42"}}"#, Verdict::Allowed),
        (r#""Principal":"*","Condition":{"StringEquals":{"sts:ExternalId":["1","43"]}}"#, Verdict::Silent),
        (r#""Principal":"*","Condition":{"StringLike":{"sts:ExternalId":"4?"}}"#, Verdict::Allowed),
        (r#""Principal":"*","Condition":{"StringNotEquals":{"sts:ExternalId":"42"}}"#, Verdict::Silent),
        (r#""Principal":"*","Condition":{"StringEquals":{"aws:x":"y"}}"#, Verdict::Silent),
        (r#""Principal":"*","Condition":{"StringEqualsIfExists":{"aws:x":"y"}}"#, Verdict::Allowed),
        (r#""Principal":"*","Condition":{"Null":{"aws:x":"true"}}"#, Verdict::Allowed),
        // Not evaluated yet: the door stays shut.
        (r#""Principal":"*","Condition":{"NumericLessThan":{"aws:x":"5"}}"#, Verdict::Silent),
    ] {
        let text = format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole",{statement}}}"#);
        assert_eq!(decide(&trust(&text).unwrap(), "sts:AssumeRole", &anna, &context), verdict, "{statement}");
    }
    let both = r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"},
        {"Effect":"Deny","Action":"sts:*","Principal":{"AWS":"111111111111"},"Condition":{"NumericLessThan":{"a:b":"1"}}}]"#;
    assert_eq!(decide(&trust(both).unwrap(), "sts:AssumeRole", &anna, &context), Verdict::Denied);
    let other = r#"{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":"*"}"#;
    assert_eq!(decide(&trust(other).unwrap(), "sts:AssumeRole", &anna, &context), Verdict::Silent);
    let service =
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}"#;
    let ec2 = TrustCaller::Service("ec2.amazonaws.com".to_owned());
    assert_eq!(decide(&trust(service).unwrap(), "sts:AssumeRole", &ec2, &context), Verdict::Allowed);
}

#[test]
fn white_space_has_no_size() {
    assert_eq!(size("{ \"a\" :\n\t\"ü\" }"), 10);
}

#[test]
fn arns_are_compared_part_by_part() {
    let document = trust(
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/a*"}}}"#,
    )
    .unwrap();
    let caller = TrustCaller::Service("ec2.amazonaws.com".to_owned());
    for (arn, verdict) in [
        ("arn:aws:iam::111111111111:role/abc", Verdict::Allowed),
        ("arn:aws:iam::111111111111:role/bc", Verdict::Silent),
        ("arn:aws:iam:x:role/a:role/abc", Verdict::Silent),
    ] {
        let mut context = Context::default();
        context.set("aws:PrincipalArn", arn);
        assert_eq!(decide(&document, "sts:AssumeRole", &caller, &context), verdict, "{arn}");
    }
}

/// The plain definition of wildcards, slow and obviously right.
fn slow(pattern: &[char], text: &[char]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some('*'), _) if slow(&pattern[1..], text) => true,
        (Some('*'), Some(_)) => slow(pattern, &text[1..]),
        (Some(p), Some(t)) => (p == t || *p == '?') && slow(&pattern[1..], &text[1..]),
        _ => false,
    }
}

proptest! {
    #[test]
    fn wildcards_are_what_they_are_defined_to_be(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(matches(&pattern, &text), slow(&p, &t));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,200}") {
        let _ = parse(&text, PolicyUse::Identity);
        let _ = parse(&format!(r#"{{"Statement":{text}}}"#), PolicyUse::Trust);
    }
}
