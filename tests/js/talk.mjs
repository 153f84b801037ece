// Talks to a cloud through the unmodified JavaScript SDK and prints what it saw as one JSON object.
// The endpoint, the key and the region come from the environment, as a user's would.
import { CreateVpcCommand, DeleteVpcCommand, DescribeVpcsCommand, EC2Client, paginateDescribeVpcs } from "@aws-sdk/client-ec2";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const options = { maxAttempts: 1 };
const [sts, ec2, ssm] = [new STSClient(options), new EC2Client(options), new SSMClient(options)];

/** The name of the error a call ends with; null if it succeeds. */
async function failure(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { name: error.name, status: error.$metadata?.httpStatusCode, requestId: error.$metadata?.requestId };
  }
}

const identity = await sts.send(new GetCallerIdentityCommand({}));

const made = await ec2.send(new CreateVpcCommand({
  CidrBlock: "10.44.0.0/16",
  TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "By", Value: "JavaScript & <XML>" }] }],
}));
const vpcId = made.Vpc.VpcId;
const described = (await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }))).Vpcs[0];
const paged = [];
for await (const page of paginateDescribeVpcs({ client: ec2, pageSize: 5 }, {})) {
  paged.push(...page.Vpcs.map((vpc) => vpc.VpcId));
}
const badRange = await failure(ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/8" })));
const dryRun = await failure(ec2.send(new DeleteVpcCommand({ VpcId: vpcId, DryRun: true })));
await ec2.send(new DeleteVpcCommand({ VpcId: vpcId }));
const gone = await failure(ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] })));

const put = await ssm.send(new PutParameterCommand({ Name: "/js/word", Value: "grüße ✓", Type: "SecureString" }));
const sealed = await ssm.send(new GetParameterCommand({ Name: "/js/word" }));
const opened = await ssm.send(new GetParameterCommand({ Name: "/js/word", WithDecryption: true }));
const absent = await failure(ssm.send(new GetParameterCommand({ Name: "/js/none" })));

console.log(JSON.stringify({
  account: identity.Account,
  arn: identity.Arn,
  requestId: identity.$metadata.requestId,
  vpc: { id: vpcId, cidr: described.CidrBlock, isDefault: described.IsDefault, tags: described.Tags },
  paged, badRange, dryRun, gone,
  parameter: { version: put.Version, sealed: sealed.Parameter.Value, opened: opened.Parameter.Value,
    changed: opened.Parameter.LastModifiedDate instanceof Date },
  absent,
}));
