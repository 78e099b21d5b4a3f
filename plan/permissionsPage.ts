import { markdownTable } from "markdown-table";
import { declaredAccess } from "./documents.ts";
import { type MatrixRow, matrix } from "./matrix.ts";
import type { Plan } from "./plan.ts";

/** `docs/permissions.md`: who may do what, computed from the documents that a central stack declares. */
export async function permissionsPage(plan: Plan): Promise<string> {
  const access = await declaredAccess(plan);
  const personas = access.personas.map((persona) => persona.name);
  const rows = onePerHandler(matrix(access)).map((row) => [
    row.endpoint.method,
    `\`${shortPath(row)}\``,
    row.endpoint.needs ?? "closed",
    ...personas.map((persona) => (row.allowed.code[persona] || row.allowed.browser[persona] ? "yes" : "–")),
    row.endpoint.closed ?? row.endpoint.why ?? "",
  ]);
  const held = access.personas.map((persona) => [persona.name, persona.group, byEntity(persona.permissions)]);
  return `# Who may do what

Made by \`npm run generate\` from the documents that the central stack declares: the managed policies of the code door and the authorizer of the browser
door, evaluated route by route. \`npx gatehouse matrix\` prints the same for your own settings.

## Personas

${markdownTable([["persona", "group of the user pool", "permissions"], ...held])}

## Routes

\`{api,ajax-api}\` stands for both prefixes: \`/api\` is served at the code door (SigV4), \`/ajax-api\` at the browser door (token of the user pool), with the
same answer. Every other route is served at both doors. "any" asks for a persona and nothing more. What is not in this table is refused.

${markdownTable([["method", "route", "needs", ...personas, "why"], ...rows])}
`;
}

/** Both prefixes of one handler in one row. */
function onePerHandler(rows: readonly MatrixRow[]): readonly MatrixRow[] {
  const merged = rows.flatMap((row) => {
    const { twin, path, method } = row.endpoint;
    if (twin === undefined) return [row];
    if (path.startsWith("/ajax-api/")) return [];
    const other = rows.find(({ endpoint }) => endpoint.path === twin && endpoint.method === method);
    return [other ? { ...row, allowed: { code: row.allowed.code, browser: other.allowed.browser } } : row];
  });
  const key = ({ endpoint }: MatrixRow) => `${endpoint.path} ${endpoint.method}`;
  return merged.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function shortPath({ endpoint }: MatrixRow): string {
  return endpoint.twin === undefined ? endpoint.path : endpoint.path.replace(/^\/api\//, "/{api,ajax-api}/");
}

/** `run: read, write; trace: read`, entities with the same effects together. */
function byEntity(permissions: readonly string[]): string {
  const effects = new Map<string, string[]>();
  for (const permission of permissions) {
    const [entity = "", effect = ""] = permission.split(":");
    effects.set(entity, [...(effects.get(entity) ?? []), effect]);
  }
  const entities = new Map<string, string[]>();
  for (const [entity, list] of effects)
    entities.set(list.join(", "), [...(entities.get(list.join(", ")) ?? []), entity]);
  return [...entities].map(([list, names]) => `${names.sort().join(", ")}: ${list}`).join("; ");
}
