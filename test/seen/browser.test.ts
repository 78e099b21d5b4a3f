import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { SignJWT } from "jose";
import type { LocalRun } from "../../local/localRun.ts";
import { send as sendRaw } from "../helpers/serve.ts";
import { testPool } from "../helpers/tokens.ts";
import { localRun, userPoolKey } from "./run.ts";

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

describe("seen working: the browser door, with tokens of the user pool", function () {
  this.timeout(60_000);
  let run: LocalRun;
  before(async () => {
    run = await localRun();
  });

  const user = (persona: string) => {
    const group = run.personas.find(({ name }) => name === persona)?.group ?? assert.fail(persona);
    return run.users.find(({ groups }) => groups.includes(group)) ?? assert.fail(persona);
  };
  const bearer = async (persona: string) => `Bearer ${await run.token({ as: user(persona).name })}`;
  const send = async (
    authorization: string | undefined,
    method: string,
    path: string,
    body?: object | string,
    more: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(`${run.urls.browser}${path}`, {
      method,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(typeof body === "object" ? { "content-type": "application/json" } : {}),
        ...more,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      redirect: "manual",
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const json = (answer: Answer) => {
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text) as Readonly<Record<string, unknown>>;
  };

  it("logs in with a password, and refreshes, as a browser does", async () => {
    const { name, password } = user("reader");
    const cognito = async (target: string, input: object) => {
      const response = await fetch(run.urls.userPool, {
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": `AWSCognitoIdentityProviderService.${target}`,
        },
        body: JSON.stringify(input),
      });
      return {
        status: response.status,
        body: (await response.json()) as { AuthenticationResult?: Record<string, string>; __type?: string },
      };
    };
    const auth = (AuthFlow: string, AuthParameters: object) =>
      cognito("InitiateAuth", { AuthFlow, ClientId: run.clientId, AuthParameters });
    const wrong = await auth("USER_PASSWORD_AUTH", { USERNAME: name, PASSWORD: `${password}x` });
    assert.deepEqual([wrong.status, wrong.body.__type], [400, "NotAuthorizedException"]);
    const login = await auth("USER_PASSWORD_AUTH", { USERNAME: name, PASSWORD: password });
    const refreshed = await auth("REFRESH_TOKEN_AUTH", {
      REFRESH_TOKEN: login.body.AuthenticationResult?.RefreshToken,
    });
    for (const { body } of [login, refreshed]) {
      const answer = await send(
        `Bearer ${body.AuthenticationResult?.AccessToken ?? ""}`,
        "GET",
        "/ajax-api/2.0/mlflow/users/current",
      );
      assert.equal((json(answer).user as { username: string }).username, name);
    }
    // An ID token says who somebody is, not that this client may call for him.
    assert.equal(
      (
        await send(
          `Bearer ${login.body.AuthenticationResult?.IdToken ?? ""}`,
          "GET",
          "/ajax-api/2.0/mlflow/users/current",
        )
      ).status,
      401,
    );
  });

  it("gives every persona the same answers as the code door", async () => {
    const [scientist, reader, approver, admin] = [
      await bearer("scientist"),
      await bearer("reader"),
      await bearer("approver"),
      await bearer("admin"),
    ];
    const api = "/ajax-api/2.0/mlflow";
    const { experiment_id } = json(await send(scientist, "POST", `${api}/experiments/create`, { name: "by token" }));
    const { run: created } = json(await send(scientist, "POST", `${api}/runs/create`, { experiment_id })) as {
      run: { info: { run_id: string; artifact_uri: string } };
    };
    const { run_id, artifact_uri } = created.info;
    const artifact = `/ajax-api/2.0/mlflow-artifacts/artifacts${artifact_uri.slice("mlflow-artifacts:".length)}/a%20b.txt`;
    json(await send(scientist, "POST", `${api}/runs/log-metric`, { run_id, key: "loss", value: 0.5, timestamp: 1 }));
    assert.equal((await send(scientist, "PUT", artifact, "seen")).status, 200);
    json(await send(scientist, "POST", `${api}/registered-models/create`, { name: "token model" }));
    json(
      await send(scientist, "POST", `${api}/model-versions/create`, {
        name: "token model",
        source: `runs:/${run_id}/model`,
        run_id,
      }),
    );

    // Reads, every persona alike.
    for (const persona of [scientist, reader, approver, admin]) {
      json(await send(persona, "GET", `${api}/runs/get?run_id=${run_id}`));
      json(
        await send(persona, "POST", `${api}/runs/search`, {
          experiment_ids: [experiment_id],
          filter: "metrics.loss < 1",
        }),
      );
      assert.equal((await send(persona, "GET", artifact)).text, "seen");
      assert.equal((await send(persona, "GET", `/get-artifact?run_uuid=${run_id}&path=a%20b.txt`)).text, "seen");
      const query = { query: `{ mlflowGetRun(input: {runId: "${run_id}"}) { run { info { runId } } } }` };
      assert.match((await send(persona, "POST", "/graphql", query)).text, new RegExp(run_id));
    }
    const status = async (persona: string, method: string, path: string, body: object) =>
      (await send(persona, method, path, body)).status;
    const alias = [`${api}/registered-models/alias`, { name: "token model", alias: "champion", version: "1" }] as const;
    for (const [persona, method, [path, body], expected] of [
      [reader, "POST", [`${api}/runs/create`, { experiment_id }], 403],
      [reader, "POST", [`${api}/runs/log-metric`, { run_id, key: "loss", value: 0, timestamp: 2 }], 403],
      [reader, "PUT", [artifact, {}], 403],
      [reader, "POST", alias, 403],
      [scientist, "POST", alias, 403],
      [approver, "POST", [`${api}/registered-models/create`, { name: "of the approver" }], 403],
      [approver, "POST", [`${api}/runs/create`, { experiment_id }], 403],
      [approver, "POST", alias, 200],
      [scientist, "DELETE", [`${api}/registered-models/delete`, { name: "token model" }], 403],
      [approver, "DELETE", [`${api}/registered-models/delete`, { name: "token model" }], 403],
      [admin, "POST", ["/ajax-api/3.0/mlflow/workspaces", { name: "other" }], 403],
      [admin, "DELETE", [`${api}/registered-models/delete`, { name: "token model" }], 200],
      [admin, "POST", [`${api}/runs/delete`, { run_id }], 200],
      [admin, "POST", [`${api}/experiments/delete`, { experiment_id }], 200],
    ] as const)
      assert.equal(await status(persona, method, path, body), expected, `${method} ${path} ${JSON.stringify(body)}`);
  });

  it("knows a person by one name, whichever door he came by", async () => {
    const answer = await send(await bearer("scientist"), "GET", "/ajax-api/2.0/mlflow/users/current");
    assert.equal((json(answer).user as { username: string }).username, "ada@acme.example");
  });

  it("puts a person into his team's workspace at either door, unless he asks for another of his own", async () => {
    const token = await bearer("reader");
    const search = "/ajax-api/2.0/mlflow/experiments/search?max_results=1000";
    const inWorkspace = async (workspace: string | undefined) =>
      send(token, "GET", search, undefined, workspace === undefined ? {} : { "x-mlflow-workspace": workspace });
    await send(await bearer("scientist"), "POST", "/ajax-api/2.0/mlflow/experiments/create", { name: "of the team" });
    assert.match((await inWorkspace(undefined)).text, /"of the team"/);
    assert.match((await inWorkspace("vision")).text, /"of the team"/);
    const shared = await inWorkspace("shared");
    assert.equal(shared.status, 200);
    assert.doesNotMatch(shared.text, /"of the team"/);
    assert.equal((await inWorkspace("somebody-elses")).status, 403);
  });

  it("lets the platform-admin manage workspaces under a user of his own, and see no experiments", async () => {
    const platform = await bearer("platform-admin");
    const current = json(await send(platform, "GET", "/ajax-api/2.0/mlflow/users/current")).user as {
      username: string;
      is_admin: boolean;
    };
    assert.deepEqual([current.username, current.is_admin], ["platform-admin#platform-admin", true]);
    assert.equal((await send(platform, "GET", "/ajax-api/3.0/mlflow/workspaces")).status, 200);
    assert.equal((await send(platform, "GET", "/ajax-api/2.0/mlflow/experiments/search?max_results=1")).status, 403);
  });

  it("refuses with a sentence that says why, to whom, and how to ask", async () => {
    const { status, text } = await send(await bearer("reader"), "POST", "/ajax-api/2.0/mlflow/runs/create", {});
    assert.equal(status, 403);
    const { ask, ...said } = JSON.parse(text) as Record<string, string>;
    assert.deepEqual(said, {
      error_code: "PERMISSION_DENIED",
      message: "reader may not make this call",
      person: "bo@acme.example",
      personas: "reader",
    });
    assert.match(ask ?? "", /^`gatehouse explain` says which persona may do this; ask an admin/);
  });

  it("answers a preflight without login, for the UI's origin alone, and never by MLflow", async () => {
    const asked = {
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    };
    const { status, headers } = await send(undefined, "OPTIONS", "/ajax-api/2.0/mlflow/runs/search", undefined, asked);
    assert.ok(status === 200 || status === 204, String(status));
    assert.equal(headers.get("access-control-allow-origin"), "https://mlflow.acme.example");
  });

  it("takes writes from the UI's origin and from no other", async () => {
    const search = (origin: string, token: string) =>
      send(token, "POST", "/ajax-api/2.0/mlflow/runs/search", { experiment_ids: ["0"] }, { origin });
    const token = await bearer("reader");
    assert.equal((await search("https://mlflow.acme.example", token)).status, 200);
    assert.equal((await search("https://evil.example", token)).status, 403);
  });

  describe("refuses", () => {
    const path = "/ajax-api/2.0/mlflow/experiments/search?max_results=1";
    /** Signed by the pool's own key: nothing is wrong with it but what was changed. */
    const resigned = async (changed: Record<string, unknown>) => {
      const [head = "", payload = ""] = (await run.token({ as: user("reader").name })).split(".");
      const decoded = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, string>;
      const token = new SignJWT({ ...decoded(payload), ...changed }).setProtectedHeader({
        alg: "RS256",
        ...decoded(head),
      });
      return `Bearer ${await token.sign(createPrivateKey(userPoolKey()))}`;
    };
    const cases: Record<string, [() => Promise<string | undefined> | undefined, number]> = {
      "no token": [() => undefined, 401],
      "a token that isn't one": [async () => "Bearer a.b.c", 401],
      "basic authentication": [async () => `Basic ${Buffer.from("admin:password").toString("base64")}`, 401],
      "a forged token": [
        async () => {
          const claims = JSON.parse(
            Buffer.from((await run.token({ as: user("admin").name })).split(".")[1] ?? "", "base64url").toString(),
          ) as object;
          return `Bearer ${await (await testPool()).token({ ...claims })}`;
        },
        401,
      ],
      "a tampered token": [
        async () => {
          const [head, payload = "", signature] = (await run.token({ as: user("reader").name })).split(".");
          const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
          return `Bearer ${head}.${Buffer.from(JSON.stringify({ ...claims, "cognito:groups": ["admins"] })).toString("base64url")}.${signature}`;
        },
        401,
      ],
      "another client's token": [() => resigned({ client_id: "3n4b5urk1ft4fl3mg5e62d9ado" }), 401],
      "another pool's token": [
        () => resigned({ iss: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Another00" }),
        401,
      ],
      "an ID token": [() => resigned({ token_use: "id", aud: run.clientId }), 401],
      "a token without expiry": [() => resigned({ exp: undefined }), 401],
      "a person in no group": [() => resigned({ "cognito:groups": [] }), 403],
      "a person in unknown groups": [() => resigned({ "cognito:groups": ["Admins", "root"] }), 403],
      "a user name that can't be a person": [() => resigned({ username: "Ada#platform-admin" }), 403],
      "an expired token": [
        async () => {
          const token = await run.token({ as: user("reader").name, seconds: 1 });
          await new Promise((resolve) => setTimeout(resolve, 1_200));
          return `Bearer ${token}`;
        },
        401,
      ],
    };
    it("nothing of a token that it signed itself", async () =>
      assert.equal((await send(await resigned({}), "GET", path)).status, 200));
    for (const [name, [authorization, expected]] of Object.entries(cases))
      it(name, async () => assert.equal((await send(await authorization(), "GET", path)).status, expected));

    for (const spelling of [
      "//ajax-api/2.0/mlflow/runs/create",
      "/ajax-api%2F2.0/mlflow/runs/create",
      "/ajax-api/2.0/mlflow/runs/%63reate",
      "/ajax-api/2.0/x/../mlflow/runs/create",
    ])
      it(`the path ${spelling}, before MLflow sees it`, async () => {
        // fetch would tidy the path up.
        const { origin, pathname } = new URL(run.urls.browser);
        const headers = [["authorization", await bearer("admin")]] as const;
        const { status } = await sendRaw(origin, {
          method: "POST",
          path: `${pathname}${spelling}`,
          headers,
          body: "{}",
        });
        assert.ok(status === 400 || status === 403, String(status));
      });
  });

  it("keeps a client from naming himself", async () => {
    const token = await bearer("reader");
    for (const name of [
      "X-Gatehouse-Caller",
      "x_gatehouse_caller",
      "X-Gatehouse-Assertion",
      "X_Gatehouse_Proof",
      "X-Gatehouse-Proof",
    ]) {
      const answer = await send(token, "GET", "/ajax-api/2.0/mlflow/users/current", undefined, {
        [name]: "arn:aws:sts::111111111111:assumed-role/gatehouse-vision-admin/dan@acme.example",
      });
      if (answer.status === 200) assert.match(answer.text, /bo@acme\.example/);
      else assert.ok([400, 401, 403].includes(answer.status), `${name}: ${answer.status}`);
    }
  });

  it("lets nobody past the gateway", async () => {
    for (const headers of [
      {},
      { "x-gatehouse-proof": "guess" },
      { "x-gatehouse-caller": "arn:aws:sts::111111111111:assumed-role/gatehouse-vision-admin/dan@acme.example" },
      { authorization: await bearer("admin") },
    ])
      for (const path of ["/api/2.0/mlflow/experiments/search?max_results=1", "/v1/traces", "/version", "/graphql"]) {
        const { status } = await fetch(`${run.urls.mlflow}${path}`, { headers: headers as Record<string, string> });
        assert.equal(status, 401, path);
      }
  });
});
