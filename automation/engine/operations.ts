import { join } from "node:path";
import type { OpMap, PulumiCommand, Stack } from "@pulumi/pulumi/automation/index.js";
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

/** Environment of every `pulumi` that works on a member's stack. */
export async function variablesOf(engine: Engine, member: Member): Promise<Record<string, string>> {
  return crashSafe({
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...engine.organization.environment,
    ...(await (engine.environmentOf ?? environmentOf)(member)),
  });
}

/** A stack that `pulumi` can be told to work on. */
export interface OpenStack {
  /** What the Automation API does with it. */
  readonly api: Stack;
  /** Runs a command on it, and gives its output. The Automation API reads outputs, secrets in clear, after each change: three more `pulumi` for nothing. */
  readonly run: (args: readonly string[], signal?: AbortSignal) => Promise<string>;
}

/** @throws EngineError with what `pulumi` said */
export async function openStack(engine: Engine, member: Member, watch?: Watch, mayCreate = false): Promise<OpenStack> {
  const { LocalWorkspace, Stack } = await import("@pulumi/pulumi/automation/index.js");
  const { secretsProvider } = engine.organization;
  const workDir = stackFolder(engine.data, engine.program, member);
  const quiet: Watch = { folder: join(workDir, "said"), started: () => {}, ended: () => {}, line: () => {} };
  const [pulumiCommand, envVars] = [watchedCommand(engine.pulumi, watch ?? quiet), await variablesOf(engine, member)];
  const workspace = await LocalWorkspace.create({
    workDir,
    pulumiCommand,
    envVars,
    ...(secretsProvider === undefined ? {} : { secretsProvider }),
  });
  const run: OpenStack["run"] = async (args, signal) => {
    const all = [...args, "--stack", member.qualified];
    return (await pulumiCommand.run(all, workDir, envVars, undefined, undefined, signal)).stdout;
  };
  try {
    return { api: await Stack.select(member.qualified, workspace), run };
  } catch (error) {
    if (!mayCreate || !(error instanceof EngineError) || !/no stack named/.test(error.output)) throw error;
    return { api: await Stack.create(member.qualified, workspace), run };
  }
}

const CHANGE = ["--yes", "--skip-preview", "--color", "never", "--suppress-outputs", "--exec-kind", "auto.local"];

/** Does it, and says what changed or would change. @throws EngineError with what `pulumi` said */
export async function operate(stack: OpenStack, action: Action, signal?: AbortSignal): Promise<Changes> {
  const quiet = { color: "never" as const, suppressOutputs: true, ...(signal ? { signal } : {}) };
  switch (action) {
    case "preview":
      return changes((await stack.api.preview(quiet)).changeSummary);
    case "drift":
      return changes((await stack.api.previewRefresh(quiet)).changeSummary);
    case "deploy":
    case "refresh":
    case "destroy":
      await stack.run([COMMANDS[action], ...CHANGE], signal);
      return lastChanges(stack);
  }
}

/** What the newest update of a stack changed. */
export async function lastChanges(stack: OpenStack): Promise<Changes> {
  const text = await stack.run(["stack", "history", "--json", "--page-size", "1", "--page", "1"]);
  const [last] = JSON.parse(text) as readonly { readonly resourceChanges?: OpMap }[];
  return changes(last?.resourceChanges);
}

/** Without resources that stay as they are. */
export function changes(map: OpMap | undefined): Changes {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([op, count]) => op !== "same" && count > 0));
}
