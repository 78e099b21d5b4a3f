import type { Credentials } from "./credentials.ts";
import { whyNot } from "./judge.ts";
import { type Session, sessionArn } from "./principal.ts";
import type { Role } from "./roles.ts";

/** What AssumeRole is asked. */
export interface AssumeInput {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly seconds?: number | undefined;
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export interface Assumed {
  readonly session: Session;
  readonly credentials: Credentials;
}

/** A refusal of the STS, with the code that clients see. */
export class StsError extends Error {
  override readonly name = "StsError";
  readonly code: string;
  readonly status: number;
  /** What is really wrong, for the log. */
  readonly reason: string;

  constructor(code: string, status: number, message: string, reason: string = message) {
    super(message);
    this.code = code;
    this.status = status;
    this.reason = reason;
  }
}

/** Bounds of the API. Source: STS API, `AssumeRole`; role chaining: IAM User Guide, "Methods to assume a role". */
const NAME = /^[\w+=,.@-]{2,64}$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
const MIN_SECONDS = 900;
const CHAINED_SECONDS = 3600;
const MAX_TAGS = 50;

export interface AssumeSettings {
  readonly roles: ReadonlyMap<string, Role>;
  readonly organizations: Readonly<Record<string, string>>;
  readonly mint: (session: Session, seconds: number) => Credentials;
}

/** AssumeRole by a role session. @throws StsError */
export function assumeRole(caller: Session, input: AssumeInput, settings: AssumeSettings): Assumed {
  const seconds = checked(input);
  const target = settings.roles.get(input.roleArn);
  // AWS says the same of a role that isn't there and of one that may not be assumed.
  if (!target) throw denied(caller, "sts:AssumeRole", input.roleArn, `no stack declares the role ${input.roleArn}`);
  // Once set, a source identity stays for all roles assumed from the session.
  if (caller.sourceIdentity !== undefined && (input.sourceIdentity ?? caller.sourceIdentity) !== caller.sourceIdentity)
    throw denied(caller, "sts:SetSourceIdentity", target.arn, "the session has another source identity already");
  const sourceIdentity = input.sourceIdentity ?? caller.sourceIdentity;
  const tags = input.tags ?? {};

  const context = {
    "sts:RoleSessionName": input.sessionName,
    ...(input.externalId === undefined ? {} : { "sts:ExternalId": input.externalId }),
    ...(sourceIdentity === undefined ? {} : { "sts:SourceIdentity": sourceIdentity }),
    ...(Object.keys(tags).length ? { "aws:TagKeys": Object.keys(tags) } : {}),
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  };
  const actions = [
    "sts:AssumeRole",
    ...(Object.keys(tags).length ? (["sts:TagSession"] as const) : []),
    ...(sourceIdentity === undefined ? [] : (["sts:SetSourceIdentity"] as const)),
  ] as const;
  for (const action of actions) {
    const reason = whyNot({ caller, target, action, context, organizations: settings.organizations });
    if (reason !== undefined) throw denied(caller, action, target.arn, reason);
  }
  const session: Session = { role: target, name: input.sessionName, tags, sourceIdentity };
  return { session, credentials: settings.mint(session, seconds) };
}

/** Seconds of the session, after the bounds of every parameter were checked. */
function checked(input: AssumeInput): number {
  // Every caller here is a role session already, so each call is role chaining, whatever the role's own limit.
  const seconds = input.seconds ?? CHAINED_SECONDS;
  checkName(input.sessionName);
  if (input.externalId !== undefined && !EXTERNAL_ID.test(input.externalId))
    throw invalid("externalId", "[\\w+=,.@:\\/-]{2,1224}");
  if (input.sourceIdentity !== undefined && !NAME.test(input.sourceIdentity))
    throw invalid("sourceIdentity", "[\\w+=,.@-]{2,64}");
  checkShortest(seconds);
  if (seconds > CHAINED_SECONDS)
    throw new StsError(
      "ValidationError",
      400,
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  const tags = Object.entries(input.tags ?? {});
  if (
    tags.length > MAX_TAGS ||
    tags.some(([key, value]) => !key || key.length > 128 || !TAG.test(key) || !TAG.test(value))
  )
    throw invalid("tags", "at most 50, key 1-128 and value 0-256 characters");
  return seconds;
}

/** Seconds of a session that no other session opened: up to what its role allows. @throws StsError */
export function boundSeconds(sessionName: string, asked: number | undefined, longest = CHAINED_SECONDS): number {
  checkName(sessionName);
  const seconds = asked ?? Math.min(CHAINED_SECONDS, longest);
  checkShortest(seconds);
  if (seconds > longest)
    throw new StsError(
      "ValidationError",
      400,
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
  return seconds;
}

function checkName(sessionName: string): void {
  if (!NAME.test(sessionName)) throw invalid("roleSessionName", "[\\w+=,.@-]{2,64}");
}

function checkShortest(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= MIN_SECONDS) return;
  throw new StsError(
    "ValidationError",
    400,
    `1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to ${MIN_SECONDS}`,
  );
}

function invalid(name: string, pattern: string): StsError {
  return new StsError(
    "ValidationError",
    400,
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}`,
  );
}

function denied(caller: Session, action: string, resource: string, reason: string): StsError {
  const message = `User: ${sessionArn(caller)} is not authorized to perform: ${action} on resource: ${resource}`;
  return new StsError("AccessDenied", 403, message, reason);
}
