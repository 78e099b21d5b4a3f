import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import type { Run } from "./record.ts";
import { consumerRun, object, policy } from "./stacks.ts";

const PEOPLE = {
  ada: ["scientist", "ada@acme.example"],
  bo: ["reader", "bo@acme.example"],
  cleo: ["approver", "cleo@acme.example"],
  dan: ["admin", "dan@acme.example"],
} as const;

describe("StudioDomain", () => {
  let run: Run;
  before(async () => {
    run = await consumerRun();
  });

  it("runs in private subnets, encrypted with its own key, and stops what is idle", () => {
    const { inputs, protect } = run.one("aws:sagemaker/domain:Domain");
    assert.deepEqual(
      [inputs.authMode, inputs.appNetworkAccessType, inputs.domainName],
      ["IAM", "VpcOnly", "gatehouse-vision"],
    );
    assert.equal(inputs.kmsKeyId, run.one("aws:kms/key:Key").state.id);
    const privateSubnets = run.all("aws:ec2/subnet:Subnet").filter(({ name }) => name.includes("private"));
    assert.deepEqual(
      inputs.subnetIds,
      privateSubnets.map(({ state }) => state.id),
    );
    const lifecycleConfigArn = run.one("aws:sagemaker/studioLifecycleConfig:StudioLifecycleConfig").state.arn;
    assert.deepEqual(object(object(inputs.defaultUserSettings).jupyterLabAppSettings), {
      lifecycleConfigArns: [lifecycleConfigArn],
      defaultResourceSpec: { instanceType: "ml.t3.medium", lifecycleConfigArn },
      appLifecycleManagement: {
        idleSettings: {
          lifecycleManagement: "ENABLED",
          idleTimeoutInMinutes: 120,
          minIdleTimeoutInMinutes: 60,
          maxIdleTimeoutInMinutes: 120,
        },
      },
    });
    assert.deepEqual(inputs.domainSettings, { executionRoleIdentityConfig: "USER_PROFILE_NAME" });
    assert.deepEqual([inputs.retentionPolicy, protect], [{ homeEfsFileSystem: "Retain" }, true]);
  });

  for (const [profile, [persona, person]] of Object.entries(PEOPLE))
    it(`gives ${profile} a role that says who and what he is, and that SageMaker of this account alone takes`, () => {
      const { inputs } = run.one("aws:iam/role:Role", `gatehouse-studio-${profile}`);
      assert.deepEqual(
        [inputs.name, inputs.path, inputs.tags, inputs.permissionsBoundary],
        [`gatehouse-vision-${profile}`, `/gatehouse/${persona}/`, { "gatehouse:person": person }, undefined],
      );
      assert.deepEqual(policy(inputs.assumeRolePolicy).Statement, [
        {
          Effect: "Allow",
          Principal: { Service: "sagemaker.amazonaws.com" },
          Action: ["sts:AssumeRole", "sts:SetSourceIdentity"],
          Condition: { StringEquals: { "aws:SourceAccount": "222222222222" } },
        },
      ]);
      const user = run.one("aws:sagemaker/userProfile:UserProfile", `gatehouse-studio-${profile}`).inputs;
      assert.equal(user.userProfileName, profile);
      assert.equal(
        object(user.userSettings).executionRole,
        `arn:aws:iam::222222222222:role/gatehouse/${persona}/gatehouse-vision-${profile}`,
      );
    });

  it("limits a role to its own profile and private spaces", () => {
    const domain = String(run.outputs.studioDomainId);
    const { Statement } = policy(run.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-studio-ada").inputs.policy);
    const own = `arn:aws:sagemaker:eu-west-1:222222222222:user-profile/${domain}/ada`;
    const statement = (sid: string) => Statement.find(({ Sid }) => Sid === sid);
    assert.equal(statement("OpenStudioAsOneself")?.Resource, own);
    const ownPrivate = {
      ArnLike: { "sagemaker:OwnerUserProfileArn": own },
      StringEquals: { "sagemaker:SpaceSharingType": "Private" },
    };
    assert.deepEqual(statement("OwnSpaces")?.Condition, ownPrivate);
    assert.deepEqual(statement("CloseOwnApps")?.Condition, ownPrivate);
    assert.deepEqual(statement("StartOwnApps")?.Condition, {
      ...ownPrivate,
      "ForAllValues:StringEquals": { "sagemaker:InstanceTypes": ["ml.t3.medium", "ml.m5.large", "system"] },
    });
    for (const { Action, Resource } of Statement) {
      for (const action of [Action].flat()) assert.doesNotMatch(String(action), /\*/);
      assert.notEqual(Resource, "*");
    }
  });

  it("shows JupyterLab alone, and starts nothing else", () => {
    const { studioWebPortalSettings } = object(run.one("aws:sagemaker/domain:Domain").inputs.defaultUserSettings);
    for (const classic of ["JupyterServer", "KernelGateway"])
      assert.ok((object(studioWebPortalSettings).hiddenAppTypes as string[]).includes(classic));
    const { Statement } = policy(run.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-studio-ada").inputs.policy);
    const apps = Statement.find(({ Sid }) => Sid === "StartOwnApps")?.Resource as string[];
    for (const arn of apps) assert.match(arn, /:app\/d-[a-z0-9]+\/\*\/jupyterlab\/\*$/i);
  });

  it("lets a person's jobs run as himself, under his own prefix, in the account's subnets", () => {
    const text = run.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-studio-ada-work").inputs.policy;
    const { Statement } = policy(text);
    const statement = (sid: string) => Statement.find(({ Sid }) => Sid === sid);
    const role = "arn:aws:iam::222222222222:role/gatehouse/scientist/gatehouse-vision-ada";
    assert.deepEqual(statement("OwnRoleToJobs"), {
      Sid: "OwnRoleToJobs",
      Effect: "Allow",
      Action: "iam:PassRole",
      Resource: role,
      Condition: { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } },
    });
    const kinds = ["training-job", "processing-job", "hyper-parameter-tuning-job"];
    const own = kinds.map((kind) => `arn:aws:sagemaker:eu-west-1:222222222222:${kind}/ada--*`);
    assert.deepEqual(statement("StartOwnJobs")?.Resource, own);
    assert.deepEqual(statement("OwnJobs")?.Resource, own);
    const place = object(run.outputs.jobPlace);
    assert.deepEqual(statement("StartOwnJobs")?.Condition, {
      "ForAllValues:StringEquals": {
        "sagemaker:InstanceTypes": ["ml.m5.large", "ml.m5.xlarge"],
        "sagemaker:VpcSubnets": place.subnetIds,
        "sagemaker:VpcSecurityGroupIds": [place.securityGroupId],
      },
      Null: { "sagemaker:VpcSubnets": "false", "sagemaker:VpcSecurityGroupIds": "false" },
    });
    const bucket = `arn:aws:s3:::${String(place.bucket)}`;
    assert.equal(statement("OwnFolder")?.Resource, `${bucket}/people/ada/*`);
    assert.equal(statement("ReadPackages")?.Action, "s3:GetObject");
    const everywhere = Statement.filter(({ Resource }) => Resource === "*").map(({ Sid }) => Sid);
    assert.deepEqual(everywhere, ["Look"]);
    for (const { Action } of Statement)
      for (const action of [Action].flat()) assert.doesNotMatch(String(action), /\*|artifact/);
  });

  it("starts no job where no instance type is given", async () => {
    const other = await consumerRun({ studio: { jobInstanceTypes: [] } });
    const text = String(other.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-studio-ada-work").inputs.policy);
    assert.doesNotMatch(text, /PassRole|CreateTrainingJob/);
  });

  it("gives a job that is nobody's a role of its own, which no person passes", async () => {
    const other = await consumerRun({ jobs: { nightly: { persona: "scientist", workspace: "vision" } } });
    const { inputs, state } = other.one("aws:iam/role:Role", "gatehouse-studio-job-nightly");
    assert.deepEqual(
      [inputs.name, inputs.path, inputs.tags],
      ["gatehouse-vision-job-nightly", "/gatehouse/scientist/", { "gatehouse:person": "job-nightly.vision" }],
    );
    assert.deepEqual(other.outputs.jobRoleArns, { nightly: state.arn });
    const environment = object(object(other.outputs.jobEnvironment).nightly);
    assert.equal(environment.GATEHOUSE_SESSION_NAME, "job-nightly.vision");
    const attached = other
      .all("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
      .filter(({ inputs: { role } }) => role === "gatehouse-vision-job-nightly");
    assert.equal(attached.length, 1);
    for (const { inputs: each } of other.all("aws:iam/rolePolicy:RolePolicy"))
      for (const { Action, Resource } of policy(each.policy).Statement)
        if (Action === "iam:PassRole") assert.notEqual(Resource, state.arn);
  });

  it("tells a space where MLflow is: a parameter that its role alone reads, and a script with the package's digest", () => {
    const { inputs, state } = run.one("aws:ssm/parameter:Parameter", "gatehouse-studio-ada");
    assert.equal(inputs.name, "/gatehouse/client/gatehouse-vision-ada");
    const lines = String(inputs.value).split("\n");
    const environment = object(object(run.outputs.clientEnvironment).ada);
    assert.deepEqual(
      lines,
      Object.entries(environment).map(([key, value]) => `${key}=${String(value)}`),
    );
    const readers = run
      .all("aws:iam/rolePolicy:RolePolicy")
      .filter(({ inputs: { policy: text } }) => String(text).includes(`"${String(state.arn)}"`))
      .map(({ inputs: { role } }) => role);
    assert.deepEqual(readers, ["gatehouse-vision-ada"]);
    const config = run.one("aws:sagemaker/studioLifecycleConfig:StudioLifecycleConfig").inputs;
    const script = Buffer.from(String(config.studioLifecycleConfigContent), "base64").toString();
    const object_ = run.one("aws:s3/bucketObjectv2:BucketObjectv2").inputs;
    const digest = createHash("sha256")
      .update(Buffer.from(String(object_.contentBase64), "base64"))
      .digest("hex");
    assert.ok(script.startsWith("#!/bin/bash\nexport GATEHOUSE_WHEEL='s3://"));
    assert.ok(script.includes(`/${String(object_.key)}'\n`));
    assert.ok(script.includes(`export GATEHOUSE_WHEEL_SHA256='${digest}'\n`));
    execFileSync("bash", ["-n"], { input: script });
  });

  it("signs people in through Identity Center where the stack says so", async () => {
    const other = await consumerRun({
      studio: { signIn: "identityCenter" },
      people: {
        ada: { person: "ada@acme.example", persona: "scientist", workspace: "vision" },
        bo: { person: "bo@acme.example", persona: "reader", workspace: "vision", signInName: "Bo.Smith" },
      },
    });
    assert.equal(other.one("aws:sagemaker/domain:Domain").inputs.authMode, "SSO");
    const users = other.all("aws:sagemaker/userProfile:UserProfile").map(({ inputs }) => inputs);
    assert.deepEqual(
      users.map(({ singleSignOnUserIdentifier, singleSignOnUserValue }) => [
        singleSignOnUserIdentifier,
        singleSignOnUserValue,
      ]),
      [
        ["UserName", "ada@acme.example"],
        ["UserName", "Bo.Smith"],
      ],
    );
  });

  it("reaches AWS and a private central API through endpoints where there is no way to the internet", async () => {
    const other = await consumerRun({ network: { nat: "none", registry: "endpoint" } });
    const services = other.all("aws:ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) => String(inputs.serviceName));
    for (const service of ["s3", "sagemaker.api", "sagemaker.runtime", "sts", "ssm", "logs", "ecr.dkr", "execute-api"])
      assert.ok(services.includes(`com.amazonaws.eu-west-1.${service}`), service);
    assert.deepEqual(other.all("aws:ec2/natGateway:NatGateway"), []);
    const both = await consumerRun({ network: { registry: "endpoint" } });
    const interfaces = both
      .all("aws:ec2/vpcEndpoint:VpcEndpoint")
      .filter((e) => e.inputs.vpcEndpointType === "Interface");
    assert.deepEqual(
      interfaces.map(({ inputs }) => inputs.serviceName),
      ["com.amazonaws.eu-west-1.execute-api"],
    );
  });

  describe("in a VPC that the account has already", () => {
    const network = { vpcId: "vpc-0a1b2c3d4e5f60718", subnetIds: ["subnet-0a1b2c3d", "subnet-1a2b3c4d"] };
    const work = (other: Run) =>
      policy(other.one("aws:iam/rolePolicy:RolePolicy", "gatehouse-studio-ada-work").inputs.policy);

    it("runs in its subnets, and leaves its routes, addresses and endpoints to its owner", async () => {
      const other = await consumerRun({ network });
      const { inputs } = other.one("aws:sagemaker/domain:Domain");
      assert.deepEqual([inputs.vpcId, inputs.subnetIds], [network.vpcId, network.subnetIds]);
      assert.equal(
        other.one("aws:ec2/securityGroup:SecurityGroup", "gatehouse-studio-apps").inputs.vpcId,
        network.vpcId,
      );
      for (const type of [
        "vpc:Vpc",
        "subnet:Subnet",
        "routeTable:RouteTable",
        "vpcEndpoint:VpcEndpoint",
        "natGateway:NatGateway",
      ])
        assert.deepEqual(other.all(`aws:ec2/${type}`), [], type);
      assert.deepEqual(object(other.outputs.jobPlace).subnetIds, network.subnetIds);
      const jobs = work(other).Statement.find(({ Sid }) => Sid === "StartOwnJobs")?.Condition;
      const allowed = object(object(jobs)["ForAllValues:StringEquals"]);
      assert.deepEqual(allowed["sagemaker:VpcSubnets"], network.subnetIds);
      assert.match(JSON.stringify(work(other)), /:vpc\/vpc-0a1b2c3d4e5f60718"/);
    });

    it("makes the endpoints where the stack says so, for Studio's apps and jobs alone", async () => {
      const other = await consumerRun({ network: { ...network, endpoints: "create", registry: "endpoint" } });
      const endpoints = other.all("aws:ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) => inputs);
      assert.deepEqual(
        endpoints.map(({ serviceName }) => String(serviceName).replace("com.amazonaws.eu-west-1.", "")).sort(),
        ["ecr.api", "ecr.dkr", "execute-api", "kms", "logs", "s3", "sagemaker.api", "sagemaker.runtime", "ssm", "sts"],
      );
      for (const { vpcId, subnetIds, vpcEndpointType } of endpoints)
        assert.deepEqual([vpcId, subnetIds, vpcEndpointType], [network.vpcId, network.subnetIds, "Interface"]);
      const rule = other.one(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "gatehouse-studio-network-endpoints",
      );
      const apps = other.one("aws:ec2/securityGroup:SecurityGroup", "gatehouse-studio-apps").state.id;
      assert.deepEqual([rule.inputs.referencedSecurityGroupId, rule.inputs.cidrIpv4], [apps, undefined]);
    });
  });

  it("gives a role no managed policy but the one that takes its persona", () => {
    const attached = run.all("aws:iam/rolePolicyAttachment:RolePolicyAttachment").map(({ inputs }) => inputs);
    assert.equal(attached.length, 4);
    for (const { policyArn } of attached)
      assert.match(String(policyArn), /^arn:aws:iam::222222222222:policy\/gatehouse\//);
  });

  it("leaves shared spaces a role without a permission or a way to MLflow", () => {
    const nobody = run.one("aws:iam/role:Role", "gatehouse-studio-nobody");
    assert.equal(nobody.inputs.path, undefined);
    const { defaultUserSettings, defaultSpaceSettings } = run.one("aws:sagemaker/domain:Domain").inputs;
    assert.equal(object(defaultUserSettings).executionRole, nobody.state.arn);
    assert.equal(object(defaultSpaceSettings).executionRole, nobody.state.arn);
    const rights = [
      ...run.all("aws:iam/rolePolicy:RolePolicy"),
      ...run.all("aws:iam/rolePolicyAttachment:RolePolicyAttachment"),
    ].filter(({ inputs }) => inputs.role === nobody.state.name);
    assert.deepEqual(rights, []);
  });

  it("lets apps reach each other and HTTPS, and nobody from outside reach them", () => {
    const group = run.one("aws:ec2/securityGroup:SecurityGroup", "gatehouse-studio-apps").state.id;
    const incoming = run.all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    for (const { inputs } of incoming) assert.equal(inputs.referencedSecurityGroupId, group);
    const outside = run
      .all("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
      .filter(({ inputs }) => inputs.cidrIpv4 !== undefined);
    assert.deepEqual(
      outside.map(({ inputs }) => [inputs.fromPort, inputs.toPort]),
      [[443, 443]],
    );
  });

  it("takes the boundary, the internet and the home directories as the stack says", async () => {
    const boundary = "arn:aws:iam::222222222222:policy/boundary";
    const other = await consumerRun({
      access: { permissionsBoundaryArn: boundary, sessionMinutes: 15 },
      studio: { access: "internet", homeFileSystem: "delete" },
      network: { nat: "none" },
    });
    for (const name of ["ada", "bo", "cleo", "dan", "nobody"])
      assert.equal(other.one("aws:iam/role:Role", `gatehouse-studio-${name}`).inputs.permissionsBoundary, boundary);
    const { inputs, protect } = other.one("aws:sagemaker/domain:Domain");
    assert.deepEqual(
      [inputs.appNetworkAccessType, inputs.retentionPolicy, protect],
      ["PublicInternetOnly", { homeEfsFileSystem: "Delete" }, false],
    );
    assert.deepEqual(other.all("aws:ec2/natGateway:NatGateway"), []);
    const environment = object(object(other.outputs.clientEnvironment).ada);
    assert.equal(environment.GATEHOUSE_DURATION_SECONDS, "900");
  });
});
