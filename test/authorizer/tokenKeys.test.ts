import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { tokenVerifier, UnauthorizedError } from "../../authorizer/identity/token.ts";

const [FIRST, SECOND] = ["eu-west-1_First1", "eu-west-1_Second2"] as const;
const issuer = (pool: string) => `https://cognito-idp.eu-west-1.amazonaws.com/${pool}`;
const pools = [FIRST, SECOND].map((userPoolId) => ({ userPoolId, clientIds: ["client"] }));
const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength });

describe("a token's key", () => {
  const { publicKey, privateKey } = rsa(2048);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  /** Signed with RSA and SHA-256, whatever it says of itself. */
  const token = (header: object, pool: string = FIRST, key = privateKey) => {
    const claims = {
      ...{ iss: issuer(pool), client_id: "client", token_use: "access", username: "ada" },
      exp: Math.floor(Date.now() / 1000) + 60,
    };
    const signed = `${part({ alg: "RS256", kid: "one", ...header })}.${part(claims)}`;
    return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), key).toString("base64url")}`;
  };
  const verifier = (jwk: object = {}, key = publicKey) => {
    const own = { ...key.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig", ...jwk };
    const other = { ...rsa(2048).publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" };
    return tokenVerifier(pools, {
      fetch: (uri) => {
        const keys = [uri.includes(FIRST) ? own : other];
        return Promise.resolve(new TextEncoder().encode(JSON.stringify({ keys })).buffer as ArrayBuffer);
      },
    });
  };
  const refused = (attempt: Promise<unknown>) => assert.rejects(attempt, UnauthorizedError);

  it("is good", async () => assert.equal((await verifier()(token({}))).person, "ada"));

  for (const header of [
    { alg: "none" },
    { alg: "HS256" },
    { alg: "RS512" },
    { alg: "rs256" },
    { alg: undefined },
    { crit: ["b64"] },
  ])
    it(`is not taken for a header with ${JSON.stringify(header)}, though the signature is right`, async () => {
      const verify = verifier();
      await refused(verify(token(header)));
      await verify(token({}));
      await refused(verify(token(header)));
    });

  it("signs three parts, not four", async () => {
    await refused(verifier()(`${token({})}.e30`));
  });

  for (const jwk of [{ use: "enc" }, { alg: "RS512" }, { alg: "PS256" }])
    it(`is no key for signatures: ${JSON.stringify(jwk)}`, () => refused(verifier(jwk)(token({}))));

  it("is not a short one", async () => {
    const short = rsa(1024);
    await refused(verifier({}, short.publicKey)(token({}, FIRST, short.privateKey)));
  });

  it("speaks for its own pool alone, also when it is known already", async () => {
    const verify = verifier();
    await verify(token({}));
    await refused(verify(token({}, SECOND)));
  });
});
