import type { Breach, Reach } from "./reach.ts";
import type { World } from "./world.ts";

/** The ways between roles for a terminal. */
export function rolesText(world: World, ways: readonly Reach[], bad: readonly Breach[]): string {
  const lines = world.roles
    .filter(({ kind }) => kind !== "machinery")
    .flatMap((role) => {
      const what = [role.persona, role.person].filter((each) => each !== null).join(", ");
      const to = ways
        .filter(({ from }) => from === role)
        .map(({ to: session, steps }) => {
          const by = steps.map((step) => step.by).join(", then ");
          return `    → ${session.role.name}${session.name === null ? "" : ` as ${session.name}`} (${by})`;
        });
      return [`${role.name}: ${what || "no persona"}`, ...to];
    });
  const verdict = bad.length
    ? ["", `${bad.length} ways should not be there:`, ...bad.map(({ why }) => `  - ${why}`)]
    : ["", "nobody reaches another persona, person or team"];
  return [...lines, ...verdict].join("\n");
}

/** The same for programs. */
export function rolesJson(world: World, ways: readonly Reach[], bad: readonly Breach[]): object {
  const way = ({ from, to, steps }: Reach) => ({
    from: from.arn,
    to: to.role.arn,
    ...(to.name === null ? {} : { sessionName: to.name }),
    steps: steps.map((step) => ({ by: step.by, to: step.to.role.arn })),
  });
  return {
    roles: world.roles.map(({ arn, stack, kind, persona, consumer, person }) => ({
      arn,
      stack,
      kind,
      persona,
      consumer,
      person,
    })),
    ways: ways.map(way),
    breaches: bad.map((breach) => ({ ...way(breach), why: breach.why })),
  };
}
