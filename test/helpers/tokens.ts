import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** A user pool that exists only in the test: its key, and what is in a good access token of it. */
export interface TestPool {
  readonly userPoolId: string;
  readonly clientId: string;
  readonly issuer: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** A token with some claims or header fields changed; undefined takes a claim away. */
  readonly token: (claims?: Record<string, unknown>, header?: Record<string, unknown>) => Promise<string>;
  /** How the authorizer fetches the key set; counts its calls. */
  readonly fetchJwks: { calls: number; fetch: (uri: string) => Promise<ArrayBuffer> };
}

export const ASSERTION_KEY = "an assertion key of the test, long enough";

export async function testPool(userPoolId = "eu-west-1_TestPool1", clientId = "testclient1"): Promise<TestPool> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: `key of ${userPoolId}`, alg: "RS256", use: "sig" };
  const issuer = `https://cognito-idp.eu-west-1.amazonaws.com/${userPoolId}`;
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sub: "c0ffee00-0000-4000-8000-000000000000",
    iss: issuer,
    client_id: clientId,
    token_use: "access",
    scope: "aws.cognito.signin.user.admin",
    username: "ada@acme.example",
    "cognito:groups": ["scientists", "team-vision"],
    auth_time: now,
    iat: now,
    exp: now + 900,
  };
  const fetchJwks = {
    calls: 0,
    fetch: async (uri: string) => {
      fetchJwks.calls++;
      if (uri !== `${issuer}/.well-known/jwks.json`) throw new Error(`no key set at ${uri}`);
      return new TextEncoder().encode(JSON.stringify({ keys: [jwk] })).buffer as ArrayBuffer;
    },
  };
  return {
    userPoolId,
    clientId,
    issuer,
    claims,
    fetchJwks,
    token: (changed = {}, header = {}) =>
      new SignJWT({ ...claims, ...changed })
        .setProtectedHeader({ alg: "RS256", kid: jwk.kid, ...header })
        .sign(privateKey),
  };
}
