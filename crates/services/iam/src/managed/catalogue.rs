//! Policies that AWS manages, as far as their documents are known for sure. Others are not there (`NoSuchEntity`).
//!
//! Source: AWS Managed Policy Reference Guide, state of the version named. Only the default version is kept.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One of AWS's policies.
pub(crate) struct AwsPolicy {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) description: &'static str,
    /// Default version.
    pub(crate) version: &'static str,
    /// When the default version was made.
    made: &'static str,
    pub(crate) document: &'static str,
}

fn millis(text: &str) -> Option<records::Millis> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

impl AwsPolicy {
    /// `arn:aws:iam::aws:policy/…`.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}", self.path_and_name())
    }

    /// The end of the ARN.
    pub(crate) fn path_and_name(&self) -> String {
        format!("{}{}", self.path, self.name)
    }

    /// A stable id in AWS's form. The real ids are opaque, and so are these.
    pub(crate) fn id(&self) -> String {
        let digits = Sha256::digest(self.arn());
        let letters = digits.iter().take(17);
        let letters = letters.filter_map(|b| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".get(usize::from(b % 32)));
        "ANPA".chars().chain(letters.map(|b| char::from(*b))).collect()
    }

    /// When the policy was made: known where there was only one version yet.
    pub(crate) fn created(&self) -> Option<records::Millis> {
        (self.version == "v1").then(|| millis(self.made)).flatten()
    }

    /// When the default version was made.
    pub(crate) fn updated(&self) -> Option<records::Millis> {
        millis(self.made)
    }
}

/// Sorted by name.
pub(crate) const CATALOGUE: &[AwsPolicy] = &[
    AwsPolicy {
        name: "AWSLambdaBasicExecutionRole",
        path: "/service-role/",
        description: "Provides write permissions to CloudWatch Logs.",
        version: "v1",
        made: "2015-04-09T15:03:43Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "AdministratorAccess",
        path: "/",
        description: "Provides full access to AWS services and resources.",
        version: "v1",
        made: "2015-02-06T18:39:46Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "AmazonEC2FullAccess",
        path: "/",
        description: "Provides full access to Amazon EC2 via the AWS Management Console.",
        version: "v5",
        made: "2018-11-27T02:16:56Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Action":"ec2:*","Effect":"Allow","Resource":"*"},{"Effect":"Allow","Action":"elasticloadbalancing:*","Resource":"*"},{"Effect":"Allow","Action":"cloudwatch:*","Resource":"*"},{"Effect":"Allow","Action":"autoscaling:*","Resource":"*"},{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":["autoscaling.amazonaws.com","ec2scheduled.amazonaws.com","elasticloadbalancing.amazonaws.com","spot.amazonaws.com","spotfleet.amazonaws.com","transitgateway.amazonaws.com"]}}}]}"#,
    },
    AwsPolicy {
        name: "AmazonEC2ReadOnlyAccess",
        path: "/",
        description: "Provides read only access to Amazon EC2 via the AWS Management Console.",
        version: "v2",
        made: "2024-02-14T15:17:04Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Sid":"EC2","Effect":"Allow","Action":["ec2:Describe*","ec2:Get*"],"Resource":"*"},{"Sid":"ELB","Effect":"Allow","Action":"elasticloadbalancing:Describe*","Resource":"*"},{"Sid":"Cloudwatch","Effect":"Allow","Action":["cloudwatch:ListMetrics","cloudwatch:GetMetricStatistics","cloudwatch:Describe*"],"Resource":"*"},{"Sid":"Autoscaling","Effect":"Allow","Action":"autoscaling:Describe*","Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "AmazonS3FullAccess",
        path: "/",
        description: "Provides full access to all buckets via the AWS Management Console.",
        version: "v2",
        made: "2021-09-27T20:16:37Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "AmazonS3ReadOnlyAccess",
        path: "/",
        description: "Provides read only access to all buckets via the AWS Management Console.",
        version: "v3",
        made: "2023-08-10T21:31:39Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "AmazonSSMManagedInstanceCore",
        path: "/",
        description: "The policy for Amazon EC2 Role to enable AWS Systems Manager service core functionality.",
        version: "v2",
        made: "2019-05-23T16:54:21Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:DescribeAssociation","ssm:GetDeployablePatchSnapshotForInstance","ssm:GetDocument","ssm:DescribeDocument","ssm:GetManifest","ssm:GetParameter","ssm:GetParameters","ssm:ListAssociations","ssm:ListInstanceAssociations","ssm:PutInventory","ssm:PutComplianceItems","ssm:PutConfigurePackageResult","ssm:UpdateAssociationStatus","ssm:UpdateInstanceAssociationStatus","ssm:UpdateInstanceInformation"],"Resource":"*"},{"Effect":"Allow","Action":["ssmmessages:CreateControlChannel","ssmmessages:CreateDataChannel","ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"],"Resource":"*"},{"Effect":"Allow","Action":["ec2messages:AcknowledgeMessage","ec2messages:DeleteMessage","ec2messages:FailMessage","ec2messages:GetEndpoint","ec2messages:GetMessages","ec2messages:SendReply"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "AmazonSSMReadOnlyAccess",
        path: "/",
        description: "Provides read only access to Amazon SSM.",
        version: "v1",
        made: "2015-05-29T17:44:19Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:Describe*","ssm:Get*","ssm:List*"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "IAMReadOnlyAccess",
        path: "/",
        description: "Provides read only access to IAM via the AWS Management Console.",
        version: "v4",
        made: "2018-01-25T19:11:27Z",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}"#,
    },
];
