import assert from "node:assert/strict";
import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import type { Run } from "./record.ts";
import { centralRun, policy } from "./stacks.ts";

const VISION = { account: "222222222222", personas: ["reader", "scientist"], workspaces: ["vision"] };
const PROVIDER = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com";
const GITHUB = {
  train: { repository: "acme/vision", ref: "refs/heads/main", persona: "scientist" },
  report: { repository: "acme/vision", environment: "reports", persona: "reader" },
};

describe("workflows of GitHub Actions", () => {
  let run: Run;
  before(async () => {
    run = await centralRun({ consumers: { vision: { ...VISION, github: GITHUB } } });
  });

  /** Whether a token of GitHub's, with some claims changed, opens a role. */
  const opens = (workflow: string, claims: Record<string, string>, provider = PROVIDER) => {
    const { inputs, state } = run.one("aws:iam/role:Role", `gatehouse-access-vision-ci-${workflow}`);
    const context = Object.fromEntries(
      Object.entries(claims).map(([claim, value]) => [`token.actions.githubusercontent.com:${claim}`, value]),
    );
    return evaluate([policy(inputs.assumeRolePolicy) as unknown as PolicyDocument], {
      action: "sts:AssumeRoleWithWebIdentity",
      resource: String(state.arn),
      principal: { type: "Federated", id: provider },
      context,
    }).effect;
  };
  const aud = "sts.amazonaws.com";
  const main = { aud, sub: "repo:acme/vision:ref:refs/heads/main" };

  it("take a role with the token of their own repository and branch", () => {
    assert.equal(opens("train", main), "allow");
    assert.equal(opens("report", { aud, sub: "repo:acme/vision:environment:reports" }), "allow");
  });

  const foreign: Readonly<Record<string, Record<string, string>>> = {
    "another branch": { aud, sub: "repo:acme/vision:ref:refs/heads/feature" },
    "a longer branch": { aud, sub: "repo:acme/vision:ref:refs/heads/main2" },
    "a pull request": { aud, sub: "repo:acme/vision:pull_request" },
    "a fork": { aud, sub: "repo:mallory/vision:ref:refs/heads/main" },
    "another repository of the owner": { aud, sub: "repo:acme/other:ref:refs/heads/main" },
    "an environment": { aud, sub: "repo:acme/vision:environment:reports" },
    "another letter case": { aud, sub: "repo:Acme/vision:ref:refs/heads/main" },
    "another audience": { ...main, aud: "https://github.com/acme" },
    "no audience": { sub: main.sub },
    "no subject": { aud },
  };
  for (const [what, claims] of Object.entries(foreign))
    it(`are refused with the token of ${what}`, () => assert.equal(opens("train", claims), "implicitDeny"));

  it("are refused with a token of another issuer", () =>
    assert.equal(opens("train", main, "arn:aws:iam::111111111111:oidc-provider/evil.example"), "implicitDeny"));

  it("hold what their persona may, and are services to MLflow", () => {
    const arns = run.outputs.personaPolicyArns as Record<string, string[]>;
    const attached = run
      .all("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
      .filter(({ inputs }) => inputs.role === "gatehouse-vision-ci-train")
      .map(({ inputs }) => String(inputs.policyArn));
    assert.deepEqual(attached.sort(), [...(arns.scientist ?? [])].sort());
    const [container] = JSON.parse(
      String(run.one("aws:ecs/taskDefinition:TaskDefinition").inputs.containerDefinitions),
    ) as { environment: { name: string; value: string }[] }[];
    const access = JSON.parse(container?.environment.find(({ name }) => name === "GATEHOUSE_ACCESS")?.value ?? "") as {
      roles: Record<string, object>;
    };
    assert.deepEqual(access.roles["gatehouse-vision-ci-train"], {
      persona: "scientist",
      workspaces: ["vision"],
      service: true,
    });
    assert.deepEqual(access.roles["gatehouse-vision-reader"], { persona: "reader", workspaces: ["vision"] });
  });

  it("use the account's provider where it has one, and none is made where nobody asks", async () => {
    assert.equal(
      run.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider").inputs.url,
      "https://token.actions.githubusercontent.com",
    );
    const own = await centralRun({ githubProviderArn: PROVIDER, consumers: { vision: { ...VISION, github: GITHUB } } });
    assert.deepEqual(own.all("aws:iam/openIdConnectProvider:OpenIdConnectProvider"), []);
    assert.deepEqual((await centralRun()).all("aws:iam/openIdConnectProvider:OpenIdConnectProvider"), []);
  });
});
