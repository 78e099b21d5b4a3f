import assert from "node:assert/strict";
import { verifySigV4 } from "../../local/sigv4/index.ts";
import { createSts } from "../../local/sts/index.ts";
import { runPython } from "../helpers/python.ts";
import { serve } from "../helpers/serve.ts";
import { CENTRAL, CONSUMER, centralPlan, consumerPlan, executionRole, personaRole, REGION } from "./tinyPlan.ts";

const sts = createSts({
  plans: [centralPlan(), consumerPlan()],
  key: Buffer.alloc(32, 1),
  region: REGION,
  organizations: { [CENTRAL]: "o-tiny", [CONSUMER]: "o-tiny" },
});

describe("stock Python clients", () => {
  it("sign with botocore what the local gateway accepts", async () => {
    const credentials = sts.issue({ roleArn: personaRole("reader"), sessionName: "bo@acme.example" });
    const base = "http://localhost:8080/prod/api";
    const requests = [
      { method: "GET", url: `${base}/2.0/mlflow/runs/get?run_id=a&run_id=b`, body: "" },
      { method: "GET", url: `${base}?filter=name%20%3D%20%27x%27&order=%2B~%3A%40`, body: "" },
      { method: "GET", url: `${base}?flag&empty=&z=1&a=2`, body: "" },
      {
        method: "POST",
        url: `${base}/é`.replace("é", "%C3%A9"),
        body: '{"a": "é"}',
        headers: { "content-type": "application/json" },
      },
      { method: "PUT", url: `${base}/my%20file/a:b@c=d~e`, body: "x".repeat(100_000) },
      { method: "DELETE", url: "http://localhost:8080", body: "" },
    ];
    const signed = JSON.parse(
      await runPython(new URL("sign_with_botocore.py", import.meta.url), { ...credentials, requests }),
    ) as {
      method: string;
      url: string;
      body: string;
      headers: Record<string, string>;
    }[];
    for (const { method, url, body, headers } of signed) {
      const [, host = "", target = ""] = /^http:\/\/([^/]+)(.*)$/.exec(url) ?? [];
      const result = verifySigV4(
        {
          method,
          target: target || "/",
          headers: [["Host", host], ...Object.entries(headers)],
          body: Buffer.from(body),
        },
        { service: "execute-api", regions: [REGION], now: Date.now(), credentialFor: sts.credentialFor },
      );
      assert.ok(result.ok, `${method} ${url}: ${JSON.stringify(result)}`);
    }
  });

  it("sign with our client what the local gateway accepts, whatever the request, and refuses with one byte changed", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = sts.issue({
      roleArn: personaRole("reader"),
      sessionName: "bo@acme.example",
    });
    const script = new URL("../../client/tests/random_requests.py", import.meta.url);
    const environment = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      AWS_REGION: REGION,
    };
    const requests = JSON.parse(
      await runPython(script, { seed: 7, count: 400, origin: "http://localhost:8080" }, environment),
    ) as { method: string; url: string; headers: Record<string, string>; body: string }[];
    const verify = (method: string, target: string, headers: Readonly<Record<string, string>>, body: Buffer) =>
      verifySigV4(
        { method, target, headers: [["Host", "localhost:8080"], ...Object.entries(headers)], body },
        { service: "execute-api", regions: [REGION], now: Date.now(), credentialFor: sts.credentialFor },
      );
    assert.equal(requests.length, 400);
    for (const [index, { method, url, headers, body: encoded }] of requests.entries()) {
      const target = url.replace("http://localhost:8080", "");
      const body = Buffer.from(encoded, "base64");
      const accepted = verify(method, target, headers, body);
      assert.ok(accepted.ok, `${method} ${url}: ${JSON.stringify(accepted)}`);
      const changed = body.length > 0 && index % 2 === 0 ? Buffer.from(body) : undefined;
      if (changed) changed[index % changed.length] = (changed[index % changed.length] ?? 0) ^ 1;
      const refused = verify(method, changed ? target : flipped(target, index), headers, changed ?? body);
      assert.ok(!refused.ok && refused.type === "InvalidSignatureException", `${method} ${url}`);
    }
  });

  it("assume roles with boto3, and read refusals", async () => {
    const served = await serve(sts.handle);
    const assume = (persona: string, name: string) => ({
      operation: "assume_role",
      parameters: { RoleArn: personaRole(persona), RoleSessionName: name },
    });
    try {
      const lines = await runPython(new URL("call_sts.py", import.meta.url), {
        endpoint: served.origin,
        region: REGION,
        credentials: sts.issue({ roleArn: executionRole("reader", "bo"), sessionName: "SageMaker" }),
        calls: [
          { operation: "get_caller_identity", parameters: {} },
          assume("reader", "bo@acme.example"),
          assume("reader", "ada@acme.example"),
          assume("scientist", "bo@acme.example"),
        ],
      });
      const [me, good, posing, wrong] = lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, string>);
      const execution = `arn:aws:sts::${CONSUMER}:assumed-role/gatehouse-vision-bo/SageMaker`;
      assert.deepEqual(me, { arn: execution, account: CONSUMER });
      const reader = `arn:aws:sts::${CENTRAL}:assumed-role/gatehouse-vision-reader/bo@acme.example`;
      assert.deepEqual(good, { arn: reader, self: reader });
      for (const [refused, persona] of [
        [posing, "reader"],
        [wrong, "scientist"],
      ] as const) {
        assert.deepEqual(refused, {
          code: "AccessDenied",
          message: `User: ${execution} is not authorized to perform: sts:AssumeRole on resource: ${personaRole(persona)}`,
        });
      }
    } finally {
      await served.close();
    }
  });
});

/** A path and query with one of its letters changed to another: no part of a percent-encoded byte, whose letters may be of either case. */
function flipped(target: string, index: number): string {
  const spots = [...target.matchAll(/(?<!%.?)[a-zA-Z0-9]/g)].map((match) => match.index);
  const at = spots[index % spots.length] ?? assert.fail(target);
  return `${target.slice(0, at)}${target[at] === "q" ? "r" : "q"}${target.slice(at + 1)}`;
}
