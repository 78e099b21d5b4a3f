import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import { runProgram } from "../../plan/runProgram.ts";
import type { Run } from "./record.ts";
import { CENTRAL_OUTPUTS, centralRun, consumerRun, object, policy } from "./stacks.ts";

const PERSONAS = ["reader", "scientist", "approver", "admin"];

describe("CrossAccountAccess, central side", () => {
  let run: Run;
  before(async () => {
    run = await centralRun();
  });

  for (const persona of PERSONAS)
    it(`trusts ${persona} roles of the consumer, each under its own person's name, inside the organization`, () => {
      const role = run.one("aws:iam/role:Role", `gatehouse-access-vision-${persona}`);
      assert.deepEqual(
        [role.inputs.name, role.inputs.path, role.inputs.maxSessionDuration],
        [`gatehouse-vision-${persona}`, "/gatehouse/", 3600],
      );
      assert.deepEqual(policy(role.inputs.assumeRolePolicy).Statement, [
        {
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::222222222222:root" },
          Action: "sts:AssumeRole",
          Condition: {
            ArnLike: { "aws:PrincipalArn": `arn:aws:iam::222222222222:role/gatehouse/${persona}/*` },
            StringEquals: {
              "sts:RoleSessionName": "${aws:PrincipalTag/gatehouse:person}",
              "aws:PrincipalOrgID": "o-a1b2c3d4e5",
            },
          },
        },
        {
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::222222222222:root" },
          Action: "sts:SetSourceIdentity",
          Condition: {
            ArnLike: { "aws:PrincipalArn": `arn:aws:iam::222222222222:role/gatehouse/${persona}/*` },
            Null: { "aws:SourceIdentity": "false" },
          },
        },
      ]);
    });

  it("attaches the policies of its persona to a role and nothing else", () => {
    const arns = run.outputs.personaPolicyArns as Record<string, string[]>;
    for (const persona of PERSONAS) {
      const attached = run
        .all("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        .filter(({ inputs }) => inputs.role === `gatehouse-vision-${persona}`)
        .map(({ inputs }) => inputs.policyArn);
      assert.deepEqual(attached.sort(), [...(arns[persona] ?? [])].sort());
    }
    const inline = run.all("aws:iam/rolePolicy:RolePolicy").map(({ inputs }) => String(inputs.role));
    assert.ok(!inline.some((role) => role.startsWith("gatehouse-vision-")));
    assert.deepEqual(run.outputs.personaRoleArns, CENTRAL_OUTPUTS.personaRoleArns);
  });

  it("gives nobody the platform administrator's role", () => {
    const names = run.all("aws:iam/role:Role").map(({ state }) => String(state.name));
    assert.ok(!names.some((name) => name.includes("platform-admin")));
  });

  it("asks for the external id, beside the organization or instead of it", async () => {
    const consumer = {
      account: "222222222222",
      personas: ["reader"],
      workspaces: ["vision"],
      externalId: "vision-8f2c1a",
    };
    const trust = async (organization: string | null) => {
      const other = await centralRun({ organization, consumers: { vision: consumer } });
      const role = other.one("aws:iam/role:Role", "gatehouse-access-vision-reader");
      const [statement] = policy(role.inputs.assumeRolePolicy).Statement;
      return object(statement?.Condition).StringEquals;
    };
    const person = { "sts:RoleSessionName": "${aws:PrincipalTag/gatehouse:person}" };
    assert.deepEqual(await trust(null), { ...person, "sts:ExternalId": "vision-8f2c1a" });
    assert.deepEqual(await trust("o-a1b2c3d4e5"), {
      ...person,
      "aws:PrincipalOrgID": "o-a1b2c3d4e5",
      "sts:ExternalId": "vision-8f2c1a",
    });
  });
});

describe("CrossAccountAccess, consumer side", () => {
  let run: Run;
  before(async () => {
    run = await consumerRun();
  });

  it("lets each execution role take the one persona role that is meant for it", () => {
    const held = { ada: "scientist", bo: "reader", cleo: "approver", dan: "admin" };
    for (const [profile, persona] of Object.entries(held)) {
      const attached = run
        .all("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        .filter(({ inputs }) => inputs.role === `gatehouse-vision-${profile}`);
      assert.equal(attached.length, 1);
      const target = run.all("aws:iam/policy:Policy").find(({ state }) => state.arn === attached[0]?.inputs.policyArn);
      assert.deepEqual(policy(target?.inputs.policy).Statement, [
        {
          Effect: "Allow",
          Action: ["sts:AssumeRole", "sts:SetSourceIdentity"],
          Resource: `arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-${persona}`,
        },
      ]);
    }
  });

  it("says which environment a person's code needs, with the external id where central asks for one", async () => {
    const environment = {
      MLFLOW_TRACKING_URI: CENTRAL_OUTPUTS.trackingUri,
      MLFLOW_TRACKING_AUTH: "gatehouse",
      MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: "5242880",
      MLFLOW_WORKSPACE: "vision",
      GATEHOUSE_ROLE_ARN: "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-scientist",
      GATEHOUSE_SESSION_NAME: "ada@acme.example",
      GATEHOUSE_DURATION_SECONDS: "3600",
      AWS_REGION: "eu-west-1",
      MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: "true",
    };
    assert.deepEqual((run.outputs.clientEnvironment as Record<string, unknown>).ada, environment);
    const strict = await consumerRun({}, { ...CENTRAL_OUTPUTS, externalIds: { vision: "vision-8f2c1a" } });
    assert.deepEqual((strict.outputs.clientEnvironment as Record<string, unknown>).ada, {
      ...environment,
      GATEHOUSE_EXTERNAL_ID: "vision-8f2c1a",
    });
    const seen = await consumerRun({}, { ...CENTRAL_OUTPUTS, uiUrl: "https://mlflow.acme.example" });
    assert.deepEqual((seen.outputs.clientEnvironment as Record<string, unknown>).ada, {
      ...environment,
      MLFLOW_UI_URL: "https://mlflow.acme.example",
    });
  });
});

describe("a consumer that the central stack does not serve", () => {
  // A failing apply ends a whole process: these runs have their own.
  const run = (central: Record<string, unknown>) =>
    runProgram({
      dir: fileURLToPath(new URL("../..", import.meta.url)),
      stack: "datascience",
      stackOutputs: { central },
    });

  it("is told to be added to central's list", async () => {
    const others = { ...CENTRAL_OUTPUTS, personaRoleArns: { audio: {} }, consumerWorkspaces: { audio: [] } };
    await assert.rejects(run(others), /lists no consumer `vision`; it lists audio\. Add it to consumers there/);
  });

  it("is told which persona is missing", async () => {
    const { approver: _, ...roles } = CENTRAL_OUTPUTS.personaRoleArns.vision ?? {};
    const fewer = { ...CENTRAL_OUTPUTS, personaRoleArns: { vision: roles } };
    await assert.rejects(run(fewer), /gives `vision` no persona `approver`; it gives admin, reader, scientist/);
  });

  it("is told which workspace is missing", async () => {
    const fewer = { ...CENTRAL_OUTPUTS, consumerWorkspaces: { vision: ["shared"] } };
    await assert.rejects(run(fewer), /gives `vision` no workspace `vision`; it gives shared/);
  });
});

describe("people of IAM Identity Center", () => {
  const ROLE = "arn:aws:iam::222222222222:role/aws-reserved/sso.amazonaws.com";
  let trusts: (caller: string, person: string | undefined, name: string) => string;
  before(async () => {
    const run = await centralRun({
      consumers: {
        vision: {
          account: "222222222222",
          personas: ["reader", "scientist"],
          workspaces: ["vision"],
          permissionSets: { MlScientist: "scientist", MlReader: "reader" },
        },
      },
    });
    const { inputs, state } = run.one("aws:iam/role:Role", "gatehouse-access-vision-scientist");
    const documents = [policy(inputs.assumeRolePolicy) as unknown as PolicyDocument];
    trusts = (caller, person, name) =>
      evaluate(documents, {
        action: "sts:AssumeRole",
        resource: String(state.arn),
        principal: { type: "AWS", id: caller, account: /::(\d+):/.exec(caller)?.[1] ?? "" },
        context: {
          "aws:PrincipalArn": caller,
          "aws:PrincipalOrgID": "o-a1b2c3d4e5",
          "aws:PrincipalTag/gatehouse:person": person,
          "sts:RoleSessionName": name,
        },
      }).effect;
  });
  const ada = "ada@acme.example";

  it("take the persona of their permission set under their own name, from any home region", () => {
    for (const region of ["", "/eu-west-1"])
      assert.equal(trusts(`${ROLE}${region}/AWSReservedSSO_MlScientist_0123456789abcdef`, ada, ada), "allow");
  });

  it("take no other: not another's name, set, account or path", () => {
    const own = `${ROLE}/eu-west-1/AWSReservedSSO_MlScientist_0123456789abcdef`;
    assert.equal(trusts(own, ada, "bo@acme.example"), "implicitDeny");
    assert.equal(trusts(own, undefined, ada), "implicitDeny");
    for (const caller of [
      own.replace("MlScientist", "MlReader"),
      own.replace("MlScientist", "MlScientist_Junior"),
      own.replace("AWSReservedSSO_", "AWSReservedSSO_X_AWSReservedSSO_"),
      own.replace("222222222222", "333333333333"),
      own.replace("aws-reserved/sso.amazonaws.com/eu-west-1/", ""),
    ])
      assert.equal(trusts(caller, ada, ada), "implicitDeny", caller);
  });
});
