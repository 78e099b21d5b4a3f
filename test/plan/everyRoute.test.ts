import assert from "node:assert/strict";
import { ENDPOINTS } from "../../authorizer/catalogue/index.ts";
import type { Persona } from "../../authorizer/catalogue/personas.ts";
import { DOORS, type Door, type Endpoint } from "../../authorizer/catalogue/types.ts";
import { mayCall } from "../../authorizer/policy/compile.ts";
import { createGateway, loadAuthorizer } from "../../local/gateway/index.ts";
import { createSts } from "../../local/sts/index.ts";
import { type DeclaredAccess, declaredAccess, restApis } from "../../plan/documents.ts";
import { examplePath, matrix } from "../../plan/matrix.ts";
import type { Plan } from "../../plan/plan.ts";
import { ofType } from "../../plan/plan.ts";
import { declaredPlan } from "../helpers/declared.ts";
import { serve } from "../helpers/serve.ts";
import { signedHeaders } from "../helpers/signed.ts";
import { emptyTables } from "../helpers/tables.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { type TestPool, testPool } from "../helpers/tokens.ts";

/**
 * The same cases for every decider: the catalogue, the declared documents, the declared Lambda bundle and the local gateway. MLflow behind the gateway is
 * an echo here: what reaches it was allowed.
 */
describe("every route × persona × door gets one answer", function () {
  this.timeout(120_000);
  let plan: Plan;
  let access: DeclaredAccess;
  let pool: TestPool;
  const urls = {} as Record<Door, string>;
  const closers: (() => Promise<void>)[] = [];
  let sts: ReturnType<typeof createSts>;

  before(async () => {
    plan = await declaredPlan("central");
    access = await declaredAccess(plan);
    const [declaredPool] = ofType(plan, "aws:cognito/userPool:UserPool");
    const [client] = ofType(plan, "aws:cognito/userPoolClient:UserPoolClient");
    pool = await testPool(declaredPool?.id ?? "", client?.id ?? "");
    const served = async (handle: Parameters<typeof serve>[0]) => {
      const { origin, close } = await serve(handle);
      closers.push(close);
      return origin;
    };
    const echo = await served((request, response) => {
      request.resume();
      response.end(JSON.stringify({ reached: true, method: request.method, url: request.url }));
    });
    const upstream = new URL(echo);
    sts = createSts({ plans: [plan], key: Buffer.alloc(32, 7), region: "eu-west-1" });
    const apis = restApis(plan);
    const tables = await emptyTables(plan);
    closers.push(tables.close);
    const authorizer = await loadAuthorizer({
      plan,
      environment: tables.environment,
      api: apis.browser.id,
      directory: temporaryFolder(),
      fetchJwks: pool.fetchJwks,
    });
    for (const door of DOORS) {
      // The declared throttle stands in the way of five thousand calls in a few seconds.
      const unthrottled = {
        ...plan,
        resources: plan.resources.filter(({ type }) => !type.endsWith(":MethodSettings")),
      };
      const gateway = createGateway({ plan: unthrottled, api: apis[door].id, upstream, sts, authorizer });
      urls[door] = `${await served((request, response) => void gateway.handle(request, response))}/${gateway.stage}`;
      closers.push(gateway.close);
    }
  });
  after(async () => {
    for (const close of closers) await close();
  });

  const wanted = (endpoint: Endpoint, persona: Persona, door: Door) =>
    endpoint.doors.includes(door) && mayCall(persona, endpoint);

  it("by the declared documents", () => {
    const rows = matrix(access);
    const wrong = rows.flatMap(({ endpoint, allowed }) =>
      DOORS.flatMap((door) =>
        access.personas
          .filter((persona) => allowed[door][persona.name] !== wanted(endpoint, persona, door))
          .map((persona) => `${persona.name} ${door} ${endpoint.method} ${endpoint.path}`),
      ),
    );
    assert.deepEqual(wrong, []);
    assert.equal(rows.length, ENDPOINTS.length);
  });

  for (const door of DOORS)
    it(`by the local gateway's ${door} door, whole requests`, async () => {
      const wrong: string[] = [];
      let allowed = 0;
      for (const persona of access.personas) {
        const headers = door === "browser" ? await bearer(persona) : undefined;
        if (door === "code" && !roleArn(persona)) continue;
        await inParallel(ENDPOINTS, 16, async (endpoint) => {
          const url = new URL(`${urls[door]}${examplePath(endpoint)}`);
          const sent = headers ?? (await signedBy(persona, endpoint.method, url));
          const response = await fetch(url, { method: endpoint.method, headers: sent });
          const body = await response.text();
          const reached = response.status === 200 && body.includes('"reached":true');
          if (!reached && response.status !== 403)
            wrong.push(`${persona.name}: ${endpoint.method} ${endpoint.path}: ${response.status} ${body}`);
          if (reached !== wanted(endpoint, persona, door))
            wrong.push(
              `${persona.name}: ${endpoint.method} ${endpoint.path}: ${reached ? "reached MLflow" : "refused"}`,
            );
          if (reached) allowed++;
        });
      }
      assert.deepEqual(wrong, []);
      assert.ok(allowed > 300, String(allowed));
    });

  const bearer = async (persona: Persona) => ({
    authorization: `Bearer ${await pool.token({ "cognito:groups": [persona.group] })}`,
  });
  const roleArn = (persona: Persona) =>
    (plan.outputs.personaRoleArns as Record<string, Record<string, string>>).vision?.[persona.name];
  const signedBy = (persona: Persona, method: string, url: URL) =>
    signedHeaders(sts.issue({ roleArn: roleArn(persona) ?? "", sessionName: "ada@acme.example" }), method, url);
});

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}
