import assert from "node:assert/strict";
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
    assert.deepEqual(object(object(inputs.defaultUserSettings).jupyterLabAppSettings), {
      defaultResourceSpec: { instanceType: "ml.t3.medium" },
      appLifecycleManagement: { idleSettings: { lifecycleManagement: "ENABLED", idleTimeoutInMinutes: 120 } },
    });
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
          Action: "sts:AssumeRole",
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
