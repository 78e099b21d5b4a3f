import { list, type Statement } from "../../authorizer/policy/document.ts";
import { allows, conditionKeys, conditionValues, principalsOf, titleOf } from "../documents.ts";
import { each, given, type Rule, UNKNOWN } from "../rule.ts";

/** Actions on every resource by which a role makes itself another one. */
const ESCALATES = [
  "iam:passrole",
  "sts:assumerole",
  "iam:createaccesskey",
  "iam:attachrolepolicy",
  "iam:putrolepolicy",
];

/** Managed policies of AWS that grant far more than any part of the program needs. */
const BROAD = /policy\/(?:AdministratorAccess|PowerUserAccess|IAMFullAccess|.*FullAccess)$/;

export const noWildcardGrant: Rule = {
  name: "no-wildcard-grant",
  description: "No role holds all of a service, all but some of it, or a way to become any other role.",
  remedy: "Name the actions and the ARNs that are needed.",
  types: [
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
  ],
  check: ({ props }) => allows(given(props, "policy")).flatMap(grantFaults),
};

function grantFaults(statement: Statement): readonly string[] {
  const title = titleOf(statement);
  if (statement.NotAction !== undefined) return [`${title} allows all actions but some (NotAction)`];
  if (statement.NotResource !== undefined) return [`${title} allows all resources but some (NotResource)`];
  const actions = list(statement.Action).map((action) => action.toLowerCase());
  const wide = actions.filter((action) => action === "*" || action.endsWith(":*"));
  if (wide.length) return [`${title} allows every action of a service: ${wide.join(", ")}`];
  if (!list(statement.Resource).includes("*")) return [];
  const escalates = actions.filter((action) => ESCALATES.some((one) => covers(action, one)));
  return escalates.map((action) => `${title} allows ${action} on every resource: a way into any role`);
}

function covers(pattern: string, action: string): boolean {
  return new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  ).test(action);
}

export const noBroadManagedPolicy: Rule = {
  name: "no-broad-managed-policy",
  description: "No role has one of AWS's policies that grant a whole service or account.",
  remedy: "Attach a policy of your own with the actions that are needed.",
  types: [
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
    "aws:iam/role:Role",
  ],
  check: ({ props }) =>
    [given(props, "policyArn"), ...each(given(props, "managedPolicyArns"))]
      .filter((arn) => arn !== UNKNOWN && BROAD.test(String(arn)))
      .map((arn) => `it has ${String(arn)}`),
};

/** What narrows a trust in a whole account to some of its roles or to an organization. */
const NARROWS = ["aws:principalarn", "aws:principalorgid", "sts:externalid", "aws:principalorgpaths"];

export const trustNamesPrincipals: Rule = {
  name: "trust-names-principals",
  description:
    "No role can be assumed by everyone, by a whole foreign account, or by any workload of an identity provider.",
  remedy:
    "Name roles, or an account with conditions on aws:PrincipalArn and aws:PrincipalOrgID; for OIDC, conditions on aud and sub.",
  types: ["aws:iam/role:Role"],
  check: ({ props }) => allows(given(props, "assumeRolePolicy")).flatMap(trustFaults),
};

function trustFaults(statement: Statement): readonly string[] {
  const title = titleOf(statement);
  const keys = conditionKeys(statement);
  if (statement.Principal === undefined) return [`${title} trusts everyone but some (NotPrincipal)`];
  return principalsOf(statement).flatMap(({ kind, id }) => {
    if (id === "*") return [`${title} trusts everyone`];
    if (
      kind === "AWS" &&
      /^(?:\d{12}|arn:[^:]+:iam::\d{12}:root)$/.test(id) &&
      !keys.some((key) => NARROWS.includes(key))
    )
      return [`${title} trusts every role of the account ${id}`];
    if (kind !== "Federated") return [];
    const subjects = keys.filter((key) => key.endsWith(":sub") || key.endsWith(":amr") || key === "saml:sub");
    const audiences = keys.filter((key) => key.endsWith(":aud") || key === "saml:aud");
    const any = subjects.filter((key) => conditionValues(statement, key).some((value) => /^(?:repo:)?\*/.test(value)));
    return [
      ...(subjects.length ? [] : [`${title} trusts everyone whom ${id} knows: it has no condition on a subject`]),
      ...(audiences.length
        ? []
        : [`${title} trusts tokens that ${id} made for anyone: it has no condition on an audience`]),
      ...any.map((key) => `${title} trusts any ${key}`),
    ];
  });
}

export const resourcePolicyNamesPrincipals: Rule = {
  name: "resource-policy-names-principals",
  description: "No bucket, queue, topic, secret or function is open to everyone.",
  remedy: "Name principals, or narrow with aws:SourceArn, aws:SourceAccount or aws:PrincipalOrgID.",
  types: [
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:lambda/permission:Permission",
    "aws:kms/key:Key",
    "aws:kms/keyPolicy:KeyPolicy",
  ],
  check: ({ type, props }) => {
    if (type === "aws:lambda/permission:Permission") {
      const anyone = props.principal === "*" && !props.principalOrgId;
      const service = /\.amazonaws\.com$/.test(String(props.principal));
      const bound = [given(props, "sourceArn"), given(props, "sourceAccount")].some((value) => value !== undefined);
      if (anyone) return ["anyone may invoke the function"];
      return service && !bound ? [`${String(props.principal)} may invoke it for any account: it has no sourceArn`] : [];
    }
    return allows(given(props, "policy")).flatMap((statement) => {
      const narrowed = conditionKeys(statement).some((key) =>
        [...NARROWS, "aws:sourcearn", "aws:sourceaccount"].includes(key),
      );
      const open = statement.Principal === undefined || principalsOf(statement).some(({ id }) => id === "*");
      return open && !narrowed ? [`${titleOf(statement)} is open to everyone`] : [];
    });
  },
};
