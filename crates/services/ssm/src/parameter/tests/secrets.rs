//! SecureStrings.

use super::*;

#[tokio::test]
async fn secure_strings_never_lie_in_the_store_in_plain() {
    let cloud = Cloud::new();
    let secret = "correct horse battery staple";
    let input = PutParameterRequest { type_: Some("SecureString".into()), ..request("/db/password", secret) };
    put(cloud.call(), input).await.unwrap();
    put(cloud.call(), overwrite("/db/password", &format!("{secret} 2"))).await.unwrap();
    for stored in cloud.store().backend().range(state_store::RangeRequest::prefix("/")).items {
        let bytes = String::from_utf8_lossy(stored.value.bytes()).into_owned();
        assert!(!bytes.contains("horse"), "{bytes}");
    }
    assert_eq!(value_of(&cloud, "/db/password").await.unwrap(), format!("{secret} 2"));
    assert_eq!(value_of(&cloud, "/db/password:1").await.unwrap(), secret);
    let input = GetParameterRequest { name: Some("/db/password".into()), with_decryption: None };
    let shown = get(cloud.call(), input).await.unwrap().parameter.unwrap();
    assert!(!shown.value.unwrap().contains("horse"));
    assert_eq!(shown.type_.unwrap().as_str(), "SecureString");
}

#[tokio::test]
async fn a_sealed_value_moved_to_another_parameter_cannot_be_opened() {
    let cloud = Cloud::new();
    for (name, value) in [("a", "first"), ("b", "second")] {
        let input = PutParameterRequest { type_: Some("SecureString".into()), ..request(name, value) };
        put(cloud.call(), input).await.unwrap();
    }
    let stolen = cloud.store().get::<Record>(&cloud.scope(), "a").unwrap().current.value.clone();
    let run = |tx: &mut state_store::typed::Tx<'_>| {
        let mut b = (*tx.get::<Record>(&cloud.scope(), "b").unwrap()).clone();
        b.current.value = stolen.clone();
        tx.put(&cloud.scope(), b);
        Ok(())
    };
    cloud.service.platform.transact(run).await.unwrap();
    assert_eq!(code(value_of(&cloud, "b").await), "InternalFailure");
}
