import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { type Run, record } from "./record.ts";
import { centralRun, consumerRun } from "./stacks.ts";

const COMPONENTS = /^gatehouse:index:/;

function components(run: Run): string[] {
  return run.resources.filter(({ type }) => COMPONENTS.test(type)).map(({ type, name }) => `${type} ${name}`);
}

/** Every resource hangs below one of the components, apart from those and what belongs to the stack itself. */
function orphans(run: Run): string[] {
  const byKey = new Map(run.resources.map((each) => [`${each.type} ${each.name}`, each]));
  const held = (key: string | undefined): boolean =>
    key !== undefined && (COMPONENTS.test(key) || held(byKey.get(key)?.parent));
  return run.resources
    .filter(({ type }) => !COMPONENTS.test(type) && !type.startsWith("pulumi:"))
    .filter(({ parent }) => !held(parent))
    .map(({ type, name }) => `${type} ${name}`);
}

describe("the program", () => {
  let central: Run;
  let consumer: Run;
  before(async () => {
    central = await centralRun();
    consumer = await consumerRun();
  });

  it("deploys the components of each kind, and everything inside them", () => {
    assert.deepEqual(components(central), [
      "gatehouse:index:CognitoUi gatehouse-login",
      "gatehouse:index:CrossAccountAccess gatehouse-access",
      "gatehouse:index:MlflowServer gatehouse-mlflow",
      "gatehouse:index:SecureGateway gatehouse",
    ]);
    assert.deepEqual(components(consumer), [
      "gatehouse:index:CrossAccountAccess gatehouse-access",
      "gatehouse:index:StudioDomain gatehouse-studio",
    ]);
    assert.deepEqual(orphans(central), []);
    assert.deepEqual(orphans(consumer), []);
  });

  it("works in the stack's account alone and tags everything", () => {
    for (const [run, account, center] of [
      [central, "111111111111", "ml-platform"],
      [consumer, "222222222222", "vision"],
    ] as const) {
      const { inputs } = run.one("pulumi:providers:aws");
      // A provider takes everything but text as JSON.
      assert.deepEqual(JSON.parse(String(inputs.allowedAccountIds)), [account]);
      assert.equal(inputs.region, "eu-west-1");
      assert.deepEqual(JSON.parse(String(inputs.defaultTags)), {
        tags: { "gatehouse:managed-by": "mlflow-gatehouse", "cost-center": center },
      });
    }
  });

  it("hands out what the interface promises", () => {
    const { trackingUri, browserApiUrl, codeApiId, browserApiId, tokenIssuer, userPoolId } = central.outputs;
    assert.equal(trackingUri, `https://${String(codeApiId)}.execute-api.eu-west-1.amazonaws.com/prod`);
    assert.equal(browserApiUrl, `https://${String(browserApiId)}.execute-api.eu-west-1.amazonaws.com/prod`);
    assert.equal(tokenIssuer, `https://cognito-idp.eu-west-1.amazonaws.com/${String(userPoolId)}`);
    assert.deepEqual(Object.keys(central.outputs).sort(), [
      "accessTable",
      "alarmTopicArn",
      "apiStage",
      "artifactBucket",
      "browserApiId",
      "browserApiUrl",
      "catalogueDigest",
      "ciRoleArns",
      "codeApiId",
      "consumerWorkspaces",
      "dashboardUrl",
      "externalIds",
      "identityProviders",
      "imageUri",
      "loginDomain",
      "mlflowVersion",
      "permissionSets",
      "personaPolicyArns",
      "personaRoleArns",
      "region",
      "tokenIssuer",
      "trackingUri",
      "uiUrl",
      "userPoolClientId",
      "userPoolId",
    ]);
    assert.deepEqual(Object.keys(consumer.outputs).sort(), [
      "clientEnvironment",
      "consumer",
      "executionRoleArns",
      "jobEnvironment",
      "jobPlace",
      "jobRoleArns",
      "personaRoleArns",
      "studioDomainId",
      "studioUrl",
      "trackingUri",
    ]);
  });

  it("refuses wrong settings with one message that names them all, and the region", async () => {
    await assert.rejects(
      record({ kind: "central", account: "1", gatway: {}, workspaces: { vision: {} } }),
      (error: Error) => {
        assert.ok(pulumi.RunError.isInstance(error));
        assert.deepEqual(error.message.split("\n"), [
          "settings of stack test are wrong:",
          "  mlflow-gatehouse:gatway: is no setting; did you mean `gateway`?",
          "  mlflow-gatehouse:account: `1` is not allowed; allowed: 12 digits in quotes",
          "  aws:region: is missing; give a region such as `eu-west-1`",
        ]);
        return true;
      },
    );
  });
});
