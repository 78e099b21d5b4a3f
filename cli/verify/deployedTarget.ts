import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { z } from "zod";
import { UsageError } from "../errors.ts";
import type { Caller, Target } from "./target.ts";

const OUTPUTS = z.object({
  trackingUri: z.url(),
  browserApiUrl: z.url(),
  region: z.string(),
  uiUrl: z.string().nullish(),
});

/** As `aws configure export-credentials --format process` prints them. */
const PROCESS = z
  .object({ AccessKeyId: z.string(), SecretAccessKey: z.string(), SessionToken: z.string().optional() })
  .transform(({ AccessKeyId, SecretAccessKey, SessionToken }) => ({
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  }));

const CALLERS = z.record(
  z.string(),
  z.strictObject({
    person: z.string().optional(),
    credentials: PROCESS.optional(),
    token: z.string().optional(),
  }),
);

/** A deployed stack by its outputs, with the callers that somebody gives. @throws UsageError with all that is wrong */
export function deployedTarget(outputs: unknown, callers: unknown, personas: readonly string[]): Target {
  const stack = OUTPUTS.safeParse(outputs);
  if (!stack.success) throw new UsageError(`the outputs are not those of a central stack:\n${told(stack.error)}`);
  const given = CALLERS.safeParse(callers);
  if (!given.success) throw new UsageError(`the callers can't be read:\n${told(given.error)}`);
  const unknown = Object.keys(given.data).filter((name) => !personas.includes(name));
  if (unknown.length)
    throw new UsageError(`the stack has no persona ${unknown.join(", ")}; it has ${personas.join(", ")}`);
  const { trackingUri, browserApiUrl, region, uiUrl } = stack.data;
  const bare = (url: string) => url.replace(/\/$/, "");
  return {
    urls: { code: bare(trackingUri), browser: bare(browserApiUrl) },
    region,
    origin: uiUrl ? new URL(uiUrl).origin : null,
    callers: Object.entries(given.data).map(
      ([persona, { person, credentials, token }]): Caller => ({
        persona,
        person: person === undefined ? undefined : { code: person, browser: person },
        keys: credentials,
        token,
      }),
    ),
  };
}

/** The outputs of a stack: of a file of `pulumi stack output --json`, else by asking Pulumi. @throws UsageError */
export async function stackOutputs(dir: string, stack: string, file: string | undefined): Promise<unknown> {
  if (file !== undefined) return json(file);
  try {
    const { stdout } = await promisify(execFile)("pulumi", ["stack", "output", "--json", "--stack", stack], {
      cwd: dir,
    });
    return JSON.parse(stdout) as unknown;
  } catch (error) {
    throw new UsageError(
      `\`pulumi stack output --json --stack ${stack}\` fails; give its output as a file with --outputs:\n${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** @throws UsageError */
export function json(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8")) as unknown;
  } catch (error) {
    // The parser's own words may quote a secret.
    throw new UsageError(
      error instanceof SyntaxError ? `${file} is not JSON` : `${file} can't be read: ${String(error)}`,
    );
  }
}

function told(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `  ${path.map(String).join(".") || "(all)"}: ${message}`).join("\n");
}
