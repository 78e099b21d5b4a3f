import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { ENDPOINTS } from "../../authorizer/catalogue/index.ts";
import { compare, needsApproval } from "../../plan/diff/compare.ts";
import { code, escaped } from "../../plan/diff/markdown.ts";
import { asJson, asMarkdown, asText } from "../../plan/diff/render.ts";
import type { Side } from "../../plan/diff/side.ts";
import { narrower } from "../../plan/diff/statements.ts";
import type { Plan, Resource } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { said } from "./said.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ADMIN = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] };

describe("the permission diff of declared stacks", () => {
  let central: Plan;
  let team: Plan;

  before(async () => {
    central = await runProgram({ dir: ROOT, stack: "central" });
    team = await runProgram({ dir: ROOT, stack: "datascience", stackOutputs: { central: central.outputs } });
  });

  const side = (...plans: readonly Plan[]): Side => ({
    label: "side",
    plans,
    routes: ENDPOINTS,
    unknown: [],
    notes: [],
  });
  const diff = (base: Plan, head: Plan) => compare(side(base, team), side(head, team));

  it("finds nothing where nothing changed, and says so", async () => {
    const same = await diff(central, central);
    assert.equal(needsApproval(same), false);
    assert.equal(asText(same), "side → side: nobody gains or loses anything");
  });

  it("finds nothing where only the ids of a deployment differ", async () => {
    const elsewhere = await runProgram({ dir: ROOT, stack: "central", seed: "another account's random values" });
    assert.deepEqual(said(await diff(central, elsewhere)), { gained: [], lost: [], unknown: [] });
  });

  /** Each change opens something: it is a gain, and taken back it is a loss. */
  const OPENINGS: readonly {
    readonly what: string;
    readonly change: (plan: Plan) => Plan;
    readonly sentence: RegExp;
  }[] = [
    {
      what: "a further policy on a persona role",
      change: (plan) =>
        added(plan, "aws:iam/rolePolicy:RolePolicy", "planted", {
          role: "gatehouse-vision-reader",
          policy: JSON.stringify(ADMIN),
        }),
      sentence: /^consumer `vision`'s readers: s3:\* on \*$/,
    },
    {
      what: "a policy of AWS on a role",
      change: (plan) =>
        added(plan, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "planted", {
          role: "gatehouse-vision-reader",
          policyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
        }),
      sentence:
        /^consumer `vision`'s readers: do what the managed policy arn:aws:iam::aws:policy\/AdministratorAccess says$/,
    },
    {
      what: "a route below a persona role that its persona hasn't",
      change: (plan) =>
        added(plan, "aws:iam/rolePolicy:RolePolicy", "planted", {
          role: "gatehouse-vision-reader",
          policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: {
              Effect: "Allow",
              Action: "execute-api:Invoke",
              Resource: `${stageArn(plan)}/POST/api/2.0/mlflow/runs/delete`,
            },
          }),
        }),
      sentence: /^consumer `vision`'s readers: delete runs$/,
    },
    {
      what: "paths that no route stands for",
      change: (plan) =>
        added(plan, "aws:iam/rolePolicy:RolePolicy", "planted", {
          role: "gatehouse-vision-reader",
          policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: `${stageArn(plan)}/GET/new/*` }],
          }),
        }),
      sentence: /^consumer `vision`'s readers: call paths that no route of the catalogue stands for$/,
    },
    {
      what: "a trust that any account has",
      change: (plan) => trusting(plan, (trust) => trust.replace("arn:aws:iam::222222222222:root", "*")),
      sentence: /^AWS \*: sts:AssumeRole as consumer `vision`'s readers$/,
    },
    {
      what: "a trust without the organization",
      change: (plan) =>
        trusting(plan, (trust) =>
          trust.replace('"aws:PrincipalOrgID":"o-a1b2c3d4e5"', '"aws:PrincipalOrgID":["o-a1b2c3d4e5","o-b1b2c3d4e5"]'),
        ),
      sentence: /^AWS arn:aws:iam::222222222222:root: sts:AssumeRole as consumer `vision`'s readers$/,
    },
    {
      what: "a denial that is gone",
      change: (plan) =>
        changed(plan, "aws:apigateway/restApiPolicy:RestApiPolicy", ({ policy }) => {
          const document = JSON.parse(String(policy)) as { Statement: { Effect: string }[] };
          return {
            policy: JSON.stringify({
              ...document,
              Statement: document.Statement.filter(({ Effect }) => Effect !== "Deny"),
            }),
          };
        }),
      sentence: /^\*: execute-api:Invoke on/,
    },
    {
      what: "a workspace for everyone",
      change: (plan) => containers(plan, (text) => text.replace('\\"vision\\":[\\"team-vision\\"]', '\\"vision\\":[]')),
      sentence: /^everyone with a persona: enter workspace `vision` through the browser$/,
    },
    {
      what: "MLflow's own administrator for a persona",
      change: (plan) => containers(plan, (text) => text.replace('\\"isAdmin\\":false', '\\"isAdmin\\":true')),
      sentence: /administer all workspaces \(MLflow's is_admin\)/,
    },
    {
      what: "a method without a login",
      change: (plan) =>
        changed(
          plan,
          "aws:apigateway/method:Method",
          ({ authorization }) => (authorization === "CUSTOM" ? { authorization: "NONE" } : {}),
          "gatehouse-browser-proxy",
        ),
      sentence: /^anyone, without a login: call ANY of gatehouse-browser-proxy/,
    },
    {
      what: "people who sign up by themselves",
      change: (plan) =>
        changed(plan, "aws:cognito/userPool:UserPool", () => ({
          adminCreateUserConfig: { allowAdminCreateUserOnly: false },
        })),
      sentence: /^anyone: sign up by himself$/,
    },
    {
      what: "a bucket without its block of public access",
      change: (plan) =>
        changed(plan, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", () => ({ blockPublicPolicy: false })),
      sentence: /^anyone: read the bucket/,
    },
  ];

  for (const { what, change, sentence } of OPENINGS)
    it(`sees ${what}, and the way back`, async () => {
      const opened = change(central);
      const gain = await diff(central, opened);
      const { gained, lost } = said(gain);
      assert.ok(
        gained.some((each) => sentence.test(each)),
        `no such gain in ${JSON.stringify(gained.slice(0, 9))}`,
      );
      assert.equal(needsApproval(gain), true);
      assert.ok(!lost.some((each) => sentence.test(each)), "a gain is told as a loss, too");
      const back = said(await diff(opened, central));
      assert.ok(
        back.lost.some((each) => sentence.test(each)),
        `no such loss in ${JSON.stringify(back)}`,
      );
      assert.ok(!back.gained.some((each) => sentence.test(each)), "a loss is told as a gain, too");
    });

  it("doesn't call it nothing when the doors can't be read", async () => {
    const blind = changed(central, "aws:lambda/function:Function", () => ({ code: {} }));
    const blinded = await diff(central, blind);
    assert.match(blinded.unknown.join(), /who may call MLflow by the stack central/);
    assert.equal(needsApproval(blinded), true);
  });

  it("tells people and machines the same", async () => {
    const opened = await diff(central, OPENINGS[0]?.change(central) ?? central);
    assert.match(asText(opened), /GAINED\n {2}consumer `vision`'s readers may now\n {4}s3:\* on \*/);
    assert.match(asMarkdown(opened), /### Gained\n\n- consumer `vision`'s readers may now \*\*s3:\\\* on \\\*\*\*/);
    const parsed = JSON.parse(asJson(opened)) as { gained: readonly { area: string; who: readonly string[] }[] };
    assert.deepEqual(
      parsed.gained.map(({ area, who }) => [area, who]),
      [["statement", ["consumer `vision`'s readers"]]],
    );
  });
});

describe("conditions", () => {
  const cases: readonly (readonly [head: object, base: object, narrower: boolean])[] = [
    [{ StringEquals: { "a:b": "x" } }, {}, true],
    [{}, { StringEquals: { "a:b": "x" } }, false],
    [{ StringEquals: { "a:b": "x", "c:d": "y" } }, { StringEquals: { "a:b": "x" } }, true],
    [{ StringEquals: { "a:b": "x" } }, { StringEquals: { "a:b": ["x", "y"] } }, true],
    [{ StringEquals: { "a:b": ["x", "y"] } }, { StringEquals: { "a:b": "x" } }, false],
    // Fewer exceptions open more.
    [{ StringNotEquals: { "a:b": "x" } }, { StringNotEquals: { "a:b": ["x", "y"] } }, false],
    [{ StringLike: { "a:b": "x" } }, { StringEquals: { "a:b": "x" } }, false],
  ];
  for (const [head, base, expected] of cases)
    it(`${JSON.stringify(head)} is ${expected ? "" : "not "}narrower than ${JSON.stringify(base)}`, () =>
      assert.equal(narrower(JSON.stringify(head), JSON.stringify(base)), expected));
});

describe("a stranger's text in a comment", () => {
  const hostile = fc.string({ unit: fc.constantFrom(..."`*_[]()<>!@#|\\~& \nab") });

  it("draws no link, picture, tag, mention or heading of its own", () =>
    fc.assert(
      fc.property(hostile, (text) => {
        // Code is inert; what stands outside of it has every sign escaped.
        const outside = escaped(text)
          .split("`")
          .filter((_, index) => index % 2 === 0)
          .join("");
        assert.doesNotMatch(outside.replaceAll(/\\[\\*_[\]<>#|!~()&]/g, ""), /[*_[\]<>#|!~()&\n]|@(?!\u200b)/);
        assert.equal(escaped(text).split("`").length % 2, 1, "code that never ends");
      }),
    ));

  it("stays one piece of code", () =>
    fc.assert(fc.property(hostile, (text) => assert.match(code(text), /^`[^`\n]*`$/))));
});

function stageArn(plan: Plan): string {
  const api = String(plan.outputs.codeApiId);
  return `arn:aws:execute-api:eu-west-1:111111111111:${api}/prod`;
}

function added(plan: Plan, type: string, name: string, state: Resource["state"]): Plan {
  const resource = { urn: `urn:${name}`, type, name, id: name, parent: null, inputs: state, state };
  return { ...plan, resources: [...plan.resources, resource] };
}

function changed(plan: Plan, type: string, change: (state: Resource["state"]) => object, name?: string): Plan {
  let touched = 0;
  const resources = plan.resources.map((resource) => {
    if (resource.type !== type || (name !== undefined && !resource.name.startsWith(name))) return resource;
    touched += 1;
    return { ...resource, state: { ...resource.state, ...change(resource.state) } };
  });
  assert.ok(touched > 0, `the plan has no ${type} ${name ?? ""}`);
  return { ...plan, resources };
}

function trusting(plan: Plan, change: (trust: string) => string): Plan {
  return changed(plan, "aws:iam/role:Role", ({ name, assumeRolePolicy }) => {
    if (name !== "gatehouse-vision-reader") return {};
    const trust = change(String(assumeRolePolicy));
    assert.notEqual(trust, assumeRolePolicy);
    return { assumeRolePolicy: trust };
  });
}

function containers(plan: Plan, change: (text: string) => string): Plan {
  return changed(plan, "aws:ecs/taskDefinition:TaskDefinition", ({ containerDefinitions }) => {
    const text = change(String(containerDefinitions));
    assert.notEqual(text, containerDefinitions);
    return { containerDefinitions: text };
  });
}
