import { iamDecision } from "./decision/iam.ts";
import { tokenDecision } from "./decision/token.ts";
import type { Report } from "./report.ts";

/** What it costs to decide one request at each door, without HTTP around it. */
export async function benchmark(): Promise<readonly Report[]> {
  return [await tokenDecision(), await iamDecision()];
}
