import type { Reach } from "./reach.ts";
import type { RoleNode, World } from "./world.ts";

/** The ways between roles as Graphviz's text: accounts as boxes, whoever takes a role first on the left, ways that should not be there in red. */
export function rolesDot(world: World, reaches: readonly Reach[], bad: readonly Reach[]): string {
  const direct = reaches.filter(({ steps }) => steps.length === 1);
  const wrong = new Set(bad.map((reach) => lineOf(reach)));
  const shown = world.roles.filter((role) => role.kind !== "machinery" || direct.some((way) => at(way, role)));
  const accounts = [...new Set(shown.map(({ account }) => account))];
  const boxes = accounts.map((account) => {
    const inside = shown.filter((role) => role.account === account);
    const stack = inside[0]?.stack ?? "";
    return `  subgraph ${quoted(`cluster_${account}`)} {
    label=${quoted(`${stack}, ${account}`)}; style=rounded; color="#8a94a6";
${inside.map((role) => `    ${quoted(role.arn)} [label=${quoted(labelOf(role))}];`).join("\n")}
  }`;
  });
  const entries = shown.flatMap((role) => takers(role).map((taker) => [taker, role] as const));
  const services = [...new Set(entries.map(([taker]) => taker))].map(
    (taker) => `  ${quoted(taker)} [shape=plaintext, style=""];`,
  );
  const arrows = [
    ...entries.map(([taker, role]) => `  ${quoted(taker)} -> ${quoted(role.arn)} [style=dashed];`),
    ...direct.map((reach) => {
      const name = reach.to.role.kind === "persona" ? `\nas ${reach.to.name}` : "";
      const label = `${reach.steps[0]?.by}${name}`;
      const color = wrong.has(lineOf(reach)) ? ', color="#c0392b", fontcolor="#c0392b"' : "";
      return `  ${quoted(reach.from.arn)} -> ${quoted(reach.to.role.arn)} [label=${quoted(label)}${color}];`;
    }),
  ];
  return `digraph roles {
  rankdir=LR; fontname="Helvetica"; bgcolor="white";
  node [shape=box, style="rounded,filled", fillcolor="#eef2f8", color="#8a94a6", fontname="Helvetica", fontsize=11];
  edge [fontname="Helvetica", fontsize=9, color="#44506a"];
${[...services, ...boxes, ...new Set(arrows)].join("\n")}
}
`;
}

function at({ from, to }: Reach, role: RoleNode): boolean {
  return from === role || to.role === role;
}

function lineOf({ from, to }: Reach): string {
  return JSON.stringify([from.arn, to.role.arn, to.name]);
}

function labelOf({ name, persona, person }: RoleNode): string {
  return [name, ...(persona === null ? [] : [persona]), ...(person === null ? [] : [person])].join("\n");
}

/** Services and identity providers that a role trusts, by their names. */
function takers({ trust, kind }: RoleNode): readonly string[] {
  if (kind === "machinery") return [];
  const named = trust.flatMap(({ Statement }) =>
    Statement.flatMap(({ Principal }) =>
      typeof Principal === "object" ? [Principal.Service ?? [], Principal.Federated ?? []].flat(2) : [],
    ),
  );
  return [...new Set(named.map((each) => each.split("/").at(-1) ?? each))];
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
