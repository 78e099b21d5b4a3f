import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CognitoJwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { endpointsOf } from "../../authorizer/catalogue/index.ts";
import type { AuthorizerAnswer } from "../../authorizer/lambda/handler.ts";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import { type AuthorizerFunction, loadAuthorizer } from "../../local/gateway/index.ts";
import { authorizerFunction, declaredAccess, restApis } from "../../plan/documents.ts";
import { examplePath } from "../../plan/matrix.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { emptyTables } from "../../test/helpers/tables.ts";
import { type TestPool, testPool } from "../../test/helpers/tokens.ts";
import { micros, type Report, times } from "../report.ts";
import { ROOT } from "../root.ts";
import { interleaved, median, ratio } from "../statistics.ts";

const TOKENS = 400;
const ROUNDS = 60;
/** Of the bare verification of one RS256 signature. */
const BAR = 1.5;

interface Call {
  readonly token: string;
  readonly methodArn: string;
}

/** The declared authorizer bundle, key set fetched, on tokens of as many people, against what no authorizer can do without: one RS256 verification. */
export async function tokenDecision(): Promise<Report> {
  const { pool, handler, closeTables, stageArn, groups } = await declared();
  const calls = await callsOf(pool, stageArn, groups);
  const bare = bareVerification(calls, await publicKey(pool));
  const verifier = CognitoJwtVerifier.create(
    { userPoolId: pool.userPoolId, clientId: pool.clientId, tokenUse: "access" },
    { jwksCache: new SimpleJwksCache({ fetcher: { fetch: pool.fetchJwks.fetch } }) },
  );
  const ask = ({ token, methodArn }: Call) =>
    handler({ type: "TOKEN", authorizationToken: `Bearer ${token}`, methodArn }) as Promise<AuthorizerAnswer>;
  let allowed = 0;
  const samples = await interleaved(ROUNDS, {
    bare,
    library: async () => {
      for (const { token } of calls) await verifier.verify(token);
      return calls.length;
    },
    handler: async () => {
      for (const call of calls) await ask(call);
      return calls.length;
    },
    decision: async () => {
      allowed = 0;
      for (const call of calls) {
        const { policyDocument } = await ask(call);
        const request = { action: "execute-api:Invoke", resource: call.methodArn, context: {} };
        if (evaluate([policyDocument], request).effect === "allow") allowed++;
      }
      return calls.length;
    },
  });
  await closeTables();
  const fetches = pool.fetchJwks.calls;
  const against = (subject: keyof typeof samples) => ratio(samples[subject].cpu, samples.bare.cpu);
  const cpu = (subject: keyof typeof samples) => micros(median(samples[subject].cpu));
  const decided = against("handler");
  return {
    title: `Decision at the browser door (CPU time of one request, ${TOKENS} people × ${ROUNDS} rounds)`,
    figures: [
      {
        what: "the authorizer's decision: token, personas, the whole API's document, signed identity",
        ratio: times(decided),
        against: "bare RS256",
        absolute: cpu("handler"),
      },
      {
        what: "that, and API Gateway's part done here: the document evaluated for one method and path",
        ratio: times(against("decision")),
        against: "bare RS256",
        absolute: cpu("decision"),
      },
      {
        what: "aws-jwt-verify alone",
        ratio: times(against("library")),
        against: "bare RS256",
        absolute: cpu("library"),
      },
      { what: "bare RS256: `node:crypto` verify, parsed before", absolute: cpu("bare") },
    ],
    notes: [
      `${fetches} fetches of key sets in all (the library's and the authorizer's first); ${allowed} of ${TOKENS} allowed`,
    ],
    bars: [
      { what: `a decision takes at most ${BAR} × a bare RS256 verification`, holds: decided <= BAR },
      { what: "no network call once the key set is there", holds: fetches === 2 },
    ],
  };
}

/** The authorizer as the central stack declares it, with a user pool whose key is at hand. */
async function declared() {
  const plan = await runProgram({ dir: ROOT, stack: "central" });
  const access = await declaredAccess(plan);
  const { variables } = (authorizerFunction(plan).inputs.environment ?? {}) as {
    readonly variables?: Readonly<Record<string, string>>;
  };
  const [declaredPool] = JSON.parse(variables?.GATEHOUSE_USER_POOLS ?? "[]") as {
    readonly userPoolId: string;
    readonly clientIds: readonly string[];
  }[];
  const pool = await testPool(declaredPool?.userPoolId, declaredPool?.clientIds[0]);
  const directory = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
  let handler: AuthorizerFunction;
  const tables = await emptyTables(plan);
  try {
    handler = await loadAuthorizer({
      plan,
      api: restApis(plan).browser.id,
      directory,
      environment: { ...tables.environment, GATEHOUSE_ACCESS_CACHE_SECONDS: "900" },
      fetchJwks: { fetch: pool.fetchJwks.fetch },
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
  return {
    pool,
    handler,
    closeTables: tables.close,
    stageArn: access.stageArns.browser,
    groups: access.personas.map(({ group }) => group),
  };
}

/** As many people as calls; personas and routes in turn. */
function callsOf(pool: TestPool, stageArn: string, groups: readonly string[]): Promise<readonly Call[]> {
  const endpoints = endpointsOf("browser");
  return Promise.all(
    Array.from({ length: TOKENS }, async (_, i) => {
      const endpoint = endpoints[(i * 7) % endpoints.length];
      return {
        token: await pool.token({
          username: `person${i}@acme.example`,
          "cognito:groups": [groups[i % groups.length], "team-vision"],
        }),
        methodArn: endpoint ? `${stageArn}/${endpoint.method}${examplePath(endpoint)}` : stageArn,
      };
    }),
  );
}

async function publicKey(pool: TestPool) {
  const set = await pool.fetchJwks.fetch(`${pool.issuer}/.well-known/jwks.json`);
  pool.fetchJwks.calls = 0;
  const { keys } = JSON.parse(new TextDecoder().decode(set)) as { readonly keys: readonly Record<string, unknown>[] };
  return createPublicKey({ key: keys[0] ?? {}, format: "jwk" });
}

function bareVerification(calls: readonly Call[], key: ReturnType<typeof createPublicKey>) {
  const parsed = calls.map(({ token }) => {
    const at = token.lastIndexOf(".");
    return { signed: Buffer.from(token.slice(0, at)), signature: Buffer.from(token.slice(at + 1), "base64url") };
  });
  return () => {
    for (const { signed, signature } of parsed) {
      if (!verify("RSA-SHA256", signed, key, signature)) throw new Error("a token of the benchmark doesn't verify");
    }
    return parsed.length;
  };
}
