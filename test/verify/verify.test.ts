import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deployedTarget } from "../../cli/verify/deployedTarget.ts";
import { send } from "../../cli/verify/send.ts";
import type { Caller, Expected, Finding, Target } from "../../cli/verify/target.ts";
import { verify } from "../../cli/verify/verify.ts";
import type { LocalRun } from "../../local/localRun.ts";
import { declaredAccess } from "../../plan/documents.ts";
import { decide } from "../../plan/matrix.ts";
import { gatehouse } from "../helpers/gatehouse.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { DATA, localRun } from "../seen/run.ts";
import { type Hole, header, planted, withToken } from "./planted.ts";

describe("gatehouse verify", function () {
  this.timeout(300_000);
  let run: LocalRun;
  let target: Target;
  let expected: Expected;
  let admin: Caller;

  before(async () => {
    run = await localRun();
    const access = await declaredAccess(run.plans.central);
    expected = {
      personas: access.personas,
      allows: (door, persona, method, path) => decide(access, door, [persona], method, path).effect === "allow",
    };
    const callers = await Promise.all(["reader", "scientist", "admin"].map(caller));
    admin = callers[2] ?? assert.fail();
    target = {
      urls: run.urls,
      region: run.region,
      origin: "https://mlflow.acme.example",
      callers: callers.slice(0, 2),
    };
  });

  async function caller(persona: string): Promise<Caller> {
    const profile = run.profiles.find((each) => each.persona === persona) ?? assert.fail(persona);
    const { accessKeyId, secretAccessKey, sessionToken } = run.credentials({ as: profile.key, persona });
    return {
      persona,
      person: { code: profile.person, browser: profile.person },
      keys: { accessKeyId, secretAccessKey, sessionToken },
      token: await run.token({ as: profile.person }),
    };
  }

  it("finds nothing wrong with the local run, asked as a local run and as a deployed stack by its outputs", async () => {
    const local = await gatehouse("verify", "local", "--data", DATA, "--json");
    assert.equal(local.code, 0, local.stdout + local.stderr);
    const { holds, findings } = JSON.parse(local.stdout) as { holds: boolean; findings: readonly Finding[] };
    assert.equal(holds, true);
    assert.deepEqual(
      findings.filter(({ outcome }) => outcome === "skipped").map(({ door, persona }) => [door, persona]),
      [["code", "platform-admin"]],
    );
    for (const check of ["identity", "personas", "methods", "paths", "preflight", "size"])
      for (const door of ["code", "browser"])
        assert.ok(
          findings.some((each) => each.check === check && each.door === door && each.outcome === "ok"),
          `${check} at ${door}`,
        );
    const calls = findings.find(
      ({ check, door, persona }) => check === "personas" && door === "code" && persona === "reader",
    );
    assert.ok(Number.parseInt(calls?.said ?? "", 10) > 400, calls?.said);

    const folder = temporaryFolder();
    const file = (name: string, content: unknown) => {
      writeFileSync(join(folder, name), JSON.stringify(content), { mode: 0o600 });
      return join(folder, name);
    };
    const outputs = file("outputs.json", {
      trackingUri: `${run.urls.code}/`,
      browserApiUrl: run.urls.browser,
      region: run.region,
      uiUrl: "https://mlflow.acme.example",
    });
    const { keys, token } = await caller("reader");
    const callers = file("callers.json", {
      reader: {
        person: "bo@acme.example",
        credentials: {
          Version: 1,
          AccessKeyId: keys?.accessKeyId,
          SecretAccessKey: keys?.secretAccessKey,
          SessionToken: keys?.sessionToken,
        },
        token,
      },
    });
    const deployed = await gatehouse(
      "verify",
      "central",
      "--outputs",
      outputs,
      "--callers",
      callers,
      "--check",
      "identity",
      "paths",
      "preflight",
    ); // prettier-ignore
    assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr);
    assert.match(deployed.stdout, /\n0 holes, 0 broken, \d+ as they must be, 0 skipped\n$/);
    assert.ok(!deployed.stdout.includes(token ?? "-"), "no token is printed");
  });

  const HOLES: readonly {
    readonly what: string;
    readonly check: string;
    readonly door: "code" | "browser";
    readonly outcome?: "broken";
    readonly hole: () => Hole;
    readonly said: RegExp;
  }[] = [
    {
      what: "a client's own identity header is believed",
      check: "identity",
      door: "browser",
      hole: () => ({
        before: (passing) =>
          void (header(passing, "x_gatehouse_caller") && withToken(passing, admin.token ?? assert.fail())),
      }),
      said: /sends x_gatehouse_caller: 200 of MLflow, as dan@acme\.example/,
    },
    {
      what: "whoever has no token comes in as somebody",
      check: "identity",
      door: "browser",
      hole: () => ({
        before: (passing) =>
          void (header(passing, "authorization") ?? withToken(passing, admin.token ?? assert.fail())),
      }),
      said: /^no login: 200 of MLflow, must be refused$/,
    },
    {
      what: "everybody is somebody else",
      check: "identity",
      door: "browser",
      hole: () => ({ before: (passing) => withToken(passing, admin.token ?? assert.fail()) as undefined }),
      said: /^MLflow knows bo@acme\.example as dan@acme\.example$/,
    },
    {
      what: "one method is let through to all",
      check: "personas",
      door: "browser",
      hole: () => ({
        before: (passing) => void (passing.method === "PATCH" && withToken(passing, admin.token ?? assert.fail())),
      }),
      said: /^PATCH \/ajax-api\/2\.0\/mlflow\/registered-models\/update: \d+ of MLflow, must be refused$/,
    },
    {
      what: "the code door takes one role for another",
      check: "personas",
      door: "code",
      hole: () => ({
        before: async (passing) => {
          if (!passing.path.includes("/model-versions/delete")) return undefined;
          const path = passing.path.replace(new URL(run.urls.code).pathname, "");
          const { method, body } = passing;
          const asked = { method, path, body, headers: [["content-type", "application/json"]] as const };
          const answer = await send({ ...target, urls: run.urls }, "code", admin, asked);
          return { status: answer.status, headers: {}, body: answer.body };
        },
      }),
      said: /^DELETE \/api\/2\.0\/mlflow\/model-versions\/delete: \d+ of MLflow, must be refused$/,
    },
    {
      what: "a persona's reads are refused",
      check: "personas",
      door: "browser",
      outcome: "broken",
      hole: () => ({
        before: (passing) =>
          passing.path.includes("/runs/search")
            ? { status: 403, headers: { "x-amzn-errortype": "AccessDeniedException" }, body: "{}" }
            : undefined,
      }),
      said: /^POST \/ajax-api\/2\.0\/mlflow\/runs\/search: 403 of the gateway, must be let through$/,
    },
    {
      what: "a header replaces the method",
      check: "methods",
      door: "browser",
      hole: () => ({
        before: (passing) => {
          passing.method = header(passing, "x-http-method-override") ?? passing.method;
          return undefined;
        },
      }),
      said: /^GET with X-HTTP-Method-Override: DELETE: 403 of the gateway$/,
    },
    {
      what: "two slashes are taken for one",
      check: "paths",
      door: "browser",
      hole: () => ({
        before: (passing) => {
          passing.path = passing.path.replaceAll(/\/\/+/g, "/");
          return undefined;
        },
      }),
      said: /^GET \/ajax-api\/\/2\.0\/mlflow\/experiments\/search\?max_results=1: 200 of MLflow, must be refused$/,
    },
    {
      what: "a path is decoded on the way",
      check: "paths",
      door: "browser",
      hole: () => ({
        before: (passing) => {
          passing.path = passing.path.replace("%73", "s");
          return undefined;
        },
      }),
      said: /^GET \/ajax-api\/2\.0\/mlflow\/experiments\/%73earch\?max_results=1: 200 of MLflow, must be refused$/,
    },
    {
      what: "a path without its stage is taken for one with it",
      check: "paths",
      door: "browser",
      hole: () => ({
        before: (passing) => {
          if (passing.path.startsWith("/ajax-api/")) passing.path = `/prod${passing.path}`;
          return undefined;
        },
      }),
      said: /^GET http:\/\/127\.0\.0\.1:\d+\/ajax-api\/2\.0\/mlflow\/experiments\/search\?max_results=1: 200 of MLflow, must be refused$/,
    },
    {
      what: "any page may read",
      check: "preflight",
      door: "browser",
      hole: () => ({
        after: (passing, headers) => {
          headers["access-control-allow-origin"] = header(passing, "origin");
        },
      }),
      said: /^answers https:\/\/evil\.example with https:\/\/evil\.example$/,
    },
    {
      what: "a body has no limit",
      check: "size",
      door: "browser",
      hole: () => ({
        before: ({ body }) => (body.length > 10 * 1024 * 1024 ? { status: 200, headers: {}, body: "{}" } : undefined),
      }),
      said: /^10 MB and 1 kB: 200 of MLflow$/,
    },
  ];
  for (const { what, check, door, outcome = "hole", hole, said } of HOLES)
    it(`finds that ${what}`, async () => {
      const proxy = await planted(run.urls[door], hole());
      try {
        const through = { ...target, urls: { ...target.urls, [door]: proxy.url } };
        const found = await verify(through, expected, [check]);
        const bad = found.filter((each) => each.outcome !== "ok" && each.outcome !== "skipped");
        assert.ok(
          bad.some((each) => each.outcome === outcome && each.door === door && said.test(each.said)),
          JSON.stringify(bad.slice(0, 5)),
        );
        assert.deepEqual(
          bad.filter((each) => each.door !== door),
          [],
        );
      } finally {
        await proxy.close();
      }
    });

  it("finds nothing through a proxy that changes nothing", async () => {
    const proxy = await planted(run.urls.browser, {});
    try {
      const through = { ...target, urls: { ...target.urls, browser: proxy.url } };
      const found = await verify(through, expected, ["identity", "methods", "paths", "preflight", "size"]);
      assert.deepEqual(
        found.filter(({ outcome }) => outcome !== "ok"),
        [],
      );
    } finally {
      await proxy.close();
    }
  });

  it("says what is wrong with what it is given, never the secrets in it", async () => {
    assert.throws(
      () => deployedTarget({ region: "eu-west-1" }, {}, ["reader"]),
      /not those of a central stack:\n {2}trackingUri: .*\n {2}browserApiUrl: /,
    );
    const outputs = {
      trackingUri: "https://a.example/prod",
      browserApiUrl: "https://b.example/prod",
      region: "eu-west-1",
    };
    assert.throws(
      () => deployedTarget(outputs, { boss: { token: "secret-token" } }, ["reader", "admin"]),
      /^UsageError: the stack has no persona boss; it has reader, admin$/,
    );
    const file = join(temporaryFolder(), "callers.json");
    writeFileSync(file, '{"reader": {"token": "secret-token"');
    const broken = await gatehouse("verify", "central", "--outputs", file, "--callers", file);
    assert.deepEqual([broken.code, broken.stderr.includes("secret-token")], [2, false]);
    const nobody = await gatehouse("verify", "central");
    assert.deepEqual([nobody.code, nobody.stderr.includes("--callers")], [2, true]);
    const nothing = await gatehouse("verify", "local", "--data", temporaryFolder());
    assert.deepEqual([nothing.code, nothing.stderr.includes("no local run uses")], [2, true]);
  });
});
