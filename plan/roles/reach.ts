import { itself, type Move, movesFrom, type Session } from "./moves.ts";
import type { RoleNode, World } from "./world.ts";

/** A way from one role's session to another's. */
export interface Reach {
  readonly from: RoleNode;
  readonly to: Session;
  /** Steps, shortest way. */
  readonly steps: readonly Move[];
}

/** A way that should not be there. */
export interface Breach extends Reach {
  /** What is wrong, as a sentence. */
  readonly why: string;
}

/** Everything that can be reached from each declared role, by any number of steps. */
export function reaches(world: World): readonly Reach[] {
  return world.roles.flatMap((from) =>
    from.documents.length || from.kind !== "machinery" ? fromRole(from, world) : [],
  );
}

function fromRole(from: RoleNode, world: World): readonly Reach[] {
  const starts = startsOf(from, world.persons);
  const found: Reach[] = [];
  const seen = new Set(starts.map(keyOf));
  const queue: { readonly session: Session; readonly steps: readonly Move[] }[] = starts.map((session) => ({
    session,
    steps: [],
  }));
  for (let next = queue.shift(); next; next = queue.shift())
    for (const move of movesFrom(next.session, world)) {
      // Power over one's own rights is a way to all others: it is kept, though it leads nowhere new.
      const own = move.to.role === from && move.by.startsWith("iam:") && !move.by.startsWith("iam:PassRole");
      if (seen.has(own ? `own ${move.by}` : keyOf(move.to))) continue;
      seen.add(own ? `own ${move.by}` : keyOf(move.to));
      const steps = [...next.steps, move];
      found.push({ from, to: move.to, steps });
      if (!own) queue.push({ session: move.to, steps });
    }
  return found;
}

/** A persona role is in each person's hands under his own name; which, matters not for where it leads. */
function startsOf(role: RoleNode, persons: readonly string[]): readonly Session[] {
  return role.kind === "persona" ? persons.slice(0, 1).map((name) => ({ role, name, person: null })) : [itself(role)];
}

function keyOf({ role, name, person }: Session): string {
  return JSON.stringify([role.arn, role.kind === "persona" ? name : null, person]);
}

/**
 * Every way by which a role becomes more than it is: another persona, another person, a role of the machinery, or master of its own rights. And every
 * role of which that can't be said, as it holds a policy that no stack declares.
 */
export function breaches(world: World): readonly Breach[] {
  const found = reaches(world).flatMap((reach) => {
    const why = wrong(reach, world);
    return why === undefined ? [] : [{ ...reach, why }];
  });
  const dark = world.roles
    .filter(({ foreign, kind }) => foreign.length && kind !== "machinery")
    .map((from) => ({
      from,
      to: itself(from),
      steps: [],
      why: `${from.name} holds ${from.foreign.join(", ")}, which no stack declares: what it may do can't be said`,
    }));
  return [...found, ...dark];
}

function wrong({ from, to, steps }: Reach, world: World): string | undefined {
  const { role } = to;
  const way = steps.map(({ by, to: { role: through } }) => `${by} on ${through.name}`).join(", then ");
  if (role === from) {
    const posing = to.person !== from.person && to.person !== null;
    return posing
      ? `${from.name} can take itself as ${to.person}: ${way}`
      : steps.at(-1)?.by.startsWith("iam:")
        ? `${from.name} can change its own rights: ${way}`
        : undefined;
  }
  // A role that holds nothing and that nothing trusts is a dead end.
  if (role.kind === "machinery" && role.documents.length === 0 && !leadsOn(role, world)) return undefined;
  if (role.persona === null) return `${from.name} reaches the role ${role.name}: ${way}`;
  if (role.persona !== from.persona) return `${from.name} reaches the persona ${role.persona}: ${way}`;
  const person = role.kind === "persona" ? to.name : to.person;
  if (person !== from.person) return `${from.name} can be ${person ?? "nobody"} as ${role.persona}: ${way}`;
  if (role.consumer !== from.consumer) return `${from.name} reaches ${role.name} of ${role.consumer}: ${way}`;
  return undefined;
}

function leadsOn(role: RoleNode, world: World): boolean {
  return movesFrom(itself(role), world).length > 0;
}
