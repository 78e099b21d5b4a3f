import { executionRolePath, PERSON_TAG } from "../shared/names.ts";

/** Whom a persona role of the central account trusts. */
export interface TrustedConsumer {
  /** The consumer's account. */
  readonly account: string;
  readonly persona: string;
  /** Organization that the caller has to belong to, or null. */
  readonly organization: string | null;
  /** Permission sets of IAM Identity Center in the account whose people have this persona. */
  readonly permissionSets: readonly string[];
  /** Word that a caller has to name, or null. */
  readonly externalId: string | null;
}

/**
 * Trust policy of a persona role: execution roles of this persona, each under the name of the person it is tagged with.
 *
 * The account is the principal and the roles are a condition, so that the central account is deployed first and a role may be made anew. The session
 * name is bound to the tag of the caller's own role: a notebook can't pose as a colleague. From a laptop it is bound to the tag that IAM Identity Center
 * puts on the session, its user name.
 */
export function personaTrust({ account, persona, organization, externalId, permissionSets }: TrustedConsumer): string {
  const principal = { AWS: `arn:aws:iam::${account}:root` };
  const execution = `arn:aws:iam::${account}:role${executionRolePath(persona)}*`;
  const people = permissionSets.flatMap((name) => reservedRoles(account, name));
  const role = { "aws:PrincipalArn": people.length ? [execution, ...people] : execution };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: principal,
        Action: "sts:AssumeRole",
        Condition: {
          ArnLike: role,
          StringEquals: {
            "sts:RoleSessionName": `\${aws:PrincipalTag/${PERSON_TAG}}`,
            ...(organization === null ? {} : { "aws:PrincipalOrgID": organization }),
            ...(externalId === null ? {} : { "sts:ExternalId": externalId }),
          },
        },
      },
      {
        // A profile of Studio that SageMaker named stays named, and whoever has no such name gives himself none: CloudTrail would show a colleague's. Session
        // tags are not allowed, so nobody brings his own.
        Effect: "Allow",
        Principal: principal,
        Action: "sts:SetSourceIdentity",
        Condition: { ArnLike: role, Null: { "aws:SourceIdentity": "false" } },
      },
    ],
  });
}

/** Roles that IAM Identity Center makes of a permission set, in the home region `us-east-1` and in others. Nobody else can make a role in that path. */
function reservedRoles(account: string, permissionSet: string): readonly string[] {
  const name = `AWSReservedSSO_${permissionSet}_${"?".repeat(16)}`;
  const path = `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com`;
  return [`${path}/${name}`, `${path}/*/${name}`];
}
