import assert from "node:assert/strict";
import { SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import { mlflowRole } from "../../authorizer/policy/mlflowRole.ts";
import type { Run } from "./record.ts";
import { centralRun, object, policy } from "./stacks.ts";

const [reader] = SHIPPED_PERSONAS;
assert.ok(reader);

interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly essential: boolean;
  readonly dependsOn?: unknown;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly secrets: readonly { readonly name: string; readonly valueFrom: string }[];
  readonly readonlyRootFilesystem: boolean;
  readonly mountPoints: unknown;
  readonly linuxParameters: unknown;
  readonly portMappings: unknown;
}

function container(run: Run, which: "mlflow" | "migrate" = "mlflow"): Container {
  const text = String(run.one("aws:ecs/taskDefinition:TaskDefinition").inputs.containerDefinitions);
  const [mlflow, migration, ...others] = JSON.parse(text) as Container[];
  assert.ok(mlflow && migration);
  assert.deepEqual(others, []);
  return which === "mlflow" ? mlflow : migration;
}

function environmentOf(run: Run): Record<string, string> {
  return Object.fromEntries(container(run).environment.map(({ name, value }) => [name, value]));
}

/** What Secrets Manager holds for a variable. */
function secretOf(run: Run, variable: string): string {
  const { inputs } = run.one("aws:secretsmanager/secretVersion:SecretVersion", `gatehouse-mlflow-secret-${variable}`);
  return String(inputs.secretString);
}

describe("MlflowServer", () => {
  let run: Run;
  before(async () => {
    run = await centralRun();
  });

  it("gives MLflow's container its command, its plain environment and nothing more", () => {
    const { GATEHOUSE_ACCESS: access, ...environment } = environmentOf(run);
    const bucket = run.one("aws:s3/bucket:Bucket", "gatehouse-mlflow-artifacts").state.bucket;
    const database = run.one("aws:rds/cluster:Cluster").state;
    const dns = run.one("aws:lb/loadBalancer:LoadBalancer").state.dnsName;
    assert.deepEqual(environment, {
      AWS_REGION: "eu-west-1",
      GATEHOUSE_ACCESS_TABLE: "gatehouse-access-policy",
      GATEHOUSE_ARTIFACTS: `s3://${String(bucket)}/`,
      GATEHOUSE_DATABASE: `postgresql+psycopg://gatehouse_mlflow@${String(database.endpoint)}:5432/mlflow?sslmode=verify-full&sslrootcert=/opt/mlflow/rds-ca.pem`,
      GATEHOUSE_DATABASE_IAM: "true",
      GATEHOUSE_HOST: "0.0.0.0",
      GATEHOUSE_MIGRATE: "false",
      GATEHOUSE_PORT: "5000",
      GATEHOUSE_WORKERS: "2",
      MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX:
        "^(mlflow-artifacts:/|runs:/|models:/|dummy-source$|prompt-template$)",
      MLFLOW_DISABLE_TELEMETRY: "true",
      MLFLOW_ENABLE_AI_GATEWAY: "false",
      MLFLOW_SERVER_ALLOWED_HOSTS: `${String(dns)},${String(dns)}:80`,
      MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "https://mlflow.acme.example",
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    });
    assert.deepEqual(container(run).command, ["gatehouse-mlflow"]);
    const directory = JSON.parse(access ?? "") as Record<string, Record<string, unknown>>;
    assert.deepEqual(Object.keys(directory), ["account", "roles", "workspaces", "personas"]);
    assert.deepEqual(directory.roles?.["gatehouse-vision-scientist"], {
      persona: "scientist",
      workspaces: ["vision", "shared"],
    });
    assert.deepEqual(directory.workspaces, { vision: ["team-vision"], shared: [] });
    assert.deepEqual(directory.personas?.reader, {
      ...mlflowRole(reader),
      permissions: reader.permissions,
    });
    assert.deepEqual(Object.keys(directory.personas ?? {}), [
      "reader",
      "scientist",
      "approver",
      "admin",
      "platform-admin",
    ]);
  });

  it("migrates the database in a container that has to succeed before MLflow starts, as confined as MLflow", () => {
    const [mlflow, migration] = [container(run), container(run, "migrate")];
    assert.deepEqual(mlflow.dependsOn, [{ containerName: "migrate", condition: "SUCCESS" }]);
    assert.deepEqual([migration.name, migration.command], ["migrate", ["gatehouse-mlflow", "migrate"]]);
    assert.equal(migration.essential, false);
    assert.equal(migration.readonlyRootFilesystem, true);
    assert.deepEqual(migration.linuxParameters, mlflow.linuxParameters);
    assert.deepEqual(migration.secrets, mlflow.secrets);
    const database = run.one("aws:rds/cluster:Cluster").state;
    const [managed] = database.masterUserSecrets as { secretArn: string }[];
    assert.deepEqual(migration.environment.slice(mlflow.environment.length), [
      { name: "GATEHOUSE_DATABASE_SECRET_ARN", value: managed?.secretArn },
      { name: "GATEHOUSE_DATABASE_CLUSTER", value: database.clusterIdentifier },
    ]);
  });

  it("logs in by password where the stack says so, and lets a database pause that may", async () => {
    const changed = await centralRun({
      database: { login: "password", minAcu: 0, snapshotBeforeUpgrade: false },
    });
    const environment = environmentOf(changed);
    const database = changed.one("aws:rds/cluster:Cluster").state;
    const [managed] = database.masterUserSecrets as { secretArn: string }[];
    assert.equal(environment.GATEHOUSE_DATABASE_SECRET_ARN, managed?.secretArn);
    assert.equal(environment.GATEHOUSE_DATABASE_IAM, undefined);
    assert.match(environment.GATEHOUSE_DATABASE ?? "", /^postgresql\+psycopg:\/\/gatehouse@/);
    assert.equal(environment.MLFLOW_SQLALCHEMYSTORE_POOLCLASS, "NullPool");
    assert.deepEqual(container(changed, "migrate").environment, container(changed).environment);
    const task = policy(changed.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-mlflow-task").inputs.policy).Statement;
    assert.ok(!task.some(({ Sid }) => Sid === "DatabaseLogin" || Sid === "SnapshotBeforeUpgrade"));
    const services = changed.all("aws:ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) => String(inputs.serviceName));
    assert.ok(!services.some((service) => service.endsWith(".rds")));
  });

  it("serves figures for Prometheus where the stack says who may read them, and to nobody else", async () => {
    assert.equal(environmentOf(run).GATEHOUSE_METRICS_PORT, undefined);
    const changed = await centralRun({ server: { metrics: ["sg-0123456789abcdef0", "10.50.0.0/16"] } });
    assert.equal(environmentOf(changed).GATEHOUSE_METRICS_PORT, "9464");
    const into = changed
      .all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
      .map(({ inputs }) => inputs)
      .filter(({ fromPort, toPort }) => Number(fromPort) <= 9464 && Number(toPort) >= 9464);
    assert.deepEqual(
      into.map(({ referencedSecurityGroupId, cidrIpv4 }) => referencedSecurityGroupId ?? cidrIpv4).sort(),
      ["10.50.0.0/16", "sg-0123456789abcdef0"],
    );
    assert.equal(new Set(into.map(({ securityGroupId }) => securityGroupId)).size, 1);
    const targets = changed.all("aws:lb/targetGroup:TargetGroup").map(({ inputs }) => inputs.port);
    assert.ok(!targets.includes(9464));
  });

  it("hands secrets over by ARN, one secret for each variable, encrypted with its own key", () => {
    const { secrets } = container(run);
    assert.deepEqual(
      secrets.map(({ name }) => name),
      [
        "GATEHOUSE_ASSERTION_KEY",
        "GATEHOUSE_PROOF",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE",
        "MLFLOW_FLASK_SERVER_SECRET_KEY",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",
      ],
    );
    const key = run.one("aws:kms/key:Key").state.arn;
    for (const { valueFrom } of secrets) {
      const secret = run.all("aws:secretsmanager/secret:Secret").find((each) => each.state.arn === valueFrom);
      assert.equal(secret?.inputs.kmsKeyId, key);
    }
  });

  it("makes secrets that their readers take: letters and digits, and a Fernet key", () => {
    const values = new Map(
      run
        .all("aws:secretsmanager/secretVersion:SecretVersion")
        .map(({ name, inputs }) => [name, String(inputs.secretString)]),
    );
    const proof = values.get("gatehouse-mlflow-secret-gatehouse-proof") ?? "";
    assert.match(proof, /^[A-Za-z0-9]{48}$/);
    const fernet = values.get("gatehouse-mlflow-secret-mlflow-webhook-secret-encryption-key") ?? "";
    assert.match(fernet, /^[-_A-Za-z0-9]{43}=$/);
    assert.equal(Buffer.from(fernet, "base64url").length, 32);
    assert.equal(new Set(values.values()).size, 5);
  });

  it("keeps every secret out of the plain environment, the policies and the outputs", () => {
    const secrets = run
      .all("aws:secretsmanager/secretVersion:SecretVersion")
      .map(({ inputs }) => String(inputs.secretString));
    const shown = JSON.stringify([
      environmentOf(run),
      run.outputs,
      run.resources.map(({ inputs }) => [inputs.policy, inputs.tags, inputs.triggers, inputs.description]),
    ]);
    for (const secret of secrets) assert.ok(!shown.includes(secret));
  });

  it("runs the container read-only apart from /tmp and without capabilities", () => {
    const mlflow = container(run);
    assert.equal(mlflow.readonlyRootFilesystem, true);
    assert.deepEqual(mlflow.mountPoints, [{ sourceVolume: "tmp", containerPath: "/tmp", readOnly: false }]);
    assert.deepEqual(mlflow.linuxParameters, { initProcessEnabled: true, capabilities: { drop: ["ALL"] } });
    assert.deepEqual(mlflow.portMappings, [{ containerPort: 5000, protocol: "tcp" }]);
    const { runtimePlatform, networkMode } = run.one("aws:ecs/taskDefinition:TaskDefinition").inputs;
    assert.deepEqual(runtimePlatform, { cpuArchitecture: "ARM64", operatingSystemFamily: "LINUX" });
    assert.equal(networkMode, "awsvpc");
  });

  it("keeps tasks private and rolls a bad version back", () => {
    const { inputs } = run.one("aws:ecs/service:Service");
    assert.equal(object(inputs.networkConfiguration).assignPublicIp, false);
    assert.deepEqual(inputs.deploymentCircuitBreaker, { enable: true, rollback: true });
    assert.equal(inputs.enableExecuteCommand, false);
    const scaling = run.one("aws:appautoscaling/target:Target").inputs;
    assert.deepEqual([scaling.minCapacity, scaling.maxCapacity], [2, 6]);
    const balancer = run.one("aws:lb/loadBalancer:LoadBalancer").state.arnSuffix;
    const group = run.one("aws:lb/targetGroup:TargetGroup").state.arnSuffix;
    const followed = run.all("aws:appautoscaling/policy:Policy").map(({ inputs }) => {
      const { predefinedMetricSpecification: metric, targetValue } = object(
        inputs.targetTrackingScalingPolicyConfiguration,
      );
      return [object(metric).predefinedMetricType, object(metric).resourceLabel, targetValue];
    });
    assert.deepEqual(followed, [
      ["ECSServiceAverageCPUUtilization", undefined, 60],
      ["ALBRequestCountPerTarget", `${String(balancer)}/${String(group)}`, 3000],
    ]);
  });

  it("limits MLflow's role to its bucket, its database and their key", () => {
    const bucket = String(run.one("aws:s3/bucket:Bucket", "gatehouse-mlflow-artifacts").state.arn);
    const cluster = run.one("aws:rds/cluster:Cluster").state;
    const [managed] = cluster.masterUserSecrets as { secretArn: string }[];
    const { Statement } = policy(run.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-mlflow-task").inputs.policy);
    assert.deepEqual(
      Statement.map(({ Effect, Resource }) => [Effect, Resource]),
      [
        ["Allow", `${bucket}/*`],
        ["Allow", bucket],
        ["Allow", managed?.secretArn],
        ["Allow", `arn:aws:rds-db:eu-west-1:111111111111:dbuser:${String(cluster.clusterResourceId)}/gatehouse_mlflow`],
        [
          "Allow",
          [cluster.arn, "arn:aws:rds:eu-west-1:111111111111:cluster-snapshot:gatehouse-mlflow-database-before-*"],
        ],
        ["Allow", run.one("aws:kms/key:Key").state.arn],
        ["Allow", run.one("aws:dynamodb/table:Table").state.arn],
      ],
    );
    const trust = policy(run.one("aws:iam/role:Role", "gatehouse-mlflow-task").inputs.assumeRolePolicy).Statement;
    assert.deepEqual(trust, [
      {
        Effect: "Allow",
        Principal: { Service: "ecs-tasks.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } },
      },
    ]);
  });

  it("gives ECS the secrets of this container, one repository and one log group", () => {
    const { Statement } = policy(run.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-mlflow-execution").inputs.policy);
    const wild = Statement.filter(({ Resource }) => Resource === "*");
    assert.deepEqual(
      wild.map(({ Action }) => Action),
      ["ecr:GetAuthorizationToken"],
    );
    const secrets = Statement.find(({ Sid }) => Sid === "Secrets");
    assert.deepEqual(
      secrets?.Resource,
      container(run).secrets.map(({ valueFrom }) => valueFrom),
    );
  });

  it("changes the gateway's proof by one number: both are accepted, the new one is sent, new tasks start", async () => {
    const values = (of: Run) => {
      const secret = of
        .all("aws:secretsmanager/secretVersion:SecretVersion")
        .find(({ name }) => name.endsWith("gatehouse-proof"));
      return String(secret?.inputs.secretString).split(" ");
    };
    const sent = (of: Run) => {
      const headers = of.all("aws:apigateway/integration:Integration").flatMap(({ inputs }) => {
        const parameters = (inputs.requestParameters ?? {}) as Readonly<Record<string, string>>;
        return parameters["integration.request.header.X-Gatehouse-Proof"] ?? [];
      });
      return [...new Set(headers)];
    };
    const before = values(run);
    const rotated = await centralRun({ gateway: { proofGeneration: 2 } });
    const after = values(rotated);
    assert.deepEqual([before.length, after.length], [1, 2]);
    assert.equal(after[1], before[0], "the old one goes on working");
    assert.deepEqual(sent(rotated), [`'${after[0]}'`]);
    const generation = container(rotated).environment.find(({ name }) => name === "GATEHOUSE_PROOF_GENERATION");
    assert.equal(generation?.value, "2");
  });

  it("changes the key of assertions with the proof: MLflow accepts both, the authorizer signs with the new one", async () => {
    const rotated = await centralRun({ gateway: { proofGeneration: 2 } });
    const accepted = secretOf(rotated, "gatehouse-assertion-key").split(" ");
    const { environment } = rotated.one("aws:lambda/function:Function", "gatehouse-browser-authorizer").inputs;
    const { GATEHOUSE_ASSERTION_KEY: signs } = object(object(environment).variables);
    assert.deepEqual(accepted, [signs, secretOf(run, "gatehouse-assertion-key")]);
    assert.notEqual(accepted[0], accepted[1]);
    const third = await centralRun({ gateway: { proofGeneration: 3 } });
    assert.equal(secretOf(third, "gatehouse-assertion-key").split(" ")[1], accepted[0], "the older one is replaced");
  });

  it("changes what rows are encrypted with by one number: the new key first, the one before for what is stored", async () => {
    const names = ["mlflow-crypto-kek-passphrase", "mlflow-webhook-secret-encryption-key"] as const;
    const rotated = await centralRun({ database: { keyGeneration: 2 } });
    for (const name of names) {
      const [now, before, ...others] = secretOf(rotated, name).split(" ");
      assert.deepEqual([before, others], [secretOf(run, name), []]);
      assert.notEqual(now, before);
    }
    assert.equal(environmentOf(rotated).MLFLOW_CRYPTO_KEK_VERSION, "2");
    const isProtected = (of: Run) =>
      of.resources.flatMap(({ type, name, protect }) =>
        type.startsWith("random:") && /-(?:kek|webhook)/.test(name)
          ? [[name.replace("gatehouse-mlflow-secret-", ""), protect]]
          : [],
      );
    // A protected one could not be replaced by the next step.
    assert.deepEqual(isProtected(rotated), [
      ["webhook", false],
      ["webhook-even", true],
      ["kek", false],
      ["kek-even", true],
    ]);
    assert.deepEqual(isProtected(run), [
      ["webhook", true],
      ["kek", true],
    ]);
    const proof = (of: Run) => secretOf(of, "gatehouse-proof");
    assert.equal(proof(rotated), proof(run), "the gateway's proof has a number of its own");
  });

  it("removes nothing for good by itself, unless a setting says after how many days", async () => {
    assert.deepEqual(run.all("aws:scheduler/schedule:Schedule"), []);
    const nightly = await centralRun({ artifacts: { removeDeletedDays: 90 } });
    const [schedule, ...others] = nightly.all("aws:scheduler/schedule:Schedule");
    assert.deepEqual(others, []);
    const target = object(schedule?.inputs.target);
    const { containerOverrides } = JSON.parse(String(target.input)) as { containerOverrides: unknown[] };
    assert.deepEqual(containerOverrides, [
      {
        name: "mlflow",
        command: ["gatehouse-mlflow", "gc"],
        environment: [{ name: "GATEHOUSE_GC_DAYS", value: "90" }],
      },
    ]);
    const rights = nightly.all("aws:iam/rolePolicy:RolePolicy").find(({ name }) => name.endsWith("-collector"));
    const statements = policy(rights?.inputs.policy).Statement;
    assert.deepEqual(
      statements.map(({ Action, Condition }) => [Action, Object.keys(object(Condition))]),
      [
        ["ecs:RunTask", ["ArnEquals"]],
        ["iam:PassRole", ["StringEquals"]],
      ],
    );
  });

  it("builds no image that could not verify the databases of its region, and says which bundle to give it", async () => {
    await assert.rejects(centralRun({ "aws:region": "ca-west-1" }), /ca-west-1-bundle\.pem at docker\/rds-ca\.pem/);
    const image = `111111111111.dkr.ecr.ca-west-1.amazonaws.com/mlflow@sha256:${"0".repeat(64)}`;
    const own = await centralRun({ "aws:region": "ca-west-1", server: { image } });
    assert.deepEqual(own.all("awsx:ecr:Image"), []);
  });

  it("speaks TLS to the load balancer where there is a certificate", async () => {
    const certificate = "arn:aws:acm:eu-west-1:111111111111:certificate/1";
    const secure = await centralRun({
      gateway: { internalCertificateArn: certificate, internalName: "mlflow.internal.example" },
    });
    const { inputs } = secure.one("aws:lb/listener:Listener");
    assert.deepEqual([inputs.port, inputs.protocol, inputs.certificateArn], [443, "HTTPS", certificate]);
    assert.match(String(inputs.sslPolicy), /TLS13/);
    assert.deepEqual(secure.warnings, []);
    assert.match(run.warnings.join(), /internalCertificateArn is null: requests travel as HTTP/);
    assert.equal(
      environmentOf(secure).MLFLOW_SERVER_ALLOWED_HOSTS,
      "mlflow.internal.example,mlflow.internal.example:443",
    );
    const uris = secure.all("aws:apigateway/integration:Integration").flatMap((each) => each.inputs.uri ?? []);
    assert.deepEqual([...new Set(uris)].sort(), [
      "https://mlflow.internal.example/",
      "https://mlflow.internal.example/{proxy}",
    ]);
  });

  it("gives MLflow Bedrock only with the AI gateway, and the internet only through NAT", async () => {
    const open = await centralRun({
      server: {
        aiGateway: true,
        image: `111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/mlflow@sha256:${"a".repeat(64)}`,
      },
      network: { nat: "perZone", flowLogs: false },
    });
    const task = policy(open.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-mlflow-task").inputs.policy).Statement;
    assert.deepEqual(task.at(-1)?.Action, ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]);
    assert.equal(environmentOf(open).MLFLOW_ENABLE_AI_GATEWAY, "true");
    assert.equal(open.all("aws:ec2/natGateway:NatGateway").length, 2);
    assert.deepEqual(open.all("aws:ec2/flowLog:FlowLog"), []);
    assert.deepEqual(open.all("awsx:ecr:Image"), []);
    const execution = policy(open.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-mlflow-execution").inputs.policy);
    assert.equal(
      execution.Statement.find(({ Sid }) => Sid === "Image")?.Resource,
      "arn:aws:ecr:eu-west-1:111111111111:repository/team/mlflow",
    );
  });
});
