import { type DeclaredAccess, declaredAccess } from "../documents.ts";
import { ofType, type Plan, PlanFitError } from "../plan.ts";
import { callFacts } from "./calls.ts";
import { doorFacts } from "./doors.ts";
import { statementFacts, trustFacts } from "./policies.ts";
import { declaredRoles } from "./roles.ts";
import type { Fact, RouteRow, Side } from "./side.ts";
import { narrower } from "./statements.ts";
import { symbols } from "./symbols.ts";
import { tenantFacts } from "./tenants.ts";

/** What a change does to who may do what. */
export interface PermissionDiff {
  readonly base: string;
  readonly head: string;
  readonly gained: readonly Fact[];
  readonly lost: readonly Fact[];
  /** Routes that one side's catalogue has and the other's hasn't. */
  readonly routes: { readonly appeared: readonly RouteRow[]; readonly vanished: readonly RouteRow[] };
  /** What couldn't be compared: a gain there can't be excluded. */
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

/** Whether the change needs somebody's word: someone gained, or it can't be known that nobody did. */
export function needsApproval(diff: PermissionDiff): boolean {
  return diff.gained.length > 0 || diff.unknown.length > 0;
}

/** Compares two sides fact by fact: persona, role, trust, tenant, door and statement. */
export async function compare(base: Side, head: Side): Promise<PermissionDiff> {
  // Head's words for a route, where both sides know it.
  const routes = [...new Map([...base.routes, ...head.routes].map((route) => [routeKey(route), route])).values()];
  const [before, after] = [await factsOf(base, routes), await factsOf(head, routes)];
  const gained = only(after.facts, before.facts);
  const lost = only(before.facts, after.facts);
  const [worse, better] = judged(gained, lost);
  return {
    base: base.label,
    head: head.label,
    gained: worse,
    lost: better,
    routes: { appeared: onlyRoutes(head.routes, base.routes), vanished: onlyRoutes(base.routes, head.routes) },
    unknown: [...base.unknown, ...head.unknown, ...before.unknown, ...after.unknown],
    notes: [...base.notes, ...head.notes],
  };
}

interface Facts {
  readonly facts: ReadonlyMap<string, Fact>;
  readonly unknown: readonly string[];
}

async function factsOf(side: Side, routes: readonly RouteRow[]): Promise<Facts> {
  const named = symbols(side.plans);
  const unknown: string[] = [];
  const facts: Fact[] = [];
  const declared = side.plans.map((plan) => [plan, declaredRoles(plan)] as const);
  // A team's stack names the central stack's roles by their ARN.
  const owners = new Map(
    declared.flatMap(([, roles]) => roles.map(({ resource, who }) => [String(resource.state.arn), who] as const)),
  );
  for (const [plan, roles] of declared) {
    const access = await accessOf(plan, unknown);
    facts.push(
      ...(access ? callFacts(access, roles, routes) : []),
      ...trustFacts(roles, named),
      ...tenantFacts(plan, roles),
      ...doorFacts(plan, named),
      ...statementFacts(plan, roles, access ? Object.values(access.stageArns) : [], owners, named),
    );
  }
  return { facts: new Map(facts.map((fact) => [fact.key, fact])), unknown };
}

/** A consumer's stack has no doors; one that has them and can't be read is not known. */
async function accessOf(plan: Plan, unknown: string[]): Promise<DeclaredAccess | undefined> {
  if (!ofType(plan, "aws:apigateway/restApi:RestApi").length) return undefined;
  try {
    return await declaredAccess(plan);
  } catch (error) {
    if (!(error instanceof PlanFitError) && !(error instanceof SyntaxError)) throw error;
    unknown.push(`who may call MLflow by the stack ${plan.stack}: ${error.message}`);
    return undefined;
  }
}

function only(these: ReadonlyMap<string, Fact>, those: ReadonlyMap<string, Fact>): readonly Fact[] {
  return [...these.values()].filter((fact) => !those.has(fact.key));
}

/** A denial that is lost is a gain, and the other way round; a condition that only got narrower is a loss alone, one that got wider a gain alone. */
function judged(added: readonly Fact[], removed: readonly Fact[]): readonly [Fact[], Fact[]] {
  const worse: Fact[] = [];
  const better: Fact[] = [];
  for (const fact of added) {
    const was = partner(fact, removed);
    const [now, before] = [fact.condition ?? "{}", was?.condition ?? "{}"];
    // An allowance closes only by a narrower condition, a denial only by a wider one; two that can't be ordered count as opening.
    const closes = denies(fact)
      ? was === undefined || narrower(before, now)
      : was !== undefined && narrower(now, before);
    (closes ? better : worse).push(opened(was ? changed(fact, was) : fact));
  }
  // What has a new condition has been told above.
  for (const fact of removed) if (!partner(fact, added)) (denies(fact) ? worse : better).push(opened(fact));
  return [worse, better];
}

function partner(fact: Fact, others: readonly Fact[]): Fact | undefined {
  return fact.family === undefined ? undefined : others.find((other) => other.family === fact.family);
}

/** What a denial takes away. */
function opened(fact: Fact): Fact {
  return { ...fact, may: fact.may.replace(/^be denied /, "") };
}

function denies(fact: Fact): boolean {
  return fact.family?.includes("|Deny|") ?? false;
}

function changed(fact: Fact, was: Fact): Fact {
  return { ...fact, evidence: `condition was ${was.condition ?? "{}"}, is ${fact.condition ?? "{}"}` };
}

function onlyRoutes(these: readonly RouteRow[], those: readonly RouteRow[]): readonly RouteRow[] {
  const known = new Set(those.map(routeKey));
  return these.filter((route) => !known.has(routeKey(route)));
}

function routeKey({ method, path }: RouteRow): string {
  return `${method} ${path}`;
}
