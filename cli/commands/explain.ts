import { resolve } from "node:path";
import { Command, Option } from "commander";
import { nonCanonicalReason } from "../../authorizer/catalogue/canonical.ts";
import { matchEndpoint } from "../../authorizer/catalogue/index.ts";
import type { Persona } from "../../authorizer/catalogue/personas.ts";
import { DOORS, type Door, type Endpoint } from "../../authorizer/catalogue/types.ts";
import { type DeclaredAccess, declaredAccess } from "../../plan/documents.ts";
import { decide } from "../../plan/matrix.ts";
import type { Plan } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { UsageError } from "../errors.ts";
import { dirOption, jsonOption, stackOption } from "../options.ts";

interface Options {
  readonly dir: string;
  readonly stack: string;
  readonly as: string;
  readonly door?: Door;
  readonly json?: boolean;
}

interface Explanation {
  readonly door: Door;
  readonly personas: readonly string[];
  readonly allowed: boolean;
  readonly reason: string;
  /** Which statement of which document decided. */
  readonly decidedBy: string;
}

export function explainCommand(): Command {
  return new Command("explain")
    .description('why a call is allowed or refused: "gatehouse explain POST /api/2.0/mlflow/runs/create --as reader"')
    .argument("<method>", "HTTP method")
    .argument("<path>", "path below the stage, such as /api/2.0/mlflow/runs/create, or a whole address")
    .requiredOption("--as <persona|role>", "persona, or the ARN or name of a role; several with commas")
    .addOption(new Option("--door <door>", "only this door (default: every door that serves the path)").choices(DOORS))
    .addOption(dirOption())
    .addOption(stackOption("central"))
    .addOption(jsonOption())
    .action(async (method: string, path: string, options: Options) => {
      const plan = await runProgram({ dir: resolve(options.dir), stack: options.stack });
      const access = await declaredAccess(plan);
      const personas = personasNamed(options.as, plan, access);
      const route = belowStage(path, String(plan.outputs.apiStage));
      const endpoint = matchEndpoint(method.toUpperCase(), route);
      const doors = options.door ? [options.door] : endpoint?.doors.length ? endpoint.doors : DOORS;
      const answers = doors.map((door) => explain(access, door, personas, method.toUpperCase(), route, endpoint));
      if (options.json) process.stdout.write(`${JSON.stringify(answers, null, 2)}\n`);
      else for (const answer of answers) print(answer, endpoint);
    });
}

/** The path that is decided: of a whole address, as an error message shows it, what follows the stage. Nothing is decoded. */
function belowStage(path: string, stage: string): string {
  const [plain = path] = path.split(/[?#]/);
  const ofAddress = /^https?:\/\/[^/]+(\/.*)$/.exec(plain)?.[1];
  if (ofAddress === undefined) return plain;
  return ofAddress.startsWith(`/${stage}/`) ? ofAddress.slice(stage.length + 1) : ofAddress;
}

function personasNamed(as: string, plan: Plan, access: DeclaredAccess): readonly Persona[] {
  const roles = centralRoles(plan);
  return as.split(",").map((part) => {
    // role/gatehouse/<persona>/…: an execution role of a consumer, which may take that persona.
    const ofExecutionRole = /:role\/gatehouse\/([a-z0-9-]+)\/[^/]+$/.exec(part)?.[1];
    const name = ofExecutionRole ?? roles.get(roleName(part)) ?? part;
    const found = access.personas.find((persona) => persona.name === name);
    if (found) return found;
    const known = access.personas.map((persona) => persona.name).join(", ");
    throw new UsageError(
      `\`${part}\` is neither a persona (${known}) nor a role of this stack (${[...roles.keys()].join(", ")})`,
    );
  });
}

/** Of a role's ARN, a session's ARN, or a name alone. */
function roleName(principal: string): string {
  return /:assumed-role\/([^/]+)\//.exec(principal)?.[1] ?? principal.split("/").at(-1) ?? principal;
}

/** Name of each persona role that the stack declares → its persona. */
function centralRoles(plan: Plan): ReadonlyMap<string, string> {
  const byConsumer = (plan.outputs.personaRoleArns ?? {}) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  return new Map(
    Object.values(byConsumer).flatMap((byPersona) =>
      Object.entries(byPersona).map(([persona, arn]) => [roleName(arn), persona] as const),
    ),
  );
}

function explain(
  access: DeclaredAccess,
  door: Door,
  personas: readonly Persona[],
  method: string,
  path: string,
  endpoint: Endpoint | undefined,
): Explanation {
  const names = personas.map((persona) => persona.name);
  const canonical = nonCanonicalReason(path);
  const verdict = decide(access, door, personas, method, path);
  const allowed = verdict.effect === "allow" && canonical === undefined;
  return { door, personas: names, allowed, reason: reason(), decidedBy: decidedBy() };

  function reason(): string {
    if (canonical !== undefined) return `${canonical}: only the plain spelling of a path is served`;
    if (!endpoint) return "MLflow serves no such method and path, so nobody is granted it";
    if (endpoint.closed !== undefined) return `closed to all: ${endpoint.closed}`;
    if (!endpoint.doors.includes(door))
      return `the ${door} door does not serve it${endpoint.twin ? `; use ${endpoint.twin}` : ""}`;
    const why = endpoint.why ? ` (${endpoint.why})` : "";
    if (allowed)
      return `${endpoint.needs === "any" ? "every persona may" : `needs ${endpoint.needs}, which ${holders()} holds`}${why}`;
    const who = access.personas.filter((persona) => persona.permissions.some((held) => held === endpoint.needs));
    return `needs ${endpoint.needs}${why}, which ${names.join(" and ")} does not hold; ${who.map((persona) => persona.name).join(", ") || "no persona"} does`;
  }

  function holders(): string {
    return names.filter((_, i) => personas[i]?.permissions.some((held) => held === endpoint?.needs)).join(" and ");
  }

  function decidedBy(): string {
    if (verdict.document === undefined) return "no statement allows it (implicit deny)";
    const document =
      door === "code"
        ? `managed policy ${verdict.document + 1} of ${names.join(" and ")}`
        : "the authorizer's document";
    return `statement ${(verdict.statement ?? 0) + 1} of ${document}`;
  }
}

function print(answer: Explanation, endpoint: Endpoint | undefined): void {
  console.log(`${answer.door} door, ${answer.personas.join(" + ")}: ${answer.allowed ? "allowed" : "refused"}`);
  if (endpoint) console.log(`  route:   ${endpoint.method} ${endpoint.path}`);
  console.log(`  why:     ${answer.reason}`);
  console.log(`  decided: ${answer.decidedBy}`);
}
