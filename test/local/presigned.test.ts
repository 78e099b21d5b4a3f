import assert from "node:assert/strict";
import { SignatureV4 } from "@smithy/signature-v4";
import type { HeaderList } from "../../local/httpMessage.ts";
import { verifyPresigned } from "../../local/sigv4/presigned.ts";
import { NodeSha256 } from "./sign.ts";

const KEY = { accessKeyId: "AKIAOFTHETASK0000000", secretAccessKey: "a secret of the tests" };
const NOW = Date.parse("2026-11-25T12:00:00Z");

describe("a presigned URL of S3", () => {
  const signed = async (headers: Record<string, string> = {}) => {
    const signer = new SignatureV4({
      ...{ service: "s3", region: "eu-west-1", credentials: KEY, sha256: NodeSha256, uriEscapePath: false },
    });
    const request = { method: "PUT", protocol: "http:", hostname: "s3.example", query: {} };
    const { query = {} } = await signer.presign(
      {
        ...request,
        path: "/bucket/a%20b.bin",
        headers: { host: "s3.example", "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...headers },
      },
      { expiresIn: 600, signingDate: new Date(NOW), unhoistableHeaders: new Set(Object.keys(headers)) },
    );
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    return `/bucket/a%20b.bin?${pairs.join("&")}`;
  };
  const verified = (
    target: string,
    { method = "PUT", headers = [], now = NOW }: { method?: string; headers?: HeaderList; now?: number } = {},
  ) =>
    verifyPresigned(
      { method, target, headers: [["Host", "s3.example"], ...headers] },
      {
        region: "eu-west-1",
        now,
        credentialFor: (id) =>
          id === KEY.accessKeyId
            ? { ok: true, secret: KEY.secretAccessKey, principal: "task" }
            : { ok: false, reason: "invalid", cause: "unknown" },
      },
    );
  const code = (result: ReturnType<typeof verified>) => (result.ok ? "ok" : result.code);

  it("is good for what was signed, as long as it says", async () => {
    const target = await signed();
    for (const now of [NOW, NOW + 599_000, NOW - 60_000]) assert.equal(code(verified(target, { now })), "ok");
    assert.equal(code(verified(target, { now: NOW + 601_000 })), "AccessDenied");
    assert.equal(code(verified(target, { now: NOW - 16 * 60_000 })), "AccessDenied");
  });

  it("takes no header of Amazon's that wasn't signed, such as the source of a copy", async () => {
    const copy: HeaderList = [["x-amz-copy-source", "/bucket/other"]];
    assert.equal(code(verified(await signed(), { headers: copy })), "AccessDenied");
    assert.equal(code(verified(await signed({ "x-amz-copy-source": "/bucket/other" }), { headers: copy })), "ok");
  });

  it("is good for nothing else", async () => {
    const target = await signed();
    const changes: Record<string, string> = {
      path: target.replace("a%20b.bin", "other.bin"),
      "longer life": target.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
      "one more parameter": `${target}&versionId=1`,
    };
    for (const [what, changed] of Object.entries(changes)) {
      assert.notEqual(changed, target, what);
      assert.equal(code(verified(changed)), "SignatureDoesNotMatch", what);
    }
    assert.equal(code(verified(target, { method: "DELETE" })), "SignatureDoesNotMatch");
    assert.equal(code(verified(`${target}&X-Amz-Expires=6000`)), "AuthorizationQueryParametersError");
    assert.equal(code(verified(target.replace("eu-west-1", "us-east-1"))), "AuthorizationQueryParametersError");
    assert.equal(code(verified(target.replace(KEY.accessKeyId, "AKIAOFSOMEBODY000000"))), "InvalidAccessKeyId");
  });
});
