import assert from "node:assert/strict";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import type { SignedRequest } from "../../local/sigv4/canonical.ts";
import { verifySigV4 } from "../../local/sigv4/index.ts";
import { NodeSha256 } from "./sign.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW = Date.parse("2026-11-24T18:00:00Z");

const signer = (sessionToken?: string, service = "execute-api", region = "eu-west-1") =>
  new SignatureV4({
    service,
    region,
    credentials: {
      accessKeyId: "ASIAEXAMPLE",
      secretAccessKey: SECRET,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    sha256: NodeSha256,
  });

interface Input {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string | string[]>>;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly token?: string;
  readonly date?: number;
  readonly service?: string;
  readonly region?: string;
}

const encode = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Signs with AWS's own library, then writes the request as it would go over the wire. */
async function signed(input: Input): Promise<SignedRequest> {
  const body = Buffer.from(input.body ?? "");
  const signedRequest = await signer(input.token, input.service, input.region).sign(
    {
      method: input.method ?? "GET",
      protocol: "http:",
      hostname: "localhost",
      path: input.path ?? "/prod/api",
      query: { ...input.query },
      headers: { host: "localhost:8080", ...input.headers },
      body,
    },
    { signingDate: new Date(input.date ?? NOW) },
  );
  const query = Object.entries(input.query ?? {})
    .flatMap(([key, value]) => [value].flat().map((one) => `${encode(key)}=${encode(one)}`))
    .join("&");
  return {
    method: input.method ?? "GET",
    target: (input.path ?? "/prod/api") + (query ? `?${query}` : ""),
    headers: Object.entries(signedRequest.headers),
    body,
  };
}

const verify = (request: SignedRequest, options: { now?: number; lenient?: boolean } = {}) =>
  verifySigV4(request, {
    service: "execute-api",
    regions: ["eu-west-1"],
    now: options.now ?? NOW,
    lenient: options.lenient,
    credentialFor: (id, token) =>
      id === "ASIAEXAMPLE" && (token === undefined || token === "token/+=")
        ? { ok: true, secret: SECRET, principal: id }
        : { ok: false, reason: token === "old" ? "expired" : "invalid", cause: "unknown" },
  });

const withHeader = (request: SignedRequest, name: string, value: string): SignedRequest => ({
  ...request,
  headers: [...request.headers.filter(([key]) => key !== name), [name, value]],
});

function refusal(request: SignedRequest, options: { now?: number; lenient?: boolean } = {}) {
  const result = verify(request, options);
  assert.ok(!result.ok, "the request must be refused");
  return result;
}

describe("local SigV4", () => {
  it("accepts what AWS's own signer makes, for any query, path and body", async () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab ~:@=+&%/?é😀*'()!,;\"|"), minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          text.filter((key) => !key.startsWith("__")),
          fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
          { maxKeys: 4 },
        ),
        fc.array(text, { maxLength: 3 }),
        fc.oneof(fc.string(), fc.uint8Array({ maxLength: 200 })),
        fc.boolean(),
        async (query, segments, body, hasToken) => {
          const path = `/prod/${segments.map(encode).join("/")}`.replaceAll(/\/+/g, "/");
          const request = await signed({
            method: "POST",
            path,
            query,
            body,
            ...(hasToken ? { token: "token/+=" } : {}),
          });
          const result = verify(request);
          assert.ok(result.ok, JSON.stringify({ result, target: request.target }));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("accepts a large body, and a Host that was signed without its port", async () => {
    assert.ok(verify(await signed({ method: "PUT", body: Buffer.alloc(3_000_000, 7) })).ok);
    const withoutPort = await signed({ headers: { host: "localhost" } });
    assert.ok(verify(withHeader(withoutPort, "host", "localhost:8080")).ok);
  });

  it("refuses whatever was changed after signing", async () => {
    const request = await signed({
      method: "POST",
      path: "/prod/a",
      query: { a: "1", b: "2" },
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    const changed: Record<string, SignedRequest> = {
      method: { ...request, method: "PUT" },
      path: { ...request, target: request.target.replace("/a", "/b") },
      query: { ...request, target: request.target.replace("a=1", "a=2") },
      dropped: { ...request, target: request.target.replace("&b=2", "") },
      body: { ...request, body: Buffer.from("{ }") },
      host: withHeader(request, "host", "elsewhere"),
      type: withHeader(request, "content-type", "text/plain"),
      signature: withHeader(
        request,
        "authorization",
        request.headers.find(([n]) => n === "authorization")?.[1].replace(/.$/, (c) => (c === "0" ? "1" : "0")) ?? "",
      ),
      repeated: { ...request, headers: [...request.headers, ["content-type", "text/plain"]] },
    };
    for (const [what, tampered] of Object.entries(changed)) {
      assert.equal(refusal(tampered).type, "InvalidSignatureException", what);
    }
    // The order of the query doesn't count, nor do spaces around a header.
    assert.ok(verify({ ...request, target: request.target.replace("a=1&b=2", "b=2&a=1") }).ok);
    assert.ok(verify(withHeader(request, "content-type", "  application/json ")).ok);
  });

  it("names the cause in the log, and tells the client what AWS would", async () => {
    const plain = await signed({});
    const without = (name: string) => ({ ...plain, headers: plain.headers.filter(([key]) => key !== name) });
    assert.deepEqual(
      [refusal(without("authorization")).type, refusal(without("authorization")).message],
      ["MissingAuthenticationTokenException", "Missing Authentication Token"],
    );
    assert.equal(refusal(withHeader(plain, "authorization", "Bearer abc")).type, "IncompleteSignatureException");
    assert.match(
      refusal(withHeader(plain, "authorization", "AWS4-HMAC-SHA256 Credential=x")).message,
      /requires 'Signature' parameter/,
    );
    assert.match(refusal({ ...plain, headers: [...plain.headers, ["authorization", "x"]] }).message, /once/);
    assert.match(
      refusal(plain, { now: NOW + 301_000 }).message,
      /^Signature expired: 20261124T180000Z is now earlier than 20261124T180001Z/,
    );
    assert.match(refusal(plain, { now: NOW - 301_000 }).message, /not yet current/);
    assert.ok(verify(plain, { now: NOW + 299_000 }).ok);
    assert.match(refusal(await signed({ service: "s3" })).message, /correct service: 'execute-api'/);
    assert.match(refusal(await signed({ region: "us-east-1" })).message, /valid region/);
    assert.match(refusal(withHeader(plain, "x-amz-extra", "1")).cause, /x-amz-extra/);
    const typed = await signed({ headers: { "content-type": "" } });
    const untyped = { ...typed, headers: typed.headers.filter(([key]) => key !== "content-type") };
    assert.match(refusal(untyped).cause, /'content-type' is not in the request/);
    assert.equal(
      refusal(await signed({ token: "unknown" })).message,
      "The security token included in the request is invalid.",
    );
    assert.equal(refusal(await signed({ token: "old" })).type, "ExpiredTokenException");
    const unsigned = await signed({
      method: "POST",
      body: "x",
      headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
    });
    assert.match(refusal(unsigned).cause, /unsigned payload/);
    assert.match(
      refusal({ ...(await signed({ method: "POST", body: "x" })), body: Buffer.from("y") }).cause,
      /not the one that was signed/,
    );
    const presigned = { ...plain, target: "/prod/api?X-Amz-Signature=00", headers: [["host", "localhost"]] as const };
    assert.match(refusal(presigned).cause, /signed in the query/);
  });

  it("reads a plus of the query as a space, and as sent only when lenient", async () => {
    const space = await signed({ query: { filter: "a b" } });
    assert.ok(verify({ ...space, target: space.target.replace("%20", "+") }).ok);
    const plus = await signed({ query: { filter: "a+b" } });
    assert.ok(verify(plus).ok);
    const raw = { ...plus, target: plus.target.replace("%2B", "+") };
    assert.match(refusal(raw).cause, /sent as `\+`/);
    assert.ok(verify(raw, { lenient: true }).ok);
  });
});
