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
