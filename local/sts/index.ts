import type { Plan } from "../../plan/plan.ts";
import type { Credential } from "../sigv4/index.ts";
import { type Assumed, type AssumeInput, assumeRole } from "./assume.ts";
import { type Credentials, credentialMint } from "./credentials.ts";
import { type StsLogRecord, stsHandler } from "./handler.ts";
import type { Session } from "./principal.ts";
import { type Role, rolesOf } from "./roles.ts";
import { assumeRoleWithWebIdentity, type WebIdentityInput, type WebIdentityKeys } from "./webIdentity.ts";

export { type Assumed, type AssumeInput, StsError } from "./assume.ts";
export type { Credentials } from "./credentials.ts";
export type { StsLogRecord } from "./handler.ts";
export { identityVerdict } from "./judge.ts";
export { principalContext, principalOf, type Session, sessionArn, userId } from "./principal.ts";
export type { Role } from "./roles.ts";
export type { WebIdentityKeys } from "./webIdentity.ts";

export interface StsSettings {
  /** All stacks that run on this machine. */
  readonly plans: readonly Plan[];
  /** At least 32 random bytes; the same in the next run, and sessions stay valid. */
  readonly key: Buffer;
  readonly region: string;
  /** Account → id of its organization (`aws:PrincipalOrgID`). */
  readonly organizations?: Readonly<Record<string, string>>;
  /** Milliseconds; default the clock. */
  readonly now?: () => number;
  readonly log?: (record: StsLogRecord) => void;
  /** Keys of the OpenID providers whose tokens open roles that trust them; default none: no token opens any. */
  readonly webIdentities?: WebIdentityKeys | undefined;
}

export interface IssueInput {
  readonly roleArn: string;
  readonly sessionName: string;
  /** Default and highest: what the role allows. */
  readonly seconds?: number;
  readonly sourceIdentity?: string;
}

/** The local STS, judging by the trust and permission policies that the stacks declare. */
export function createSts(settings: StsSettings) {
  const now = settings.now ?? Date.now;
  const organizations = settings.organizations ?? {};
  const roles = rolesOf(settings.plans);
  const { mint, look } = credentialMint(settings.key, roles, now);

  /** Credentials without asking any policy: what SageMaker does for a profile's execution role. @throws when no stack declares the role */
  function issue({
    roleArn,
    sessionName,
    seconds,
    sourceIdentity,
  }: IssueInput): Credentials & { readonly session: Session } {
    const role = roles.get(roleArn);
    if (!role)
      throw new Error(`no stack declares the role ${roleArn}; declared: ${[...roles.keys()].join(", ") || "none"}`);
    const session: Session = { role, name: sessionName, tags: {}, sourceIdentity };
    return { ...mint(session, Math.min(seconds ?? role.maxSessionSeconds, role.maxSessionSeconds)), session };
  }

  const assume = (caller: Session, input: AssumeInput): Assumed =>
    assumeRole(caller, input, { roles, organizations, mint });

  const assumeWithToken = (input: WebIdentityInput): Promise<Assumed> =>
    assumeRoleWithWebIdentity(input, { roles, organizations, mint, now }, settings.webIdentities ?? {});

  return {
    roles: roles as ReadonlyMap<string, Role>,
    organizations,
    issue,
    /** AssumeRole without HTTP, judged in the same way. @throws StsError */
    assume,
    credentialFor: look as (accessKeyId: string, sessionToken: string | undefined) => Credential<Session>,
    /** Handler of the Query API for `node:http`. */
    handle: stsHandler({
      region: settings.region,
      now,
      credentialFor: look,
      assume,
      assumeWithToken,
      log: settings.log,
    }),
  };
}

export type Sts = ReturnType<typeof createSts>;
