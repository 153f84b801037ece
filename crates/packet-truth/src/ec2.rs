//! The EC2 API as a network is built with it: the query protocol, signed requests over one kept connection.

use anyhow::{Context as _, bail};
use aws_client::{Client, Connection, Credentials};
use aws_wire::RequestOut;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::net::SocketAddr;

/// A client of a cloud's EC2.
pub struct Ec2 {
    client: Client,
    connection: Connection,
    /// Calls made so far.
    pub calls: u64,
}

/// The refusal of a call, with the service's code.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {parameters}: HTTP {status}: {answer}")]
pub struct Refused {
    operation: String,
    parameters: String,
    status: u16,
    answer: String,
}

/// An answer: XML, of which the first element of a name is read.
#[derive(Debug)]
pub struct Answer(pub String);

impl Answer {
    /// The text of the first element of this name.
    pub fn first(&self, name: &str) -> anyhow::Result<String> {
        self.all(name).into_iter().next().with_context(|| format!("no {name} in {}", self.0))
    }

    /// The texts of all elements of this name; those with elements inside are left as they are.
    pub fn all(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let mut found = Vec::new();
        let mut rest = self.0.as_str();
        while let Some((_, behind)) = rest.split_once(&open) {
            let Some((text, after)) = behind.split_once(&close) else { break };
            found.push(text.to_owned());
            rest = after;
        }
        found
    }
}

impl Ec2 {
    /// A client of this endpoint.
    pub fn new(endpoint: SocketAddr) -> Self {
        let credentials = Credentials {
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
            region: "us-east-1".to_owned(),
        };
        Self { client: Client::new(endpoint, credentials), connection: Connection::new(endpoint), calls: 0 }
    }

    /// Calls an operation with parameters by their wire names.
    pub fn call(&mut self, operation: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Answer> {
        crate::interrupt::check()?;
        let mut body = format!("Action={operation}&Version={}", api_ec2::SERVICE.api_version);
        for (name, value) in parameters {
            body.push('&');
            body.push_str(name);
            body.push('=');
            body.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        let kind = ("content-type".into(), "application/x-www-form-urlencoded".to_owned());
        let request = RequestOut {
            method: "POST",
            path: "/".to_owned(),
            query: String::new(),
            headers: vec![kind],
            body: body.into_bytes(),
        };
        let head = self.client.signed(&api_ec2::SERVICE, &request);
        self.calls += 1;
        let answer = self.connection.exchange(&head, &request.body)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status != 200 {
            let parameters = format!("{parameters:?}");
            bail!(Refused {
                operation: operation.to_owned(),
                parameters,
                status: answer.status,
                answer: text
            });
        }
        Ok(Answer(text))
    }

    /// Calls an operation of the cloud's own service with a JSON document; the answer's document.
    pub fn extension(&mut self, operation: &str, input: &Value) -> anyhow::Result<Value> {
        let target = format!("{}.{operation}", api_allod::SERVICE.target_prefix.unwrap_or_default());
        let kind = ("content-type".into(), "application/x-amz-json-1.1".to_owned());
        let request = RequestOut {
            method: "POST",
            path: "/".to_owned(),
            query: String::new(),
            headers: vec![kind, ("x-amz-target".into(), target)],
            body: input.to_string().into_bytes(),
        };
        let head = self.client.signed(&api_allod::SERVICE, &request);
        self.calls += 1;
        let answer = self.connection.exchange(&head, &request.body)?;
        if answer.status != 200 {
            bail!(Refused {
                operation: operation.to_owned(),
                parameters: input.to_string(),
                status: answer.status,
                answer: String::from_utf8_lossy(&answer.body).into_owned()
            });
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// A request for one of the cloud's own paths; the body of its answer.
    pub fn own(&mut self, endpoint: SocketAddr, method: &str, path: &str) -> anyhow::Result<Vec<u8>> {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {endpoint}\r\ncontent-length: 0\r\n\r\n");
        let answer = self.connection.exchange(&head, b"")?;
        if answer.status != 200 {
            bail!("{path} answers {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(answer.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_name() {
        let answer = Answer("<r><vpcId>vpc-1</vpcId><set><vpcId>vpc-2</vpcId></set></r>".to_owned());
        assert_eq!(answer.first("vpcId").unwrap(), "vpc-1");
        assert_eq!(answer.all("vpcId"), ["vpc-1", "vpc-2"]);
        assert!(answer.first("subnetId").is_err());
    }
}
