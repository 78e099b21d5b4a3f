import assert from "node:assert/strict";
import { type AssumeInput, createSts, StsError, type StsLogRecord } from "../../local/sts/index.ts";
import { send, serve } from "../helpers/serve.ts";
import { signedHeaders } from "./sign.ts";
import {
  CENTRAL,
  CONSUMER,
  centralPlan,
  consumerPlan,
  executionRole,
  personaRole,
  plan,
  REGION,
  role,
} from "./tinyPlan.ts";

const KEY = Buffer.alloc(32, 9);
let time = Date.parse("2026-11-24T18:00:00Z");

const organizations = { [CENTRAL]: "o-tiny", [CONSUMER]: "o-tiny" };
const create = (options: Partial<Parameters<typeof createSts>[0]> = {}) =>
  createSts({
    plans: [centralPlan(), consumerPlan()],
    key: KEY,
    region: REGION,
    organizations,
    now: () => time,
    ...options,
  });

const person = (name: string) => `${name}@acme.example`;

function refusal(run: () => unknown): StsError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StsError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "must be refused" });
}

describe("local STS", () => {
  const sts = create();
  const caller = (persona: string, profile: string) =>
    sts.issue({ roleArn: executionRole(persona, profile), sessionName: "SageMaker" }).session;
  const assume = (persona: string, profile: string, input: Partial<AssumeInput> = {}) =>
    sts.assume(caller(persona, profile), { roleArn: personaRole(persona), sessionName: person(profile), ...input });

  it("lets a person take his own persona, and nothing else", () => {
    const { session, credentials } = assume("reader", "bo");
    assert.equal(session.role.arn, personaRole("reader"));
    assert.equal(credentials.expiration.getTime(), time + 3_600_000);
    assert.match(credentials.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
    const cases: Record<string, [() => unknown, RegExp]> = {
      "another persona, allowed by his own policies": [
        () => assume("reader", "bo", { roleArn: personaRole("scientist") }),
        /^the trust policy of gatehouse-vision-scientist/,
      ],
      "another person's name": [() => assume("reader", "bo", { sessionName: person("ada") }), /^the trust policy/],
      "a profile whose own policies don't allow it": [
        () => assume("reader", "cy"),
        /^the policies of gatehouse-vision-cy/,
      ],
      "a boundary that doesn't allow it": [() => assume("reader", "di"), /^the policies of gatehouse-vision-di/],
      "a role that isn't there": [
        () => assume("reader", "bo", { roleArn: personaRole("nobody") }),
        /no stack declares/,
      ],
      "session tags": [() => assume("reader", "bo", { tags: { "gatehouse:person": person("ada") } }), /sts:TagSession/],
      "a source identity": [() => assume("reader", "bo", { sourceIdentity: "ada" }), /sts:SetSourceIdentity/],
      "a wildcard for a name": [() => assume("reader", "bo", { sessionName: "*" }), /roleSessionName/],
      "too short a session": [() => assume("reader", "bo", { seconds: 899 }), /durationSeconds/],
      "too long a session": [() => assume("reader", "bo", { seconds: 3601 }), /role chaining/],
    };
    for (const [what, [run, reason]] of Object.entries(cases)) assert.match(refusal(run).reason, reason, what);
  });

  it("asks for a policy of the caller's own where the role is another account's, though its trust names the caller", () => {
    const from = (account: string) => role({ account, path: "/", name: "from", trust: [] });
    const trust = [CENTRAL, CONSUMER].map((account) => ({
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:role/from` },
      Action: "sts:AssumeRole",
    }));
    const target = role({ account: CENTRAL, path: "/", name: "target", trust });
    const local = create({ plans: [plan("x", [...target, ...from(CENTRAL), ...from(CONSUMER)])] });
    const as = (account: string) =>
      local.issue({ roleArn: `arn:aws:iam::${account}:role/from`, sessionName: "me" }).session;
    const input = { roleArn: `arn:aws:iam::${CENTRAL}:role/target`, sessionName: "s1" };
    assert.equal(local.assume(as(CENTRAL), input).session.role.name, "target");
    assert.match(refusal(() => local.assume(as(CONSUMER), input)).reason, /^the policies of from/);
  });

  it("asks for the organization", () => {
    const outside = create({ organizations: { [CENTRAL]: "o-tiny", [CONSUMER]: "o-other" } });
    const from = outside.issue({ roleArn: executionRole("reader", "bo"), sessionName: "SageMaker" }).session;
    assert.equal(
      refusal(() => outside.assume(from, { roleArn: personaRole("reader"), sessionName: person("bo") })).code,
      "AccessDenied",
    );
    const none = create({ organizations: {} });
    const nobody = none.issue({ roleArn: executionRole("reader", "bo"), sessionName: "SageMaker" }).session;
    assert.equal(
      refusal(() => none.assume(nobody, { roleArn: personaRole("reader"), sessionName: person("bo") })).code,
      "AccessDenied",
    );
  });

  it("knows external ids, source identities and tags where a trust policy allows them", () => {
    const allow = [
      { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], Resource: "*" },
    ];
    const trust = [
      {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${CONSUMER}:root` },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": "ticket-7" } },
      },
      {
        Effect: "Allow",
        Principal: { AWS: CONSUMER },
        Action: ["sts:SetSourceIdentity", "sts:TagSession"],
        Condition: { StringLike: { "aws:RequestTag/team": "vis*" } },
      },
    ];
    const target = role({ account: CENTRAL, path: "/", name: "target", trust });
    const from = role({ account: CONSUMER, path: "/", name: "from", trust: [], allow });
    const local = create({ plans: [plan("x", [...target, ...from])] });
    const input = { roleArn: `arn:aws:iam::${CENTRAL}:role/target`, sessionName: "s1", tags: { team: "vision" } };
    const { session } = local.issue({
      roleArn: `arn:aws:iam::${CONSUMER}:role/from`,
      sessionName: "me",
      sourceIdentity: "ada",
    });
    const assumed = local.assume(session, { ...input, externalId: "ticket-7" });
    assert.equal(assumed.session.sourceIdentity, "ada");
    assert.deepEqual(assumed.session.tags, { team: "vision" });
    assert.match(refusal(() => local.assume(session, input)).reason, /sts:AssumeRole/);
    assert.match(
      refusal(() => local.assume(session, { ...input, externalId: "ticket-7", tags: { team: "nlp" } })).reason,
      /TagSession/,
    );
    assert.match(
      refusal(() => local.assume(session, { ...input, externalId: "ticket-7", sourceIdentity: "bo" })).reason,
      /another source identity/,
    );
  });

  it("lets a trust policy that names the very role stand alone in one account", () => {
    const [fromArn, targetArn] = ["from", "target"].map((name) => `arn:aws:iam::${CENTRAL}:role/${name}`);
    const build = (principal: string, allow?: object[]) =>
      create({
        plans: [
          plan("x", [
            ...role({ account: CENTRAL, path: "/", name: "from", trust: [], ...(allow ? { allow } : {}) }),
            ...role({
              account: CENTRAL,
              path: "/",
              name: "target",
              trust: [{ Effect: "Allow", Principal: { AWS: principal }, Action: "sts:AssumeRole" }],
            }),
          ]),
        ],
      });
    const attempt = (local: ReturnType<typeof create>) => () =>
      local.assume(local.issue({ roleArn: fromArn ?? "", sessionName: "me" }).session, {
        roleArn: targetArn ?? "",
        sessionName: "me",
      });
    assert.ok(attempt(build(fromArn ?? ""))());
    assert.equal(refusal(attempt(build(`arn:aws:iam::${CENTRAL}:root`))).code, "AccessDenied");
    assert.equal(
      refusal(attempt(build(fromArn ?? "", [{ Effect: "Deny", Action: "sts:*", Resource: "*" }]))).code,
      "AccessDenied",
    );
  });

  it("keeps sessions through a restart, and ends them in time", () => {
    const { credentials } = assume("reader", "bo");
    const look = (local: ReturnType<typeof create>) =>
      local.credentialFor(credentials.accessKeyId, credentials.sessionToken);
    const again = look(create());
    assert.ok(again.ok && again.secret === credentials.secretAccessKey && again.principal.name === person("bo"));
    const cases = {
      "another key": look(create({ key: Buffer.alloc(32, 8) })),
      "a role that is gone": look(create({ plans: [consumerPlan()] })),
      "no token": sts.credentialFor(credentials.accessKeyId, undefined),
      "another id": sts.credentialFor("ASIAOTHER", credentials.sessionToken),
      "a changed token": sts.credentialFor(credentials.accessKeyId, credentials.sessionToken.replace(/^./, "x")),
      rubbish: sts.credentialFor(credentials.accessKeyId, "."),
    };
    for (const [what, result] of Object.entries(cases)) assert.ok(!result.ok && result.reason === "invalid", what);
    time += 3_600_000;
    const ended = look(sts);
    assert.ok(!ended.ok && ended.reason === "expired");
  });

  it("speaks the Query API", async () => {
    const records: StsLogRecord[] = [];
    const local = create({ now: Date.now, log: (record) => records.push(record) });
    const served = await serve(local.handle);
    const credentials = local.issue({ roleArn: executionRole("reader", "bo"), sessionName: "SageMaker" });
    const call = async (parameters: Record<string, string>, options: { region?: string; service?: string } = {}) => {
      const body = new URLSearchParams(parameters).toString();
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const input = { method: "POST", target: "/", origin: served.origin, headers, body, service: "sts", ...options };
      return send(served.origin, { method: "POST", path: "/", headers: await signedHeaders(credentials, input), body });
    };
    try {
      const good = await call({
        Action: "AssumeRole",
        Version: "2011-06-15",
        RoleArn: personaRole("reader"),
        RoleSessionName: person("bo"),
      });
      assert.equal(good.status, 200);
      assert.match(good.body, /<AssumedRoleId>AROA[A-Z2-7]{17}:bo@acme\.example</);
      const global = await call({ Action: "GetCallerIdentity" }, { region: "us-east-1" });
      assert.match(global.body, new RegExp(`<Account>${CONSUMER}</Account>`));
      const answers: [Record<string, string>, { region?: string; service?: string }, number, string][] = [
        [{ Action: "GetSessionToken" }, {}, 400, "InvalidAction"],
        // Without keys of an issuer, which nobody has by default, no token opens anything.
        [
          { Action: "AssumeRoleWithWebIdentity", RoleArn: "x", RoleSessionName: "me", WebIdentityToken: "e30.e30.e30" },
          {},
          400,
          "InvalidIdentityToken",
        ],
        [{ Action: "AssumeRole", RoleArn: "x" }, {}, 400, "ValidationError"],
        [{ Action: "AssumeRole", RoleArn: "x", RoleSessionName: "me", Policy: "{}" }, {}, 400, "ValidationError"],
        [
          { Action: "AssumeRole", RoleArn: "x", RoleSessionName: "me", DurationSeconds: "1e3" },
          {},
          400,
          "ValidationError",
        ],
        [{ Action: "AssumeRole", RoleArn: "x<y", RoleSessionName: "me" }, {}, 403, "AccessDenied"],
        [{ Action: "GetCallerIdentity" }, { region: "eu-north-1" }, 403, "SignatureDoesNotMatch"],
        [{ Action: "GetCallerIdentity" }, { service: "execute-api" }, 403, "SignatureDoesNotMatch"],
      ];
      for (const [parameters, options, status, code] of answers) {
        const answer = await call(parameters, options);
        assert.deepEqual(
          [answer.status, /<Code>(\w+)</.exec(answer.body)?.[1]],
          [status, code],
          JSON.stringify(parameters),
        );
        assert.doesNotMatch(answer.body, /x<y/);
      }
      const unsigned = await send(served.origin, { method: "POST", path: "/", body: "Action=GetCallerIdentity" });
      assert.match(unsigned.body, /<Code>MissingAuthenticationToken</);
      const [first] = records;
      assert.deepEqual([first?.action, first?.decision, first?.role], ["AssumeRole", "allow", personaRole("reader")]);
      assert.doesNotMatch(JSON.stringify(records), new RegExp(credentials.sessionToken.slice(0, 20)));
    } finally {
      await served.close();
    }
  });
});
