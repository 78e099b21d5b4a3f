import { z } from "zod";
import type { Step } from "./steps.ts";

/** How MLflow is asked, as a platform administrator, through the browser door. */
export interface Registry {
  /** URL of the browser door, with its stage. */
  readonly url: string;
  readonly token: string;
}

const ROLES = z.object({ roles: z.array(z.object({ id: z.number().optional(), name: z.string() })) });

/** Longest wait: the policy is kept for 30 seconds, and MLflow takes the roles away when it reads it. */
const PATIENCE_MS = 45_000;
const POLL_MS = 1000;

/** Waits until MLflow has taken his roles away, which it does by itself once it read that he is revoked. */
export async function grantsGone(registry: Registry, person: string, dryRun: boolean): Promise<Step> {
  const before = await rolesOf(registry, person);
  if (before === undefined) return { what: "MLflow: no such user", state: "already" };
  const named = before.join(", ");
  if (!before.length) return { what: "MLflow: no role", state: "already" };
  if (dryRun) return { what: `MLflow: loses ${named}`, state: "would" };
  const end = Date.now() + PATIENCE_MS;
  while ((await rolesOf(registry, person))?.length) {
    if (Date.now() > end)
      return {
        what: `MLflow: still holds ${named}, which is void while he is revoked; see the server's log`,
        state: "left",
      };
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { what: `MLflow: lost ${named}`, state: "done" };
}

/** Names of his roles in MLflow; undefined when MLflow has no such user. @throws Error with what MLflow says */
async function rolesOf({ url, token }: Registry, person: string): Promise<readonly string[] | undefined> {
  const response = await fetch(`${url}/ajax-api/3.0/mlflow/users/roles/list?username=${encodeURIComponent(person)}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok)
    throw new Error(`MLflow does not say which roles ${person} has: ${response.status} ${text.slice(0, 300)}`);
  return ROLES.parse(JSON.parse(text)).roles.map(({ name }) => name);
}
