import { DataFolderError } from "../local/dataFolder.ts";
import { LocalRunError } from "../local/localRun.ts";
import { ConfigurationError } from "../plan/configuration.ts";
import { PlanFitError } from "../plan/plan.ts";
import { ProgramError } from "../plan/runProgram.ts";

/** What a person did can't work; the message says what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Exit codes are API: 1 failed, 2 usage or settings. */
export function exitCodeOf(error: unknown): { readonly code: 1 | 2; readonly message: string } {
  const usage = [UsageError, ConfigurationError, ProgramError, PlanFitError, DataFolderError, LocalRunError].some(
    (kind) => error instanceof kind,
  );
  if (error instanceof Error)
    return { code: usage ? 2 : 1, message: usage ? error.message : (error.stack ?? error.message) };
  return { code: 1, message: String(error) };
}
