import { openStack } from "./engine/operations.ts";
import { alive } from "./engine/processes.ts";
import { reasonOf } from "./engine/progress.ts";
import { type EngineMark, tryLock } from "./jobs/locks.ts";
import type { Automation } from "./open.ts";
import { chosen, type Member } from "./organization/members.ts";

/**
 * Stops what works on stacks: `pulumi` ends what it has begun, and the step that it works for ends as cancelled. Where nothing works any more, takes away
 * the locks, Pulumi's and ours. What a killed `pulumi` was creating is still looked for at the next deployment.
 *
 * @returns a line per stack
 */
export async function release(automation: Automation, only: readonly string[]): Promise<readonly string[]> {
  const organization = automation.organization();
  const engine = await automation.engine(organization);
  const said: string[] = [];
  for (const member of chosen(organization.members, only)) {
    const lock = tryLock(automation.store, member.stack);
    const mark = markOf(automation, member);
    if (typeof lock === "string") {
      const why = mark && alive(mark) ? stopped(automation, mark) : `${lock}: cancel the job, or try again`;
      said.push(`${member.name}: ${why}`);
      continue;
    }
    // Nobody begins meanwhile: Pulumi would take away the lock of whoever did.
    try {
      await (await openStack(engine, member)).api.cancel();
      // Ours from now on: of another machine nobody could say whether it is dead, and somebody just did.
      if (mark)
        automation.store.database
          .prepare("UPDATE stacks SET engine = ? WHERE stack = ?")
          .run(JSON.stringify({ ...mark, ...automation.store.self, pid: 0 }), member.stack);
      said.push(`${member.name}: no lock any more`);
    } catch (error) {
      said.push(`${member.name}: ${error instanceof Error ? reasonOf(error.message) : String(error)}`);
    } finally {
      lock.release();
    }
  }
  return said;
}

function markOf({ store }: Automation, { stack }: Member): EngineMark | null {
  const row = store.database.prepare("SELECT engine FROM stacks WHERE stack = ?").get(stack) as
    | { readonly engine: string | null }
    | undefined;
  return row?.engine ? (JSON.parse(row.engine) as EngineMark) : null;
}

function stopped({ store }: Automation, { pid, job, ordinal }: EngineMark): string {
  // First, so that whoever sees it end knows why.
  store.cancelStep(job, ordinal);
  try {
    process.kill(pid, "SIGINT");
    return `pulumi (process ${pid}) is told to end what it has begun`;
  } catch {
    return "pulumi has just ended by itself";
  }
}
