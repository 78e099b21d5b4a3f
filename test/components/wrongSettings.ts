import { stackFile } from "./record.ts";

export type Raw = Record<string, unknown>;

function settingsOf(stack: string): Raw {
  const { "aws:region": _, ...settings } = stackFile(stack);
  return settings;
}

export const CENTRAL = settingsOf("central");
export const CONSUMER = settingsOf("datascience");
export const VISION = { account: "222222222222", personas: ["reader"], workspaces: ["vision"] };
const WORKFLOW = { repository: "acme/vision", ref: "refs/heads/main", persona: "reader" };

const DOMAIN = {
  name: "mlflow-api.acme.example",
  certificateArn: "arn:aws:acm:eu-west-1:111111111111:certificate/8f2c1a",
};

/** One setting changed in a good stack, and what has to be said of it. */
export const WRONG: readonly (readonly [what: string, base: Raw, change: Raw, error: RegExp])[] = [
  ["a misspelt key", CENTRAL, { gatway: {} }, /^gatway: is no setting; did you mean `gateway`\?$/],
  [
    "a misspelt key inside",
    CENTRAL,
    { server: { worker: 2 } },
    /^server\.worker: is no setting; did you mean `workers`\?$/,
  ],
  [
    "a key that is like none",
    CENTRAL,
    { database: { xyzzyplugh: 1 } },
    /^database\.xyzzyplugh: is no setting; known here: minAcu/,
  ],
  ["a key of the other kind", CENTRAL, { people: {} }, /^people: belongs to a stack of kind consumer$/],
  ["a key of central in a consumer", CONSUMER, { gateway: {} }, /^gateway: belongs to a stack of kind central$/],
  [
    "a private code door without a VPC endpoint",
    CENTRAL,
    { gateway: { code: { endpoint: "private" } } },
    /^gateway\.code\.vpcEndpointIds: goes with gateway\.code\.endpoint `private`; give both or neither$/,
  ],
  [
    "VPC endpoints of a door that isn't private",
    CENTRAL,
    { gateway: { code: { vpcEndpointIds: ["vpce-0a1b2c3d"] } } },
    /^gateway\.code\.vpcEndpointIds: goes with/,
  ],
  [
    "a private code door with a name",
    CENTRAL,
    { gateway: { code: { endpoint: "private", vpcEndpointIds: ["vpce-0a1b2c3d"], domain: DOMAIN } } },
    /^gateway\.code\.domain: a private door keeps API Gateway's address/,
  ],
  [
    "one name for both doors",
    CENTRAL,
    { gateway: { code: { domain: DOMAIN }, browser: { domain: DOMAIN } } },
    /^gateway\.browser\.domain: `mlflow-api\.acme\.example` is already the name of the code door$/,
  ],
  [
    "a workflow of every branch",
    CENTRAL,
    { consumers: { vision: { ...VISION, github: { train: { ...WORKFLOW, ref: "refs/heads/*" } } } } },
    /^consumers\.vision\.github\.train\.ref: `refs\/heads\/\*` is not allowed; allowed: such as/,
  ],
  [
    "a workflow without branch or environment",
    CENTRAL,
    { consumers: { vision: { ...VISION, github: { train: { repository: "acme/vision", persona: "reader" } } } } },
    /^consumers\.vision\.github\.train: give `ref` or `environment`, one of the two$/,
  ],
  [
    "a workflow with a persona that its consumer has not",
    CENTRAL,
    { consumers: { vision: { ...VISION, github: { train: { ...WORKFLOW, persona: "admin" } } } } },
    /^consumers\.vision\.github\.train\.persona: `admin` is not one of consumers\.vision\.personas: reader$/,
  ],
  [
    "a permission set with a persona that its consumer has not",
    CENTRAL,
    { consumers: { vision: { ...VISION, permissionSets: { MlApprover: "approver" } } } },
    /^consumers\.vision\.permissionSets\.MlApprover: `approver` is not one of consumers\.vision\.personas: reader$/,
  ],
  [
    "a job as platform administrator",
    CONSUMER,
    { jobs: { nightly: { persona: "platform-admin", workspace: "vision" } } },
    /^jobs\.nightly\.persona: platform-admin exists only in the central account$/,
  ],
  [
    "a person called like a job",
    CONSUMER,
    {
      jobs: { nightly: { persona: "reader", workspace: "vision" } },
      people: { mallory: { person: "job-nightly.vision", persona: "reader", workspace: "vision" } },
    },
    /^jobs\.nightly: `job-nightly\.vision` is a person already; rename the job$/,
  ],
  [
    "an account of 11 digits",
    CENTRAL,
    { account: "12345678901" },
    /^account: `12345678901` is not allowed; allowed: 12 digits/,
  ],
  [
    "an account without quotes",
    CENTRAL,
    { consumers: { vision: { ...VISION, account: 222222222222 } } },
    /^consumers\.vision\.account: .* 12 digits in quotes$/,
  ],
  ["no account", CENTRAL, { account: undefined }, /^account: is missing; allowed: 12 digits in quotes$/],
  [
    "text where an object belongs",
    CENTRAL,
    { network: "wide" },
    /^network: is not an object; write it as YAML below the key$/,
  ],
  [
    "a VPC without its subnets",
    CONSUMER,
    { network: { vpcId: "vpc-0a1b2c3d" } },
    /^network\.subnetIds: 0 given; allowed: 2 to 16, private subnets of network\.vpcId in two zones or more$/,
  ],
  [
    "a subnet twice",
    CONSUMER,
    { network: { vpcId: "vpc-0a1b2c3d", subnetIds: ["subnet-0a1b2c3d", "subnet-0a1b2c3d"] } },
    /^network\.subnetIds: `subnet-0a1b2c3d` is there twice$/,
  ],
  [
    "subnets without their VPC",
    CONSUMER,
    { network: { subnetIds: ["subnet-0a1b2c3d", "subnet-1a2b3c4d"] } },
    /^network\.subnetIds: goes with network\.vpcId; give both or neither$/,
  ],
  [
    "endpoints for a VPC that isn't named",
    CONSUMER,
    { network: { endpoints: "create" } },
    /^network\.endpoints: `create` goes with network\.vpcId/,
  ],
  [
    "a range for a VPC that is there already",
    CONSUMER,
    { network: { vpcId: "vpc-0a1b2c3d", subnetIds: ["subnet-0a1b2c3d", "subnet-1a2b3c4d"], cidr: "10.9.0.0/16" } },
    /^network\.cidr: is the owner's business in a VPC that is there already; leave it out$/,
  ],
  ["a public range", CENTRAL, { network: { cidr: "52.0.0.0/16" } }, /^network\.cidr: .*private IPv4 range/],
  ["a range with host bits", CENTRAL, { network: { cidr: "10.40.1.0/16" } }, /^network\.cidr: /],
  ["one zone", CENTRAL, { network: { zones: 1 } }, /^network\.zones: `1` is not allowed; allowed: 2 to 3$/],
  [
    "a word that is no choice",
    CENTRAL,
    { network: { nat: "two" } },
    /^network\.nat: `two` .* `none`, `single`, `perZone`$/,
  ],
  ["an image by tag", CENTRAL, { server: { image: "mlflow:latest" } }, /^server\.image: /],
  [
    "memory that Fargate does not have",
    CENTRAL,
    { server: { cpu: 512, memory: 8192 } },
    /^server\.memory: `8192` does not go with 512 CPU units; allowed: 1024 to 4096/,
  ],
  [
    "more workers than memory",
    CENTRAL,
    { server: { cpu: 512, memory: 1024, workers: 8 } },
    /^server\.workers: 8 workers need 2304 MiB/,
  ],
  [
    "fewer tasks at most than at least",
    CENTRAL,
    { server: { tasks: { min: 4, max: 2 } } },
    /^server\.tasks\.min: `4` is more than server\.tasks\.max, 2$/,
  ],
  [
    "less capacity at most than at least",
    CENTRAL,
    { database: { minAcu: 8, maxAcu: 4 } },
    /^database\.minAcu: `8` is more than/,
  ],
  [
    "a stage that begins a path of MLflow",
    CENTRAL,
    { gateway: { stage: "ajax-api" } },
    /^gateway\.stage: `ajax-api` is how a path of MLflow begins/,
  ],
  ["a stage with a slash", CENTRAL, { gateway: { stage: "a/b" } }, /^gateway\.stage: `a\/b` is not allowed/],
  [
    "a certificate without a name",
    CENTRAL,
    { gateway: { internalCertificateArn: "arn:aws:acm:eu-west-1:111111111111:certificate/x" } },
    /^gateway\.internalName: .* set both or neither$/,
  ],
  [
    "a token kept for longer than five minutes",
    CENTRAL,
    { gateway: { tokenCacheSeconds: 3600 } },
    /^gateway\.tokenCacheSeconds: `3600` .* 0 to 300$/,
  ],
  ["a retention that CloudWatch does not have", CENTRAL, { gateway: { logDays: 100 } }, /^gateway\.logDays: /],
  [
    "a limit of its own beside somebody's web ACL",
    CENTRAL,
    {
      gateway: {
        requestsPerSession: 6000,
        webAclArn: "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/acme/8f2c1a",
      },
    },
    /^gateway\.requestsPerSession: a door has one web ACL/,
  ],
  ["a wildcard in an ARN", CENTRAL, { gateway: { webAclArn: "arn:aws:wafv2:*" } }, /^gateway\.webAclArn: /],
  ["an old TLS policy", CENTRAL, { gateway: { tls: "TLS_1_0" } }, /^gateway\.tls: /],
  ["a URL as domain", CENTRAL, { ui: { domain: "https://mlflow.example" } }, /^ui\.domain: /],
  ["an origin over HTTP", CENTRAL, { ui: { allowedOrigins: ["http://mlflow.example"] } }, /^ui\.allowedOrigins\.0: /],
  [
    "a shipped persona that is widened",
    CENTRAL,
    { personas: { reader: { may: ["run:write"] } } },
    /^personas\.reader\.may: a shipped persona can only be narrowed/,
  ],
  [
    "a persona of one's own with an unknown permission",
    CENTRAL,
    { personas: { labeler: { group: "labelers", may: ["run:fly"] } } },
    /^personas\.labeler\.may: `run:fly` is no permission/,
  ],
  [
    "a persona of one's own that crosses workspaces",
    CENTRAL,
    { personas: { labeler: { group: "labelers", may: ["workspace:admin"] } } },
    /belongs to platform-admin alone$/,
  ],
  [
    "a consumer's unknown persona",
    CENTRAL,
    { consumers: { vision: { ...VISION, personas: ["sientist"] } } },
    /^consumers\.vision\.personas: `sientist` is no persona; did you mean `scientist`\?$/,
  ],
  [
    "platform-admin given away",
    CENTRAL,
    { consumers: { vision: { ...VISION, personas: ["platform-admin"] } } },
    /^consumers\.vision\.personas: platform-admin exists only in the central account/,
  ],
  [
    "a persona listed twice",
    CENTRAL,
    { consumers: { vision: { ...VISION, personas: ["reader", "reader"] } } },
    /`reader` is listed twice$/,
  ],
  [
    "a consumer's unknown workspace",
    CENTRAL,
    { consumers: { vision: { ...VISION, workspaces: ["visoin"] } } },
    /^consumers\.vision\.workspaces: `visoin` is no workspace; did you mean `vision`\?$/,
  ],
  [
    "two consumers of one account",
    CENTRAL,
    { consumers: { vision: VISION, audio: VISION } },
    /^consumers\.audio\.account: `222222222222` is already the account of vision$/,
  ],
  [
    "two consumers whose roles would have one name",
    CENTRAL,
    {
      personas: { "x-one": { group: "g1", may: ["run:read"] }, one: { group: "g2", may: ["run:read"] } },
      consumers: {
        ab: { ...VISION, personas: ["x-one"] },
        "ab-x": { ...VISION, account: "333333333333", personas: ["one"] },
      },
    },
    /^consumers\.ab-x\.personas: `gatehouse-ab-x-one` is already a role of consumers\.ab; rename one of the two$/,
  ],
  [
    "neither organization nor external id",
    CENTRAL,
    { organization: null },
    /^consumers\.vision\.externalId: is needed where organization is null/,
  ],
  [
    "a name of a consumer in capitals",
    CENTRAL,
    { consumers: { Vision: VISION } },
    /^consumers\.Vision: is no name that is allowed here/,
  ],
  [
    "a reserved workspace",
    CENTRAL,
    { workspaces: { vision: {}, shared: {}, api: {} } },
    /^workspaces\.api: is no name that is allowed here/,
  ],
  [
    "no workspace",
    CENTRAL,
    { workspaces: {}, consumers: {} },
    /^workspaces: `\{\}` is not allowed; allowed: at least one name/,
  ],
  [
    "a persona whose name ends in a hyphen",
    CENTRAL,
    { personas: { "a-": { group: "g", may: ["run:read"] } } },
    /^personas\.a-: is no name/,
  ],
  [
    "a person in capitals",
    CONSUMER,
    { people: { ada: { person: "Ada@acme.example", persona: "reader", workspace: "vision" } } },
    /^people\.ada\.person: `Ada@acme\.example` is not allowed/,
  ],
  [
    "a person who is too long",
    CONSUMER,
    { people: { ada: { person: "a".repeat(65), persona: "reader", workspace: "vision" } } },
    /^people\.ada\.person: /,
  ],
  [
    "two profiles of one person and persona",
    CONSUMER,
    {
      people: {
        a: { person: "bo@x", persona: "reader", workspace: "vision" },
        b: { person: "bo@x", persona: "reader", workspace: "shared" },
      },
    },
    /^people\.b: `bo@x` as reader is already the profile a/,
  ],
  [
    "a platform administrator in Studio",
    CONSUMER,
    { people: { a: { person: "bo@x", persona: "platform-admin", workspace: "vision" } } },
    /^people\.a\.persona: platform-admin exists only/,
  ],
  ["no way out for notebooks", CONSUMER, { network: { nat: "none" } }, /^network\.nat: `none` leaves notebooks/],
  ["a stack without organization", CONSUMER, { central: { stack: "central" } }, /^central\.stack: /],
  [
    "a session of more than an hour",
    CONSUMER,
    { access: { sessionMinutes: 120 } },
    /^access\.sessionMinutes: `120` .* 15 to 60$/,
  ],
  ["no instance type", CONSUMER, { studio: { instanceTypes: [] } }, /^studio\.instanceTypes: /],
  ["no consumer", CONSUMER, { consumer: undefined }, /^consumer: is missing/],
];
