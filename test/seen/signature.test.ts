import assert from "node:assert/strict";
import type { LocalRun } from "../../local/localRun.ts";
import { send } from "../helpers/serve.ts";
import { type Scope, signedHeaders, type TestCredentials } from "../helpers/signed.ts";
import { localRun } from "./run.ts";

interface Sent {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Options extends Scope {
  readonly credentials?: TestCredentials;
  /** Changes the signed request before it is sent. */
  readonly tamper?: (sent: Sent) => Partial<Sent>;
}

describe("seen working: signatures at the code door", function () {
  this.timeout(60_000);
  let run: LocalRun;
  before(async () => {
    run = await localRun();
  });

  async function sendSigned(options: Options = {}): Promise<{ status: number; type: string; body: string }> {
    const url = new URL(`${run.urls.code}/api/2.0/mlflow/runs/search`);
    const credentials = options.credentials ?? run.credentials({ as: "vision/bo", persona: "reader" });
    const body = '{"experiment_ids":["0"]}';
    const headers = await signedHeaders(credentials, "POST", url, { body, scope: options });
    const signedAs: Sent = { path: url.pathname, method: "POST", headers, body };
    const sent = { ...signedAs, ...options.tamper?.(signedAs) };
    const answer = await send(url.origin, { ...sent, headers: Object.entries(sent.headers) });
    return { status: answer.status, type: String(answer.headers["x-amzn-errortype"] ?? ""), body: answer.body };
  }

  it("accepts a good one", async () => assert.equal((await sendSigned()).status, 200));

  const other = { accessKeyId: "ASIAAAAAAAAAAAAAAAAA", secretAccessKey: "x".repeat(40), sessionToken: "unknown" };
  const late = new Date(Date.now() - 20 * 60_000);
  const cases: Record<string, [() => Options, RegExp]> = {
    "a tampered signature": [
      () => ({
        tamper: ({ headers }) => {
          const authorization = headers.authorization ?? "";
          return {
            headers: { ...headers, authorization: authorization.replace(/.$/, (last) => (last === "0" ? "1" : "0")) },
          };
        },
      }),
      /InvalidSignatureException/,
    ],
    "a changed body": [() => ({ tamper: () => ({ body: '{"experiment_ids":["1"]}' }) }), /InvalidSignatureException/],
    "a changed path": [
      () => ({ tamper: ({ path }) => ({ path: path.replace("search", "create") }) }),
      /InvalidSignatureException/,
    ],
    "a changed method": [() => ({ tamper: () => ({ method: "PUT" }) }), /InvalidSignatureException/],
    "an added query": [() => ({ tamper: ({ path }) => ({ path: `${path}?a=b` }) }), /InvalidSignatureException/],
    "a session token taken away": [
      () => ({ tamper: ({ headers }) => ({ headers: without(headers, "x-amz-security-token") }) }),
      /InvalidSignatureException|UnrecognizedClientException/,
    ],
    "another service in the scope": [() => ({ service: "sts" }), /InvalidSignatureException/],
    "another region in the scope": [() => ({ region: "us-east-1" }), /InvalidSignatureException/],
    "a signature of twenty minutes ago": [() => ({ at: late }), /InvalidSignatureException/],
    "unknown credentials": [() => ({ credentials: other }), /UnrecognizedClientException/],
    "no signature": [
      () => ({ tamper: ({ headers }) => ({ headers: without(headers, "authorization") }) }),
      /MissingAuthenticationTokenException/,
    ],
    "the execution role itself, without AssumeRole": [
      () => ({ credentials: run.credentials({ as: "vision/ada" }) }),
      /AccessDeniedException/,
    ],
  };
  for (const [name, [options, type]] of Object.entries(cases))
    it(`refuses ${name}`, async () => {
      const answer = await sendSigned(options());
      assert.equal(answer.status, 403, answer.body);
      assert.match(answer.type, type, answer.body);
    });
});

function without(headers: Sent["headers"], name: string): Sent["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name));
}
