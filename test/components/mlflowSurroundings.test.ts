import assert from "node:assert/strict";
import { centralSchema } from "../../components/settings/central.ts";
import { COSTS, HOURLY, MONTH, STANDING } from "../../components/settings/costs.ts";
import type { Run } from "./record.ts";
import { centralRun, object, policy } from "./stacks.ts";

const IN_WORDS: Readonly<Record<number, string>> = { 6: "six", 7: "seven", 8: "eight" };

/** `from → to port` of every rule between security groups, and what else may be reached. */
function ways(run: Run, kind: "Ingress" | "Egress"): string[] {
  const group = (id: unknown) =>
    run.all("aws:ec2/securityGroup:SecurityGroup").find((each) => each.state.id === id)?.name;
  const gateways = new Map(
    run
      .all("aws:ec2/vpcEndpoint:VpcEndpoint")
      .map(({ inputs, state }) => [state.prefixListId, String(inputs.serviceName).split(".").at(-1)] as const),
  );
  return run
    .all(`aws:vpc/securityGroup${kind}Rule:SecurityGroup${kind}Rule`)
    .map(({ inputs }) => {
      const other =
        group(inputs.referencedSecurityGroupId) ??
        (inputs.cidrIpv4 as string | undefined) ??
        gateways.get(inputs.prefixListId) ??
        "unknown";
      assert.equal(inputs.ipProtocol, "tcp");
      assert.equal(inputs.fromPort, inputs.toPort);
      return `${group(inputs.securityGroupId)} ${other} ${String(inputs.fromPort)}`;
    })
    .sort();
}

describe("what MlflowServer puts around MLflow", () => {
  let run: Run;
  before(async () => {
    run = await centralRun();
  });

  it("lets the link reach the load balancer, that reach MLflow, that reach the database, and nothing else", () => {
    const name = (kind: string) => `gatehouse-mlflow-${kind}`;
    assert.deepEqual(ways(run, "Ingress"), [
      `${name("alb")} ${name("link")} 80`,
      `${name("database")} ${name("task")} 5432`,
      `${name("network-endpoints")} 10.40.0.0/16 443`,
      `${name("task")} ${name("alb")} 5000`,
    ]);
    assert.deepEqual(ways(run, "Egress"), [
      `${name("alb")} ${name("task")} 5000`,
      `${name("link")} ${name("alb")} 80`,
      `${name("task")} 10.40.0.0/16 443`,
      `${name("task")} dynamodb 443`,
      `${name("task")} ${name("database")} 5432`,
      `${name("task")} s3 443`,
    ]);
    const { ingress, egress } = run.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs;
    assert.deepEqual([ingress, egress], [[], []]);
  });

  it("leads to AWS through endpoints and nowhere else", () => {
    const services = run
      .all("aws:ec2/vpcEndpoint:VpcEndpoint")
      .map(({ inputs }) => [inputs.serviceName, inputs.vpcEndpointType]);
    assert.deepEqual(services.map(([service]) => String(service).replace("com.amazonaws.eu-west-1.", "")).sort(), [
      "dynamodb",
      "ecr.api",
      "ecr.dkr",
      "kms",
      "logs",
      "rds",
      "s3",
      "secretsmanager",
      "sts",
    ]);
    for (const type of ["natGateway:NatGateway", "internetGateway:InternetGateway", "route:Route", "eip:Eip"])
      assert.deepEqual(run.all(`aws:ec2/${type}`), []);
    assert.deepEqual(
      run.all("aws:ec2/subnet:Subnet").map(({ inputs }) => [inputs.cidrBlock, inputs.mapPublicIpOnLaunch]),
      [
        ["10.40.0.0/20", false],
        ["10.40.16.0/20", false],
      ],
    );
    assert.equal(run.one("aws:ec2/flowLog:FlowLog").inputs.trafficType, "ALL");
  });

  it("declares an internal load balancer that drops what is malformed and strips one leading stage", () => {
    const { inputs } = run.one("aws:lb/loadBalancer:LoadBalancer");
    assert.equal(inputs.internal, true);
    assert.equal(inputs.dropInvalidHeaderFields, true);
    assert.equal(inputs.desyncMitigationMode, "strictest");
    assert.equal(inputs.enableDeletionProtection, true);
    assert.equal(object(inputs.accessLogs).enabled, true);
    const [fallback] = run.one("aws:lb/listener:Listener").inputs.defaultActions as Record<string, unknown>[];
    assert.equal(fallback?.type, "fixed-response");
    assert.equal(object(fallback?.fixedResponse).statusCode, "404");
    const [transform] = run.one("aws:lb/listenerRule:ListenerRule").inputs.transforms as Record<string, unknown>[];
    const { regex, replace } = object(object(transform?.urlRewriteConfig).rewrite) as {
      regex: string;
      replace: string;
    };
    const rewrite = (path: string) => path.replace(new RegExp(regex), replace);
    assert.equal(rewrite("/prod/api/2.0/mlflow/runs/get"), "/api/2.0/mlflow/runs/get");
    assert.equal(rewrite("/api/2.0/mlflow/runs/get"), "/api/2.0/mlflow/runs/get");
    assert.equal(rewrite("/prod"), "/");
    assert.equal(rewrite("/production/x"), "/production/x");
    assert.equal(rewrite("/prod/prod/x"), "/prod/x");
  });

  it("costs while nobody works what the configuration page says", () => {
    const zones = run.all("aws:ec2/subnet:Subnet").length;
    const endpoints = run
      .all("aws:ec2/vpcEndpoint:VpcEndpoint")
      .filter(({ inputs }) => inputs.vpcEndpointType === "Interface").length;
    const database = run.one("aws:rds/cluster:Cluster").inputs;
    const { minCapacity } = database.serverlessv2ScalingConfiguration as { minCapacity: number };
    const instances = run.all("aws:rds/clusterInstance:ClusterInstance").length;
    const { cpu, memory } = run.one("aws:ecs/taskDefinition:TaskDefinition").inputs;
    const tasks = Number(run.one("aws:ecs/service:Service").inputs.desiredCount);
    const task = (Number(cpu) / 1024) * HOURLY.vcpuArm + (Number(memory) / 1024) * HOURLY.gibArm;
    const said = STANDING.get(centralSchema) ?? "";
    for (const [what, hourly] of [
      ["interface endpoints", zones * endpoints * HOURLY.interfaceEndpoint],
      ["Aurora", instances * minCapacity * HOURLY.acu],
      ["tasks", tasks * task],
    ] as const)
      assert.match(said, new RegExp(`${what} ${Math.round(hourly * MONTH)}\\b`));
    assert.match(String(COSTS.get(centralSchema)?.["network.nat"]), new RegExp(`for each of ${IN_WORDS[endpoints]} `));
  });

  it("encrypts, backs up and protects the database, and takes TLS only", () => {
    const { inputs, protect } = run.one("aws:rds/cluster:Cluster");
    const key = run.one("aws:kms/key:Key").state.arn;
    assert.equal(protect, true);
    assert.deepEqual(
      [inputs.engine, inputs.engineVersion, inputs.storageEncrypted, inputs.kmsKeyId, inputs.manageMasterUserPassword],
      ["aurora-postgresql", "17.7", true, key, true],
    );
    assert.deepEqual(
      [
        inputs.masterUserSecretKmsKeyId,
        inputs.deletionProtection,
        inputs.backupRetentionPeriod,
        inputs.skipFinalSnapshot,
      ],
      [key, true, 14, false],
    );
    assert.equal(inputs.masterPassword, undefined);
    assert.equal(inputs.iamDatabaseAuthenticationEnabled, true);
    assert.deepEqual(inputs.serverlessv2ScalingConfiguration, { minCapacity: 0.5, maxCapacity: 4 });
    const parameters = run.one("aws:rds/clusterParameterGroup:ClusterParameterGroup").inputs.parameters as unknown[];
    assert.deepEqual(parameters[0], { name: "rds.force_ssl", value: "1" });
    for (const instance of run.all("aws:rds/clusterInstance:ClusterInstance"))
      assert.equal(instance.inputs.publiclyAccessible, false);
  });

  it("closes the artifact bucket: own key, versions, no public access, no ACL, TLS 1.2, kept on destroy", () => {
    const bucket = run.one("aws:s3/bucket:Bucket", "gatehouse-mlflow-artifacts");
    assert.deepEqual([bucket.protect, bucket.retainOnDelete], [true, true]);
    const part = (type: string) => run.one(`aws:s3/${type}`, bucket.name).inputs;
    const access = part("bucketPublicAccessBlock:BucketPublicAccessBlock");
    assert.deepEqual(
      [access.blockPublicAcls, access.blockPublicPolicy, access.ignorePublicAcls, access.restrictPublicBuckets],
      [true, true, true, true],
    );
    assert.deepEqual(part("bucketOwnershipControls:BucketOwnershipControls").rule, {
      objectOwnership: "BucketOwnerEnforced",
    });
    assert.deepEqual(part("bucketVersioning:BucketVersioning").versioningConfiguration, { status: "Enabled" });
    assert.deepEqual(part("bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").rules, [
      {
        applyServerSideEncryptionByDefault: {
          sseAlgorithm: "aws:kms",
          kmsMasterKeyId: run.one("aws:kms/key:Key").state.arn,
        },
        bucketKeyEnabled: true,
      },
    ]);
    const arn = String(bucket.state.arn);
    assert.deepEqual(policy(part("bucketPolicy:BucketPolicy").policy).Statement, [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
      {
        Sid: "Tls12OrLater",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [arn, `${arn}/*`],
        Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } },
      },
    ]);
    const rules = part("bucketLifecycleConfiguration:BucketLifecycleConfiguration").rules as Record<string, unknown>[];
    assert.deepEqual(
      rules.map((rule) => rule.id),
      ["abandoned-uploads", "old-versions"],
    );
    assert.deepEqual(rules[1]?.noncurrentVersionExpiration, { noncurrentDays: 90 });
  });

  it("writes down who touches an artifact where a setting says so: that bucket's objects alone, in files that show a change", async () => {
    assert.deepEqual(run.all("aws:cloudtrail/trail:Trail"), []);
    const watched = await centralRun({ artifacts: { dataEvents: true }, gateway: { logDays: 90 } });
    const { inputs } = watched.one("aws:cloudtrail/trail:Trail");
    const artifacts = watched.one("aws:s3/bucket:Bucket", "gatehouse-mlflow-artifacts").state;
    const log = watched.one("aws:s3/bucket:Bucket", "gatehouse-mlflow-artifact-events-log");
    const key = watched.one("aws:kms/key:Key");
    assert.deepEqual(
      [inputs.s3BucketName, inputs.enableLogFileValidation, inputs.kmsKeyId],
      [log.state.bucket, true, key.state.arn],
    );
    const [selector, ...others] = inputs.advancedEventSelectors as { fieldSelectors: unknown }[];
    assert.deepEqual(others, []);
    assert.deepEqual(selector?.fieldSelectors, [
      { field: "eventCategory", equals: ["Data"] },
      { field: "resources.type", equals: ["AWS::S3::Object"] },
      { field: "resources.ARN", startsWiths: [`${String(artifacts.arn)}/`] },
    ]);
    assert.deepEqual([log.protect, log.retainOnDelete], [false, true]);
    const trail = `arn:aws:cloudtrail:eu-west-1:111111111111:trail/${String(inputs.name)}`;
    const allowed = policy(watched.one("aws:s3/bucketPolicy:BucketPolicy", log.name).inputs.policy).Statement.filter(
      ({ Effect }) => Effect === "Allow",
    );
    assert.deepEqual(
      allowed.map(({ Principal, Action, Resource, Condition }) => [Principal, Action, Resource, Condition]),
      [
        [
          { Service: "cloudtrail.amazonaws.com" },
          "s3:GetBucketAcl",
          log.state.arn,
          { StringEquals: { "aws:SourceArn": trail } },
        ],
        [
          { Service: "cloudtrail.amazonaws.com" },
          "s3:PutObject",
          `${String(log.state.arn)}/AWSLogs/111111111111/*`,
          { StringEquals: { "aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control" } },
        ],
      ],
    );
    const encrypts = policy(key.inputs.policy).Statement.find(({ Sid }) => Sid === "TrailOfThisAccount");
    assert.deepEqual(encrypts?.Condition, { StringEquals: { "aws:SourceArn": trail } });
    const lifecycle = watched.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", log.name).inputs;
    const rules = lifecycle.rules as Record<string, unknown>[];
    assert.deepEqual(rules.find(({ id }) => id === "logs")?.expiration, { days: 90 });
  });

  it("rotates its key, keeps it on destroy, and encrypts every log group with it", () => {
    const key = run.one("aws:kms/key:Key");
    assert.equal(key.inputs.enableKeyRotation, true);
    assert.equal(key.retainOnDelete, true);
    for (const { name, inputs } of run.all("aws:cloudwatch/logGroup:LogGroup")) {
      assert.equal(inputs.kmsKeyId, key.state.arn, name);
      assert.ok(Number(inputs.retentionInDays) > 0, name);
    }
  });
});
