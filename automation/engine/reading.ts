import type { OpMap } from "@pulumi/pulumi/automation/index.js";
import type { Member } from "../organization/members.ts";
import { watchedCommand } from "./command.ts";
import { readingFolder } from "./folder.ts";
import { type Changes, changes, type Engine, variablesOf } from "./operations.ts";

/** An update as people may see it: without configuration and environment. */
export interface ShownUpdate {
  readonly version: number;
  readonly kind: string;
  readonly result: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly changes: Changes;
}

/** Outputs of a stack as people may see them: `pulumi` itself covers secrets, so that none is ever in this process. @throws EngineError with what `pulumi` said */
export async function outputsOf(engine: Engine, member: Member): Promise<Record<string, unknown>> {
  return JSON.parse(await read(engine, member, "output", "--json")) as Record<string, unknown>;
}

/** The newest updates of a stack, secrets covered. @throws EngineError with what `pulumi` said */
export async function historyOf(engine: Engine, member: Member): Promise<readonly ShownUpdate[]> {
  const text = await read(engine, member, "history", "--json", "--page-size", "20", "--page", "1");
  const updates = JSON.parse(text) as readonly (Omit<ShownUpdate, "changes"> & { readonly resourceChanges?: OpMap })[];
  return updates.map(({ version, kind, result, startTime, endTime, resourceChanges }) => ({
    version,
    kind,
    result,
    startTime,
    endTime,
    changes: changes(resourceChanges),
  }));
}

async function read(engine: Engine, member: Member, ...args: readonly string[]): Promise<string> {
  const nothing = () => undefined;
  const watch = { folder: "", started: nothing, ended: nothing, line: nothing };
  const { run } = watchedCommand(engine.pulumi, watch);
  const folder = readingFolder(engine.data, engine.program);
  const { stdout } = await run(
    ["stack", ...args, "--stack", member.qualified],
    folder,
    await variablesOf(engine, member),
  );
  return stdout;
}
