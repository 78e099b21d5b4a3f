/** Where MLflow's UI keeps it. Its script reads this before anything else: a deep link would land on "Select workspace" without it. */
const ACTIVE = "mlflow.activeWorkspace";
const KNOWN = "gatehouse.workspaces";

/** A person's workspaces as last seen, so that a page needn't wait for them. */
interface Known {
  readonly person: string;
  readonly names: readonly string[];
}

/** The gateway or MLflow refuses this person everything. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

export function activeWorkspace(): string | null {
  return new URLSearchParams(location.hash.split("?")[1]).get("workspace") ?? localStorage.getItem(ACTIVE);
}

export function knownWorkspaces(person: string): readonly string[] | undefined {
  try {
    const known = JSON.parse(localStorage.getItem(KNOWN) ?? "null") as Known | null;
    return known?.person === person ? known.names : undefined;
  } catch {
    return undefined;
  }
}

/** Asks MLflow. @param order names in the order of the settings @throws RefusedError */
export async function fetchWorkspaces(person: string, order: readonly string[]): Promise<readonly string[]> {
  const response = await fetch("ajax-api/3.0/mlflow/workspaces");
  const answer = (await response.json().catch(() => undefined)) as
    | { readonly message?: string; readonly workspaces?: readonly { readonly name: string }[] }
    | undefined;
  if (response.status === 403) throw new RefusedError(answer?.message ?? "you may not use this registry");
  if (!response.ok) throw new Error(answer?.message ?? `the registry answers HTTP ${response.status}`);
  // The site's own page, for a path that it doesn't know.
  if (!answer) throw new Error("what answers there is not the registry: open this site at its start page");
  const names = (answer.workspaces ?? [])
    .map(({ name }) => name)
    .sort((a, b) => rank(order, a) - rank(order, b) || a.localeCompare(b));
  localStorage.setItem(KNOWN, JSON.stringify({ person, names } satisfies Known));
  return names;
}

function rank(order: readonly string[], name: string): number {
  const index = order.indexOf(name);
  return index < 0 ? order.length : index;
}

/** Makes sure that the active workspace is one of the person's own. @returns whether it had to change */
export function settleWorkspace(names: readonly string[]): boolean {
  const active = localStorage.getItem(ACTIVE);
  const [first] = names;
  if (active === null ? first === undefined : names.includes(active)) return false;
  if (first === undefined) localStorage.removeItem(ACTIVE);
  else localStorage.setItem(ACTIVE, first);
  return true;
}

/** Opens the start page of another workspace: what is on the screen belongs to the old one. */
export function switchWorkspace(name: string): void {
  localStorage.setItem(ACTIVE, name);
  location.hash = "";
  location.reload();
}

export function forgetWorkspaces(): void {
  localStorage.removeItem(ACTIVE);
  localStorage.removeItem(KNOWN);
}
