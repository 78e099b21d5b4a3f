import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CognitoJwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { createIssuer, type Issuer } from "../../local/issuer/index.ts";
import type { Plan } from "../../plan/plan.ts";
import { type Served, send, serve } from "../helpers/serve.ts";
import { centralPlan, REGION, resource } from "./tinyPlan.ts";

const CLIENT = "tinyclient0000000000000000";
const POOL = `${REGION}_TinyPool1`;
const USERS = [
  { name: "ada@acme.example", password: "Correct-Horse-1", groups: ["readers", "team-vision"] },
  { name: "bo", password: "Other-Horse-2", groups: [] },
];

/** The tiny plan with other inputs of the user pool's client. */
function withClient(inputs: Record<string, unknown>): Plan {
  const plan = centralPlan();
  const resources = plan.resources.map((one) =>
    one.type.endsWith(":UserPoolClient") ? { ...one, inputs: { ...one.inputs, ...inputs } } : one,
  );
  return { ...plan, resources };
}

function withOtherClient(): Plan {
  const plan = centralPlan();
  const type = "aws:cognito/userPoolClient:UserPoolClient";
  return { ...plan, resources: [...plan.resources, resource(type, "other", { userPoolId: POOL }, { id: "other" })] };
}

describe("local issuer", () => {
  const directory = mkdtempSync(join(tmpdir(), "issuer-"));
  let offset = 0;
  const open = (plan = centralPlan(), options: Partial<Parameters<typeof createIssuer>[0]> = {}) =>
    createIssuer({
      plan,
      users: USERS,
      federatedGroups: ["team-vision"],
      directory,
      allowPasswordFlow: true,
      now: () => Date.now() + offset,
      ...options,
    });
  let issuer: Issuer;
  let served: Served;

  before(async () => {
    issuer = await open();
    served = await serve((request, response) => issuer.handle(request, response));
  });
  after(async () => {
    await served.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    offset = 0;
  });

  const call = (operation: string, input: unknown, raw?: string) =>
    send(served.origin, {
      method: "POST",
      path: "/",
      headers: [
        ["content-type", "application/x-amz-json-1.1"],
        ["x-amz-target", `AWSCognitoIdentityProviderService.${operation}`],
      ],
      body: raw ?? JSON.stringify(input),
    });
  const logIn = (USERNAME: string, PASSWORD: string) =>
    call("InitiateAuth", { AuthFlow: "USER_PASSWORD_AUTH", ClientId: CLIENT, AuthParameters: { USERNAME, PASSWORD } });
  const tokensOf = (answer: { json: Record<string, unknown> }) =>
    answer.json.AuthenticationResult as Record<string, string>;
  const signedIn = async () => tokensOf(await logIn("ada@acme.example", "Correct-Horse-1"));
  const verifier = (tokenUse: "access" | "id") => {
    const cognito = CognitoJwtVerifier.create(
      { userPoolId: POOL, clientId: CLIENT, tokenUse },
      {
        jwksCache: new SimpleJwksCache({ fetcher: issuer.fetchJwks }),
      },
    );
    return (token = "") => cognito.verify(token);
  };

  it("gives tokens with Cognito's claims, which an unmodified verifier accepts", async () => {
    const tokens = await signedIn();
    assert.equal(tokens.TokenType, "Bearer");
    assert.equal(Number(tokens.ExpiresIn), 900);
    const access = await verifier("access")(tokens.AccessToken);
    const id = await verifier("id")(tokens.IdToken);
    assert.deepEqual(Object.keys(access).sort(), [
      "auth_time",
      "client_id",
      "cognito:groups",
      "event_id",
      "exp",
      "iat",
      "iss",
      "jti",
      "origin_jti",
      "scope",
      "sub",
      "token_use",
      "username",
    ]);
    assert.equal(access.exp - access.iat, 900);
    assert.equal(access.username, "ada@acme.example");
    assert.deepEqual(access["cognito:groups"], ["readers", "team-vision"]);
    assert.deepEqual(
      [id.aud, id["cognito:username"], id.sub, id.origin_jti],
      [CLIENT, access.username, access.sub, access.origin_jti],
    );
    assert.deepEqual(Object.keys(decodeProtectedHeader(tokens.AccessToken ?? "")).sort(), ["alg", "kid"]);
    const bo = tokensOf(await logIn("bo", "Other-Horse-2"));
    assert.equal(decodeJwt(bo.AccessToken ?? "")["cognito:groups"], undefined);
  });

  it("serves its key set, and answers a browser of any origin", async () => {
    const keySet = await send(served.origin, { path: `/${POOL}/.well-known/jwks.json` });
    assert.deepEqual(keySet.json, issuer.jwks);
    assert.deepEqual(Object.keys(issuer.jwks.keys[0] ?? {}).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
    const preflight = await send(served.origin, {
      method: "OPTIONS",
      path: "/",
      headers: [["access-control-request-headers", "x-amz-target"]],
    });
    assert.deepEqual(
      [preflight.headers["access-control-allow-origin"], preflight.headers["access-control-allow-headers"]],
      ["*", "x-amz-target"],
    );
    assert.equal((await send(served.origin, { path: "/other" })).status, 404);
  });

  it("refuses in Cognito's words", async () => {
    const refused = async (answer: ReturnType<typeof call>) => {
      const { status, json, headers } = await answer;
      assert.equal(status, 400);
      assert.equal(headers["x-amzn-errortype"], `${String(json.__type)}:`);
      return [json.__type, json.message];
    };
    const wrong = ["NotAuthorizedException", "Incorrect username or password."];
    assert.deepEqual(await refused(logIn("ada@acme.example", "nope")), wrong);
    assert.deepEqual(await refused(logIn("nobody", "nope")), wrong);
    assert.deepEqual(await refused(logIn("__proto__", "nope")), wrong);
    const auth = { AuthFlow: "USER_SRP_AUTH", ClientId: CLIENT, AuthParameters: {} };
    assert.equal((await refused(call("InitiateAuth", auth)))[0], "InvalidParameterException");
    assert.equal((await refused(call("InitiateAuth", { ...auth, ClientId: "other" })))[0], "ResourceNotFoundException");
    assert.equal((await refused(call("InitiateAuth", { ClientId: CLIENT })))[0], "InvalidParameterException");
    assert.equal((await refused(call("InitiateAuth", null, "{")))[0], "SerializationException");
    assert.equal((await refused(call("AdminDeleteUser", {})))[0], "MissingAuthenticationTokenException");
    assert.equal((await refused(call("constructor", {})))[0], "UnknownOperationException");
    const strict = await open(centralPlan(), { allowPasswordFlow: false });
    const other = await serve(strict.handle);
    const body = JSON.stringify({
      AuthFlow: "USER_PASSWORD_AUTH",
      ClientId: CLIENT,
      AuthParameters: { USERNAME: "bo", PASSWORD: "x" },
    });
    const target = [["x-amz-target", "AWSCognitoIdentityProviderService.InitiateAuth"]] as const;
    const answer = await send(other.origin, { method: "POST", path: "/", headers: target, body });
    await other.close();
    assert.deepEqual(answer.json, {
      __type: "InvalidParameterException",
      message: "USER_PASSWORD_AUTH flow not enabled for this client",
    });
  });

  it("refreshes until the login ends or is revoked", async () => {
    const tokens = await signedIn();
    const refresh = () => call("GetTokensFromRefreshToken", { ClientId: CLIENT, RefreshToken: tokens.RefreshToken });
    const old = decodeJwt(tokens.AccessToken ?? "");
    for (const AuthFlow of ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"]) {
      const input = { AuthFlow, ClientId: CLIENT, AuthParameters: { REFRESH_TOKEN: tokens.RefreshToken } };
      const fresh = tokensOf(await call("InitiateAuth", input));
      assert.equal(fresh.RefreshToken, undefined);
      const claims = decodeJwt(fresh.AccessToken ?? "");
      assert.deepEqual([claims.origin_jti, claims.auth_time, claims.sub], [old.origin_jti, old.auth_time, old.sub]);
      assert.notEqual(claims.jti, old.jti);
    }
    // Not through another client of the pool.
    const mine = issuer;
    issuer = await open(withOtherClient());
    const foreign = await call("GetTokensFromRefreshToken", { ClientId: "other", RefreshToken: tokens.RefreshToken });
    assert.equal(foreign.json.message, "Invalid Refresh Token");
    issuer = mine;
    offset = 12 * 3_600_000 + 1000;
    assert.equal((await refresh()).json.message, "Invalid Refresh Token");
    offset = 0;
    assert.equal((await refresh()).status, 200);
    assert.equal((await call("GetUser", { AccessToken: tokens.AccessToken })).json.Username, "ada@acme.example");
    assert.equal((await call("RevokeToken", { ClientId: CLIENT, Token: tokens.RefreshToken })).status, 200);
    assert.equal((await refresh()).json.message, "Invalid Refresh Token");
    assert.equal(
      (await call("GetUser", { AccessToken: tokens.AccessToken })).json.message,
      "Access Token has been revoked",
    );
    assert.equal((await call("GetUser", { AccessToken: tokens.IdToken })).json.message, "Invalid Access Token");
  });

  it("signs out everywhere, and rotates refresh tokens where declared", async () => {
    const [first, second] = [await signedIn(), await signedIn()];
    assert.equal((await call("GlobalSignOut", { AccessToken: first.AccessToken })).status, 200);
    const input = { ClientId: CLIENT, RefreshToken: second.RefreshToken };
    assert.equal((await call("GetTokensFromRefreshToken", input)).status, 400);

    const kept = issuer;
    issuer = await open(withClient({ refreshTokenRotation: { feature: "ENABLED", retryGracePeriodSeconds: 10 } }));
    const old = await signedIn();
    const refresh = (token: string | undefined) =>
      call("GetTokensFromRefreshToken", { ClientId: CLIENT, RefreshToken: token });
    const next = tokensOf(await refresh(old.RefreshToken));
    assert.ok(next.RefreshToken && next.RefreshToken !== old.RefreshToken);
    assert.equal((await refresh(old.RefreshToken)).status, 200);
    offset = 11_000;
    assert.equal((await refresh(old.RefreshToken)).status, 400);
    assert.equal((await refresh(next.RefreshToken)).status, 200);
    issuer = kept;
  });

  it("keeps its key, users and logins in one file that nobody else can read", async () => {
    issuer = await open();
    const tokens = await signedIn();
    const file = join(directory, "issuer.json");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const text = readFileSync(file, "utf8");
    for (const secret of [tokens.RefreshToken, "Correct-Horse-1"]) assert.ok(secret && !text.includes(secret));
    issuer = await open();
    const again = await call("GetTokensFromRefreshToken", { ClientId: CLIENT, RefreshToken: tokens.RefreshToken });
    assert.equal(decodeJwt(tokensOf(again).AccessToken ?? "").sub, decodeJwt(tokens.AccessToken ?? "").sub);
    await verifier("access")(tokens.AccessToken);
    issuer = await open(centralPlan(), { users: USERS.slice(1) });
    assert.equal(
      (await call("GetTokensFromRefreshToken", { ClientId: CLIENT, RefreshToken: tokens.RefreshToken })).status,
      400,
    );
  });

  it("makes tokens for the command line, and refuses groups that nobody declares", async () => {
    const token = await issuer.tokenFor("bo", { seconds: 60, groups: ["readers"] });
    const claims = await verifier("access")(token);
    assert.deepEqual([claims.exp - claims.iat, claims["cognito:groups"]], [60, ["readers"]]);
    await assert.rejects(issuer.tokenFor("nobody"), /no user "nobody"; there are: /);
    await assert.rejects(
      open(centralPlan(), { federatedGroups: [] }),
      /in the group "team-vision", which isn't declared/,
    );
  });
});
