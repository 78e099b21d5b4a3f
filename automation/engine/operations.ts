import { join } from "node:path";
import type { OpMap, OutputMap, PulumiCommand, Stack, UpdateSummary } from "@pulumi/pulumi/automation/index.js";
import type { Member, Organization } from "../organization/members.ts";
import { crashSafe } from "./backend.ts";
import { EngineError, type Watch, watchedCommand } from "./command.ts";
import { environmentOf } from "./credentials.ts";
import { stackFolder } from "./folder.ts";

/** What is done to a stack. `refresh` takes over into the state what is in AWS; `drift` only says it. */
export type Action = "preview" | "deploy" | "drift" | "refresh" | "destroy";

/** Pulumi's command for each. */
export const COMMANDS: Readonly<Record<Action, string>> = {
  preview: "preview",
  deploy: "up",
  drift: "refresh",
  refresh: "refresh",
  destroy: "destroy",
};

/** Number of resources per operation, without those that stay as they are. */
export type Changes = Readonly<Record<string, number>>;

/** What is common to every stack. */
export interface Engine {
  /** Where folders of stacks and what `pulumi` said are kept. */
  readonly data: string;
  /** Folder of the program. */
  readonly program: string;
  readonly pulumi: PulumiCommand;
  readonly organization: Pick<Organization, "environment" | "secretsProvider">;
  /** Environment per account; default by its deploy role. */
  readonly environmentOf?: (member: Member) => Promise<Record<string, string>>;
}

/** @throws EngineError with what `pulumi` said */
export async function openStack(engine: Engine, member: Member, watch?: Watch, mayCreate = false): Promise<Stack> {
  const { LocalWorkspace, Stack } = await import("@pulumi/pulumi/automation/index.js");
  const { secretsProvider, environment } = engine.organization;
  const workDir = stackFolder(engine.data, engine.program, member);
  const quiet: Watch = { folder: join(workDir, "said"), started: () => {}, ended: () => {}, line: () => {} };
  const workspace = await LocalWorkspace.create({
    workDir,
    pulumiCommand: watchedCommand(engine.pulumi, watch ?? quiet),
    envVars: crashSafe({
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...environment,
      ...(await (engine.environmentOf ?? environmentOf)(member)),
    }),
    ...(secretsProvider === undefined ? {} : { secretsProvider }),
  });
  try {
    return await Stack.select(member.stack, workspace);
  } catch (error) {
    if (!mayCreate || !(error instanceof EngineError) || !/no stack named/.test(error.output)) throw error;
    return Stack.create(member.stack, workspace);
  }
}

/** Does it, and says what changed or would change. @throws EngineError with what `pulumi` said */
export async function operate(stack: Stack, action: Action, signal?: AbortSignal): Promise<Changes> {
  const quiet = { color: "never" as const, suppressOutputs: true, ...(signal ? { signal } : {}) };
  switch (action) {
    case "preview":
      return changes((await stack.preview(quiet)).changeSummary);
    case "deploy":
      return changes((await stack.up(quiet)).summary.resourceChanges);
    case "drift":
      return changes((await stack.previewRefresh(quiet)).changeSummary);
    case "refresh":
      return changes((await stack.refresh(quiet)).summary.resourceChanges);
    case "destroy":
      return changes((await stack.destroy(quiet)).summary.resourceChanges);
  }
}

/** What the newest update of a stack changed. */
export async function lastChanges(stack: Stack): Promise<Changes> {
  const [last] = await stack.history(1, 1);
  return changes(last?.resourceChanges);
}

/** Outputs as people may see them: secrets stay covered. */
export function shownOutputs(outputs: OutputMap): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).map(
      ([name, { value, secret }]) => [name, secret ? "[secret]" : (value as unknown)] as const,
    ),
  );
}

/** An update as people may see it: without configuration and environment. */
export function shownUpdate({ version, kind, result, startTime, endTime, resourceChanges }: UpdateSummary) {
  return { version, kind, result, startTime, endTime, changes: changes(resourceChanges) };
}

function changes(map: OpMap | undefined): Changes {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([op, count]) => op !== "same" && count > 0));
}
