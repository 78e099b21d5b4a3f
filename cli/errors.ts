import { EngineError } from "../automation/engine/command.ts";
import { NoPulumiError } from "../automation/engine/pulumi.ts";
import { OrganizationError } from "../automation/organization/errors.ts";
import { DataFolderError } from "../local/dataFolder.ts";
import { MlflowError } from "../local/mlflowProcess.ts";
import { PortError } from "../local/servers.ts";
import { ConfigurationError } from "../plan/configuration.ts";
import { RevisionError } from "../plan/diff/revision.ts";
import { PlanFitError } from "../plan/plan.ts";
import { GithubError } from "../plan/review/github.ts";
import { ProgramError } from "../plan/runProgram.ts";

/** Exit code of a command that found that someone would gain access. */
export const GAINED = 3;

/** Exit code of a command that found that somebody changed resources past Pulumi. */
export const DRIFTED = 4;

/** What a person did can't work; the message says what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Errors whose message is all that a person needs, with the exit code that stands for them: 1 failed, 2 usage or settings. Exit codes are API. */
const TOLD = new Map<unknown, 1 | 2>([
  [UsageError, 2],
  [ConfigurationError, 2],
  [OrganizationError, 2],
  [NoPulumiError, 2],
  [EngineError, 1],
  [ProgramError, 2],
  [PlanFitError, 2],
  [RevisionError, 2],
  [GithubError, 1],
  [DataFolderError, 2],
  [PortError, 2],
  [MlflowError, 1],
]);

/** What to print and how to end; a fault of ours keeps its stack. */
export function exitCodeOf(error: unknown): { readonly code: 1 | 2; readonly message: string } {
  if (!(error instanceof Error)) return { code: 1, message: String(error) };
  const code = TOLD.get(error.constructor);
  return code === undefined ? { code: 1, message: error.stack ?? error.message } : { code, message: error.message };
}
