use super::*;
use crate::test_world::World;
use api_ec2::{
    CreateKeyPairRequest, DeleteKeyPairRequest, DescribeKeyPairsRequest, Filter, ImportKeyPairRequest,
    KeyPairInfo, Tag, TagSpecification,
};

// Made with ssh-keygen; its public half only. Fingerprints by `ssh-keygen -l` and `openssl md5`.
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCdeH5VSiNYg05VecEqTvVXm9c2VYHu6BrtyMLSmGC3Tkon781xqat7JpxrnvqTS4S1QM8ZiStQGvEm4C7mCpiBhyFeoqm8yO/LCaprUdEvwIFUc2/7USrQEMohc45WQyumnsvjY068OusoVm9UGbog79JMVSvctM2//YYWC+rj5qYqFVLD90KTz0prU2guPLMPy1B4S0BYl+RuGAccrHB44xXvRD+/pjMe/8yWkUeg3f5OqUZpW5veD3uLNcd4yP7WElzo0ggZJLBhAIX26kIACI0Hfi3OKqxzpnDFe8PtDLg3vfkrgUVWGDMs/fkutEfdzmCOCxx7/8HzwQehZl99";
const RSA_MD5: &str = "47:f1:7f:9b:2a:52:4c:41:35:2b:41:54:2e:46:f2:18";
const RSA_RFC4716: &str = "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"2048-bit RSA, converted by root@vm from OpenSSH\"\nAAAAB3NzaC1yc2EAAAADAQABAAABAQCdeH5VSiNYg05VecEqTvVXm9c2VYHu6BrtyMLSmG\nC3Tkon781xqat7JpxrnvqTS4S1QM8ZiStQGvEm4C7mCpiBhyFeoqm8yO/LCaprUdEvwIFU\nc2/7USrQEMohc45WQyumnsvjY068OusoVm9UGbog79JMVSvctM2//YYWC+rj5qYqFVLD90\nKTz0prU2guPLMPy1B4S0BYl+RuGAccrHB44xXvRD+/pjMe/8yWkUeg3f5OqUZpW5veD3uL\nNcd4yP7WElzo0ggZJLBhAIX26kIACI0Hfi3OKqxzpnDFe8PtDLg3vfkrgUVWGDMs/fkutE\nfdzmCOCxx7/8HzwQehZl99\n---- END SSH2 PUBLIC KEY ----\n";
const RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnXh+VUojWINOVXnBKk71\nV5vXNlWB7uga7cjC0phgt05KJ+/Ncamreyaca576k0uEtUDPGYkrUBrxJuAu5gqY\ngYchXqKpvMjvywmqa1HRL8CBVHNv+1Eq0BDKIXOOVkMrpp7L42NOvDrrKFZvVBm6\nIO/STFUr3LTNv/2GFgvq4+amKhVSw/dCk89Ka1NoLjyzD8tQeEtAWJfkbhgHHKxw\neOMV70Q/v6YzHv/MlpFHoN3+TqlGaVub3g97izXHeMj+1hJc6NIIGSSwYQCF9upC\nAAiNB34tziqsc6ZwxXvD7Qy4N735K4FFVhgzLP35LrRH3c5gjgsce//B88EHoWZf\nfQIDAQAB\n-----END PUBLIC KEY-----\n";
const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILHjsyuRH59w3OPu7mjzkSLC0RoGTrZe1VHBZs+3qg3a";
const ED25519_SHA256: &str = "j+Zo2DRU7wgK571AIk+y69YX3Ng/j8HO7uD5iGal8fA=";

fn create(name: &str, key_type: &str) -> CreateKeyPairRequest {
    CreateKeyPairRequest {
        key_name: Some(name.to_owned()),
        key_type: Some(key_type.to_owned().into()),
        ..Default::default()
    }
}

fn import(name: &str, material: &str) -> ImportKeyPairRequest {
    ImportKeyPairRequest {
        key_name: Some(name.to_owned()),
        public_key_material: Some(material.as_bytes().to_vec()),
        ..Default::default()
    }
}

async fn list(world: &World, input: DescribeKeyPairsRequest) -> Vec<KeyPairInfo> {
    describe::describe_key_pairs(world.call(), input).await.unwrap().key_pairs.unwrap()
}

#[test]
fn imported_keys_have_the_fingerprints_of_other_tools() {
    for material in [RSA, &format!("{RSA} me@there\n"), RSA_RFC4716, RSA_PEM] {
        let key = public_key::parse(material.as_bytes(), "k").unwrap();
        assert_eq!((key.key_type, key.fingerprint.as_str()), ("rsa", RSA_MD5));
        assert_eq!(key.line, format!("{RSA} k"));
    }
    let key = public_key::parse(ED25519.as_bytes(), "k").unwrap();
    assert_eq!((key.key_type, key.fingerprint.as_str()), ("ed25519", ED25519_SHA256));
    assert_eq!(key.line, format!("{ED25519} k"));
}

#[test]
fn what_is_no_public_key_is_refused() {
    let blob = RSA.split(' ').nth(1).unwrap();
    for bad in [
        "",
        "ssh-rsa",
        "ssh-rsa !!!",
        "ssh-dss AAAAB3NzaC1kc3M=",
        &blob[..100],
        &format!("ssh-rsa {}", &blob[..96]),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        "---- BEGIN SSH2 PUBLIC KEY ----",
        // Lengths that promise more than there is.
        "ssh-rsa /////w==",
    ] {
        let fault = public_key::parse(bad.as_bytes(), "k").unwrap_err();
        assert_eq!(fault.code, "InvalidKey.Format", "{bad}");
    }
    assert_eq!(public_key::parse(&[0xff, 0xfe], "k").unwrap_err().code, "InvalidKey.Format");
}

#[test]
fn a_private_ed25519_key_reads_back() {
    let made = generate::ed25519("mine");
    let inner: String = made.private_pem.lines().filter(|l| !l.starts_with("-----")).collect();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, inner).unwrap();
    let mut fields = openssh::Fields(bytes.strip_prefix(b"openssh-key-v1\0").unwrap());
    let head: Vec<&[u8]> = (0..3).map(|_| fields.next().unwrap()).collect();
    assert_eq!(head, [&b"none"[..], b"none", b""]);
    let mut fields = openssh::Fields(&fields.0[4..]);
    let public = fields.next().unwrap();
    let secret = fields.next().unwrap();
    assert!(secret.len().is_multiple_of(8) && secret[..4] == secret[4..8]);
    let mut fields = openssh::Fields(&secret[8..]);
    let parts: Vec<&[u8]> = (0..4).map(|_| fields.next().unwrap()).collect();
    assert_eq!((parts[0], parts[3]), (&b"ssh-ed25519"[..], &b"mine"[..]));
    let seed: [u8; 32] = parts[2][..32].try_into().unwrap();
    let derived = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    assert_eq!((&derived[..], openssh::ed25519_blob(&derived)), (parts[1], public.to_vec()));
    assert!(made.private_pem.lines().all(|line| line.len() <= 70));
}

#[tokio::test]
async fn a_made_rsa_pair_belongs_together() {
    use rsa::pkcs1::DecodeRsaPrivateKey as _;
    use rsa::traits::PublicKeyParts as _;
    let world = World::new();
    let made = create::create_key_pair(world.call(), create("mine", "rsa")).await.unwrap();
    let pem = made.key_material.unwrap();
    assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    let key = rsa::RsaPrivateKey::from_pkcs1_pem(&pem).unwrap();
    assert_eq!(key.n().bits(), 2048);
    assert_eq!(made.key_fingerprint.unwrap().len(), 20 * 3 - 1);
    let shown =
        list(&world, DescribeKeyPairsRequest { include_public_key: Some(true), ..Default::default() }).await;
    let line = shown[0].public_key.clone().unwrap();
    let again = public_key::parse(line.as_bytes(), "mine").unwrap();
    assert_eq!(again.line, line);
    let blob = openssh::rsa_blob(&key.e().to_bytes_be(), &key.n().to_bytes_be());
    assert_eq!(line, openssh::line("ssh-rsa", &blob, "mine"));
}

#[tokio::test]
async fn bad_requests_have_their_codes() {
    let world = World::new();
    create::create_key_pair(world.call(), create("taken", "ed25519")).await.unwrap();
    for (input, code) in [
        (create("taken", "ed25519"), "InvalidKeyPair.Duplicate"),
        (create("", "rsa"), "MissingParameter"),
        (create(&"x".repeat(256), "rsa"), "InvalidParameterValue"),
        (create("schlüssel", "rsa"), "InvalidParameterValue"),
        (create("new", "dsa"), "InvalidParameterValue"),
        (
            CreateKeyPairRequest { key_format: Some("ppk".into()), ..create("new", "rsa") },
            "UnsupportedOperation",
        ),
    ] {
        let fault = create::create_key_pair(world.call(), input.clone()).await.unwrap_err();
        assert_eq!(fault.code, code, "{input:?}");
    }
    for (input, code) in [
        (import("taken", RSA), "InvalidKeyPair.Duplicate"),
        (import("new", "junk"), "InvalidKey.Format"),
        (import("new", ""), "MissingParameter"),
    ] {
        let fault = import::import_key_pair(world.call(), input.clone()).await.unwrap_err();
        assert_eq!(fault.code, code, "{input:?}");
    }
    assert_eq!(list(&world, Default::default()).await.len(), 1, "nothing was made");
}

#[tokio::test]
async fn describe_finds_by_name_id_filter_and_tag_in_its_own_region() {
    let world = World::new();
    let tagged = CreateKeyPairRequest {
        tag_specifications: Some(vec![TagSpecification {
            resource_type: Some("key-pair".into()),
            tags: Some(vec![Tag { key: Some("team".into()), value: Some("red".into()) }]),
        }]),
        ..create("one", "ed25519")
    };
    create::create_key_pair(world.call(), tagged).await.unwrap();
    let two = import::import_key_pair(world.call(), import("two", RSA)).await.unwrap();
    let filter = |name: &str, value: &str| DescribeKeyPairsRequest {
        filters: Some(vec![Filter { name: Some(name.into()), values: Some(vec![value.into()]) }]),
        ..Default::default()
    };
    for (input, expected) in [
        (Default::default(), vec!["one", "two"]),
        (DescribeKeyPairsRequest { key_names: Some(vec!["two".into()]), ..Default::default() }, vec!["two"]),
        (
            DescribeKeyPairsRequest {
                key_pair_ids: Some(vec![two.key_pair_id.unwrap()]),
                ..Default::default()
            },
            vec!["two"],
        ),
        (filter("fingerprint", RSA_MD5), vec!["two"]),
        (filter("key-name", "t*"), vec!["two"]),
        (filter("tag:team", "red"), vec!["one"]),
        (filter("tag-key", "none"), vec![]),
    ] {
        let names: Vec<String> =
            list(&world, input).await.into_iter().filter_map(|key| key.key_name).collect();
        assert_eq!(names, expected);
    }
    let elsewhere = describe::describe_key_pairs(
        world.call_from(crate::test_world::ACCOUNT, "eu-west-1"),
        DescribeKeyPairsRequest { key_names: Some(vec!["two".into()]), ..Default::default() },
    )
    .await;
    let fault = elsewhere.unwrap_err();
    assert_eq!(
        (&*fault.code, &*fault.message),
        ("InvalidKeyPair.NotFound", "The key pair 'two' does not exist")
    );
}

#[tokio::test]
async fn deleting_twice_is_no_error_but_an_unknown_id_is() {
    let world = World::new();
    let made = create::create_key_pair(world.call(), create("one", "ed25519")).await.unwrap();
    let by_name = || DeleteKeyPairRequest { key_name: Some("one".into()), ..Default::default() };
    let by_id = DeleteKeyPairRequest { key_pair_id: made.key_pair_id.clone(), ..Default::default() };
    let deleted = delete::delete_key_pair(world.call(), by_name()).await.unwrap();
    assert_eq!(deleted.key_pair_id, made.key_pair_id);
    let again = delete::delete_key_pair(world.call(), by_name()).await.unwrap();
    assert_eq!((again.return_, again.key_pair_id), (Some(true), None));
    let fault = delete::delete_key_pair(world.call(), by_id).await.unwrap_err();
    assert_eq!(fault.code, "InvalidKeyPair.NotFound");
    let fault = delete::delete_key_pair(world.call(), Default::default()).await.unwrap_err();
    assert_eq!(fault.code, "MissingParameter");
}
