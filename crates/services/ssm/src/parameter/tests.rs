//! Tests of Parameter Store.

mod lists;
mod names_and_values;
mod secrets;
mod tiers_and_policies;
mod versions;

use super::*;
use crate::testing::{Cloud, NOW, code};
use api_ssm::*;
use proptest::prelude::*;
use records::ssm::{Parameter as Record, ParameterCount, ParameterVersion};

fn request(name: &str, value: &str) -> PutParameterRequest {
    PutParameterRequest {
        name: Some(name.into()),
        value: Some(value.into()),
        type_: Some("String".into()),
        ..Default::default()
    }
}

fn overwrite(name: &str, value: &str) -> PutParameterRequest {
    PutParameterRequest { overwrite: Some(true), type_: None, ..request(name, value) }
}

async fn value_of(cloud: &Cloud, name: &str) -> Result<String, aws_schema::Fault> {
    let input = GetParameterRequest { name: Some(name.into()), with_decryption: Some(true) };
    get(cloud.call(), input).await.map(|r| r.parameter.unwrap().value.unwrap())
}

async fn below(
    cloud: &Cloud,
    path: &str,
    recursive: bool,
    size: i32,
) -> Result<Vec<String>, aws_schema::Fault> {
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let input = GetParametersByPathRequest {
            path: Some(path.into()),
            recursive: Some(recursive),
            max_results: Some(size),
            next_token: token,
            ..Default::default()
        };
        let page = get_by_path(cloud.call(), input).await?;
        let parameters = page.parameters.unwrap();
        assert!(parameters.len() <= usize::try_from(size).unwrap());
        seen.extend(parameters.into_iter().map(|p| p.name.unwrap()));
        token = page.next_token;
        if token.is_none() {
            return Ok(seen);
        }
    }
}
