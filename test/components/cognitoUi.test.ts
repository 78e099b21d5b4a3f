import assert from "node:assert/strict";
import { SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import type { Run } from "./record.ts";
import { centralRun, object, policy } from "./stacks.ts";

describe("CognitoUi", () => {
  let run: Run;
  before(async () => {
    run = await centralRun();
  });

  it("takes people that an administrator made, by a name that has one spelling", () => {
    const { inputs, protect } = run.one("aws:cognito/userPool:UserPool");
    assert.deepEqual(inputs.adminCreateUserConfig, { allowAdminCreateUserOnly: true });
    assert.deepEqual(inputs.usernameConfiguration, { caseSensitive: false });
    assert.deepEqual([inputs.usernameAttributes, inputs.aliasAttributes], [undefined, undefined]);
    assert.deepEqual([inputs.mfaConfiguration, inputs.softwareTokenMfaConfiguration], ["OPTIONAL", { enabled: true }]);
    assert.deepEqual([inputs.deletionProtection, protect], ["ACTIVE", true]);
    assert.ok(Number(object(inputs.passwordPolicy).minimumLength) >= 14);
    assert.deepEqual(inputs.accountRecoverySetting, { recoveryMechanisms: [{ name: "verified_email", priority: 1 }] });
  });

  it("has a group for each persona and each group of a workspace, once", () => {
    const groups = run.all("aws:cognito/userGroup:UserGroup").map(({ inputs }) => [inputs.name, inputs.description]);
    assert.deepEqual(groups.sort(), [
      ["admins", "persona admin"],
      ["model-approvers", "persona approver"],
      ["platform-admins", "persona platform-admin"],
      ["readers", "persona reader"],
      ["scientists", "persona scientist"],
      ["team-vision", "workspace vision"],
    ]);
  });

  it("gives a group that is both a persona's and a workspace's one entry", async () => {
    const shared = await centralRun({ workspaces: { vision: { groups: ["readers"] }, shared: {} } });
    const readers = shared.all("aws:cognito/userGroup:UserGroup").filter(({ inputs }) => inputs.name === "readers");
    assert.deepEqual(
      readers.map(({ inputs }) => inputs.description),
      ["persona reader, workspace vision"],
    );
  });

  it("declares a public client that proves passwords by SRP, with short tokens that can be revoked", () => {
    const { inputs } = run.one("aws:cognito/userPoolClient:UserPoolClient");
    assert.deepEqual(inputs.explicitAuthFlows, ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
    assert.equal(inputs.generateSecret, false);
    assert.deepEqual(
      [inputs.accessTokenValidity, inputs.idTokenValidity, inputs.refreshTokenValidity, inputs.tokenValidityUnits],
      [15, 15, 12, { accessToken: "minutes", idToken: "minutes", refreshToken: "hours" }],
    );
    assert.deepEqual([inputs.enableTokenRevocation, inputs.preventUserExistenceErrors], [true, "ENABLED"]);
    assert.deepEqual(inputs.writeAttributes, ["name"]);
  });

  it("lets passwords be sent only when told so, and asks for no second factor when that is off", async () => {
    const lax = await centralRun({ login: { passwordFlow: true, mfa: "off", deletionProtection: false } });
    const flows = lax.one("aws:cognito/userPoolClient:UserPoolClient").inputs.explicitAuthFlows as string[];
    assert.ok(flows.includes("ALLOW_USER_PASSWORD_AUTH"));
    const { inputs, protect } = lax.one("aws:cognito/userPool:UserPool");
    assert.deepEqual([inputs.mfaConfiguration, inputs.softwareTokenMfaConfiguration], ["OFF", undefined]);
    assert.deepEqual([inputs.deletionProtection, protect], ["INACTIVE", false]);
    const strict = await centralRun({ login: { mfa: "required" } });
    assert.equal(strict.one("aws:cognito/userPool:UserPool").inputs.mfaConfiguration, "ON");
  });

  it("has an identity pool only when told so, for logged-in people and without a permission", async () => {
    assert.deepEqual(run.all("aws:cognito/identityPool:IdentityPool"), []);
    assert.equal(run.outputs.identityPoolId, undefined);
    const pooled = await centralRun({ login: { identityPool: true } });
    const pool = pooled.one("aws:cognito/identityPool:IdentityPool");
    assert.deepEqual([pool.inputs.allowUnauthenticatedIdentities, pool.inputs.allowClassicFlow], [false, false]);
    const [provider] = pool.inputs.cognitoIdentityProviders as Record<string, unknown>[];
    assert.equal(provider?.serverSideTokenCheck, true);
    const roles = SHIPPED_PERSONAS.map(({ name, group }) => {
      const role = pooled.one("aws:iam/role:Role", `gatehouse-login-identity-${name}`);
      const groups = pooled
        .all("aws:cognito/userGroup:UserGroup")
        .filter((each) => each.inputs.roleArn === role.state.arn);
      assert.deepEqual(
        groups.map(({ inputs }) => inputs.name),
        [group],
      );
      assert.deepEqual(policy(role.inputs.assumeRolePolicy).Statement[0]?.Condition, {
        StringEquals: { "cognito-identity.amazonaws.com:aud": pooled.outputs.identityPoolId },
        "ForAnyValue:StringLike": { "cognito-identity.amazonaws.com:amr": "authenticated" },
      });
      return role.state.name;
    });
    for (const type of ["rolePolicyAttachment:RolePolicyAttachment", "rolePolicy:RolePolicy"])
      assert.deepEqual(
        pooled.all(`aws:iam/${type}`).filter(({ inputs }) => roles.includes(inputs.role as string)),
        [],
      );
    const [mapping] = pooled.one("aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment").inputs
      .roleMappings as Record<string, unknown>[];
    assert.deepEqual([mapping?.type, mapping?.ambiguousRoleResolution], ["Token", "Deny"]);
  });
});
