//! Tiers, quotas and policies.

use super::*;

#[tokio::test]
async fn tiers_are_assigned_and_never_go_down() {
    let cloud = Cloud::new();
    let of = |name: &str, tier: Option<&'static str>, length: usize| PutParameterRequest {
        tier: tier.map(Into::into),
        overwrite: Some(true),
        ..request(name, &"x".repeat(length))
    };
    for (name, tier, length, expected) in [
        ("plain", None, 4096, Ok("Standard")),
        ("advanced", Some("Advanced"), 8192, Ok("Advanced")),
        ("advanced", Some("Advanced"), 8193, Err("ValidationException")),
        ("advanced", Some("Standard"), 10, Err("ValidationException")),
        ("advanced", None, 10, Ok("Advanced")),
        ("clever", Some("Intelligent-Tiering"), 10, Ok("Standard")),
        ("clever", Some("Intelligent-Tiering"), 5000, Ok("Advanced")),
        ("clever", Some("Intelligent-Tiering"), 10, Ok("Advanced")),
    ] {
        let result = put(cloud.call(), of(name, tier, length)).await;
        let shown = result
            .as_ref()
            .map(|r| r.tier.clone().unwrap().as_str().to_owned())
            .map_err(|f| f.code.to_string());
        assert_eq!(shown, expected.map(str::to_owned).map_err(str::to_owned), "{name} {tier:?} {length}");
    }
    let count = cloud.store().get::<ParameterCount>(&cloud.scope(), "parameters").unwrap();
    assert_eq!((count.standard, count.advanced), (1, 2));
    for name in ["plain", "advanced", "clever"] {
        delete(cloud.call(), DeleteParameterRequest { name: Some(name.into()) }).await.unwrap();
    }
    let count = cloud.store().get::<ParameterCount>(&cloud.scope(), "parameters").unwrap();
    assert_eq!((count.standard, count.advanced), (0, 0));
}

#[tokio::test]
async fn the_default_tier_is_a_setting() {
    let cloud = Cloud::new();
    let id = Some("/ssm/parameter-store/default-parameter-tier".to_owned());
    let update =
        UpdateServiceSettingRequest { setting_id: id.clone(), setting_value: Some("Advanced".into()) };
    crate::setting::update(cloud.call(), update).await.unwrap();
    assert_eq!(put(cloud.call(), request("p", "v")).await.unwrap().tier.unwrap().as_str(), "Advanced");
    let reset =
        crate::setting::reset(cloud.call(), ResetServiceSettingRequest { setting_id: id.clone() }).await;
    assert_eq!(reset.unwrap().service_setting.unwrap().setting_value.as_deref(), Some("Standard"));
    assert_eq!(put(cloud.call(), request("q", "v")).await.unwrap().tier.unwrap().as_str(), "Standard");
    let bad = UpdateServiceSettingRequest { setting_id: id, setting_value: Some("Free".into()) };
    assert_eq!(code(crate::setting::update(cloud.call(), bad).await), "ValidationException");
    let unknown = GetServiceSettingRequest { setting_id: Some("/ssm/other".into()) };
    assert_eq!(code(crate::setting::get(cloud.call(), unknown).await), "ServiceSettingNotFound");
}

#[tokio::test]
async fn the_quota_counts_and_refuses() {
    let cloud = Cloud::new();
    let full = ParameterCount { id: "parameters".into(), standard: 10_000, advanced: 0 };
    cloud
        .service
        .platform
        .transact(|tx| {
            tx.put(&cloud.scope(), full.clone());
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(code(put(cloud.call(), request("p", "v")).await), "ParameterLimitExceeded");
    let clever = PutParameterRequest { tier: Some("Intelligent-Tiering".into()), ..request("p", "v") };
    assert_eq!(put(cloud.call(), clever).await.unwrap().tier.unwrap().as_str(), "Advanced");
}

fn with_policies(name: &str, policies: &str) -> PutParameterRequest {
    PutParameterRequest {
        policies: Some(policies.into()),
        tier: Some("Advanced".into()),
        ..request(name, "v")
    }
}

#[tokio::test]
async fn an_expired_parameter_is_gone_at_once_and_swept_later() {
    let cloud = Cloud::new();
    // NOW is 2026-09-21T14:13:20Z.
    let soon = r#"[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2026-09-21T14:14:00.000Z"}},
        {"Type":"ExpirationNotification","Version":"1.0","Attributes":{"Before":"15","Unit":"Days"}},
        {"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Hours"}}]"#;
    put(cloud.call(), with_policies("p", soon)).await.unwrap();
    put(cloud.call(), overwrite("p", "w")).await.unwrap();
    let described =
        describe(cloud.call(), DescribeParametersRequest::default()).await.unwrap().parameters.unwrap();
    let kinds: Vec<_> =
        described[0].policies.clone().unwrap().into_iter().map(|p| p.policy_type.unwrap()).collect();
    assert_eq!(kinds, ["Expiration", "ExpirationNotification", "NoChangeNotification"]);
    cloud.clock.advance(40_001);
    assert_eq!(code(value_of(&cloud, "p").await), "ParameterNotFound");
    assert!(
        describe(cloud.call(), DescribeParametersRequest::default())
            .await
            .unwrap()
            .parameters
            .unwrap()
            .is_empty()
    );
    // The name is free again, and the versions of the old one do not come back.
    assert_eq!(put(cloud.call(), request("p", "new")).await.unwrap().version, Some(1));
    assert_eq!(code(value_of(&cloud, "p:2").await), "ParameterVersionNotFound");
    let later = soon.replace("14:14:00", "14:20:00");
    put(cloud.call(), with_policies("q", &later)).await.unwrap();
    cloud.clock.advance(600_000);
    purge_expired(&cloud.service).await;
    assert!(cloud.store().get::<Record>(&cloud.scope(), "q").is_none());
    assert!(cloud.store().get::<Record>(&cloud.scope(), "p").is_some());
    assert!(cloud.store().list::<ParameterVersion>(&cloud.scope()).is_empty());
}

#[tokio::test]
async fn policies_are_checked() {
    let cloud = Cloud::new();
    let expiration =
        r#"{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-01-01T00:00:00Z"}}"#;
    let eleven = format!("[{}]", [r#"{"Type":"NoChangeNotification"}"#; 11].join(","));
    for (policies, expected) in [
        (format!("[{expiration},{expiration}]"), "IncompatiblePolicyException"),
        (eleven, "PoliciesLimitExceededException"),
        (r#"[{"Type":"Other","Version":"1.0"}]"#.into(), "InvalidPolicyTypeException"),
        ("[1]".into(), "InvalidPolicyTypeException"),
        ("7".into(), "InvalidPolicyAttributeException"),
        (expiration.replace("2030", "2020"), "InvalidPolicyAttributeException"),
        (expiration.replace("Timestamp", "When"), "InvalidPolicyAttributeException"),
        (expiration.replace("1.0", "2.0"), "InvalidPolicyAttributeException"),
    ] {
        assert_eq!(code(put(cloud.call(), with_policies("p", &policies)).await), expected, "{policies}");
    }
    let standard = PutParameterRequest { tier: Some("Standard".into()), ..with_policies("p", expiration) };
    assert_eq!(code(put(cloud.call(), standard).await), "ValidationException");
    put(cloud.call(), with_policies("p", expiration)).await.unwrap();
    put(cloud.call(), PutParameterRequest { overwrite: Some(true), ..with_policies("p", "[{}]") })
        .await
        .unwrap();
    assert_eq!(cloud.store().get::<Record>(&cloud.scope(), "p").unwrap().expires, None);
}
