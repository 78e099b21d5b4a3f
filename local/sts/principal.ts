import { createHash } from "node:crypto";
import type { RequestContext } from "../../authorizer/policy/conditions.ts";
import type { Principal } from "../../authorizer/policy/evaluate.ts";
import type { Role } from "./roles.ts";

/** A role session: who makes a request. */
export interface Session {
  readonly role: Role;
  readonly name: string;
  /** Tags given with the session; they win over the role's. */
  readonly tags: Readonly<Record<string, string>>;
  readonly sourceIdentity: string | undefined;
}

/** `arn:aws:sts::<account>:assumed-role/<role>/<session>`: without the role's path, as AWS has it. */
export function sessionArn({ role, name }: Session): string {
  const partition = role.arn.split(":")[1] ?? "aws";
  return `arn:${partition}:sts::${role.account}:assumed-role/${role.name}/${name}`;
}

/** `AROA…:<session>`, the same for a role in every run. */
export function userId({ role, name }: Session): string {
  return `${roleId(role)}:${name}`;
}

export function roleId(role: Role): string {
  const digest = createHash("sha256").update(role.arn).digest();
  return `AROA${base32(digest).slice(0, 17)}`;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Letters and digits that AWS's ids are made of, one for each byte. */
export function base32(bytes: Uint8Array): string {
  return [...bytes].map((byte) => BASE32[byte & 31] ?? "").join("");
}

/** The session as policies name it. */
export function principalOf(session: Session): Principal {
  return { type: "AWS", id: session.role.arn, account: session.role.account, session: sessionArn(session) };
}

/** Condition keys that say who asks. Source: IAM User Guide, "AWS global condition context keys". */
export function principalContext(session: Session, organizations: Readonly<Record<string, string>>): RequestContext {
  const organization = organizations[session.role.account];
  const tags = { ...session.role.tags, ...session.tags };
  return {
    // For a role session: the ARN of the role, path included.
    "aws:PrincipalArn": session.role.arn,
    "aws:PrincipalAccount": session.role.account,
    "aws:PrincipalType": "AssumedRole",
    "aws:PrincipalIsAWSService": "false",
    "aws:userid": userId(session),
    // What runs here stands for a TLS endpoint.
    "aws:SecureTransport": "true",
    ...(organization === undefined ? {} : { "aws:PrincipalOrgID": organization }),
    ...(session.sourceIdentity === undefined ? {} : { "aws:SourceIdentity": session.sourceIdentity }),
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
  };
}
