import { openStack } from "./engine/operations.ts";
import { alive, type ProcessMark } from "./engine/processes.ts";
import type { Automation } from "./open.ts";
import { chosen } from "./organization/members.ts";

/**
 * Takes away the locks of stacks that nothing works on any more: Pulumi's and ours. What a killed `pulumi` was creating is still looked for at the next
 * deployment.
 *
 * @returns a line per stack
 */
export async function release(automation: Automation, only: readonly string[]): Promise<readonly string[]> {
  const organization = automation.organization();
  const engine = await automation.engine(organization);
  const said: string[] = [];
  for (const member of chosen(organization.members, only)) {
    const at = automation.store.database.prepare("SELECT engine FROM stacks WHERE stack = ?").get(member.stack) as
      | { readonly engine: string | null }
      | undefined;
    const mark = at?.engine ? (JSON.parse(at.engine) as ProcessMark) : null;
    if (mark && alive(mark)) {
      process.kill(mark.pid, "SIGINT");
      said.push(`${member.name}: pulumi (process ${mark.pid}) is told to end what it has begun`);
      continue;
    }
    try {
      await (await openStack(engine, member)).cancel();
      // Ours from now on: of another machine nobody could say whether it is dead, and somebody just did.
      if (mark)
        automation.store.database
          .prepare("UPDATE stacks SET engine = ? WHERE stack = ?")
          .run(JSON.stringify({ ...automation.store.self, pid: 0 }), member.stack);
      said.push(`${member.name}: no lock any more`);
    } catch (error) {
      said.push(`${member.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return said;
}
