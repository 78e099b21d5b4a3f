import assert from "node:assert/strict";
import { zipSync } from "fflate";
import { SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import { authorizerFiles } from "../../authorizer/lambda/bundle.ts";

describe("the authorizer's bundle", () => {
  it("is the same twice, to the byte", () =>
    assert.deepEqual(authorizerFiles(SHIPPED_PERSONAS), authorizerFiles(SHIPPED_PERSONAS)));

  it("stays below 64 KB zipped", () => {
    const files = Object.entries(authorizerFiles(SHIPPED_PERSONAS)).map(
      ([name, text]) => [name, Buffer.from(text)] as const,
    );
    const { length } = zipSync(Object.fromEntries(files), { level: 9 });
    assert.ok(length < 64 * 1024, `${length} bytes`);
  });

  it("holds nothing but our own sources and aws-jwt-verify", () => {
    const { "index.mjs": index } = authorizerFiles(SHIPPED_PERSONAS);
    const sources = [...index.matchAll(/^\/\/ (\S+\.[mc]?[jt]s)$/gm)].map(([, path]) => path ?? "");
    assert.ok(sources.length > 10);
    assert.deepEqual(
      sources.filter((path) => !/^(authorizer|node_modules\/aws-jwt-verify)\//.test(path)),
      [],
    );
  });
});
