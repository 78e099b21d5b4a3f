import { list, type OneOrMore } from "../../authorizer/policy/document.ts";
import { possible, type Question } from "./possible.ts";
import type { RoleNode, World } from "./world.ts";

/** A session: a role, the name it runs under, and the person that its tags say. */
export interface Session {
  readonly role: RoleNode;
  /** Session name where the role is taken by AssumeRole, else null. */
  readonly name: string | null;
  readonly person: string | null;
}

/** One step from a session to another, or to power over a role. */
export interface Move {
  /** The call that makes it, such as `sts:AssumeRole`. */
  readonly by: string;
  readonly to: Session;
}

/** Stands for any name that nobody of the stacks has. */
const SOMEBODY = "somebody-else";

/** Calls by which a service starts to work with a role that the caller passes. A service that isn't here: passing alone counts. */
const STARTERS: Readonly<Record<string, readonly string[]>> = {
  "sagemaker.amazonaws.com": [
    "CreateTrainingJob",
    "CreateProcessingJob",
    "CreateHyperParameterTuningJob",
    "CreateAutoMLJob",
    "CreateAutoMLJobV2",
    "CreateCompilationJob",
    "CreateLabelingJob",
    "CreateModel",
    "CreatePipeline",
    "UpdatePipeline",
    "CreateNotebookInstance",
    "UpdateNotebookInstance",
    "CreateFlowDefinition",
    "CreateDomain",
    "UpdateDomain",
    "CreateUserProfile",
    "UpdateUserProfile",
  ].map((action) => `sagemaker:${action}`),
  "lambda.amazonaws.com": ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"],
  "ecs-tasks.amazonaws.com": ["ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:StartTask"],
};

/** Calls that give power over a role: over its rights, or over who takes it. */
const ROLE_CHANGES = [
  "iam:UpdateAssumeRolePolicy",
  "iam:PutRolePolicy",
  "iam:AttachRolePolicy",
  "iam:DetachRolePolicy",
  "iam:DeleteRolePolicy",
  "iam:TagRole",
  "iam:PutRolePermissionsBoundary",
  "iam:DeleteRolePermissionsBoundary",
];
const POLICY_CHANGES = ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"];
const PROFILE_CALLS = ["sagemaker:CreatePresignedDomainUrl", "sagemaker:UpdateUserProfile"];

/** All that a session can do to become another one. */
export function movesFrom(session: Session, world: World): readonly Move[] {
  return [
    ...world.roles.flatMap((target) => [
      ...assumes(session, target, world.persons),
      ...passes(session, target),
      ...changes(session, target),
    ]),
    ...studio(session, world),
    ...others(session, world),
  ];
}

function may(session: Session, action: string, resource: string, fixed: Question["fixed"] = {}): boolean {
  return possible(session.role.documents, { action, resource, fixed: { ...context(session), ...fixed } });
}

function context({ role, person }: Session): Question["fixed"] {
  return {
    "aws:principalarn": role.arn,
    "aws:principalaccount": role.account,
    "aws:principaltype": "AssumedRole",
    "aws:principalisawsservice": "false",
    "aws:principaltag/gatehouse:person": person ?? undefined,
  };
}

function assumes(session: Session, target: RoleNode, persons: readonly string[]): readonly Move[] {
  const principal = { type: "AWS", id: session.role.arn, account: session.role.account } as const;
  const sides = (action: string, fixed: Question["fixed"]) => {
    const question = { action, resource: target.arn, fixed: { ...context(session), ...fixed } };
    if (!possible(target.trust, { ...question, principal })) return false;
    if (possible(session.role.documents, question)) return true;
    // Within an account a trust policy that names the very role is enough.
    const { account: _, ...alone } = principal;
    return target.account === session.role.account && possible(target.trust, { ...question, principal: alone });
  };
  const names = target.kind === "persona" ? [...persons, SOMEBODY] : [SOMEBODY];
  return names
    .filter((name) => sides("sts:AssumeRole", { "sts:rolesessionname": name }))
    .flatMap((name) => {
      const taken = (person: string | null, by: string) => ({ by, to: { role: target, name, person } });
      const tagged = [...persons, SOMEBODY].filter(
        (person) =>
          person !== target.person &&
          sides("sts:TagSession", { "sts:rolesessionname": name, "aws:requesttag/gatehouse:person": person }),
      );
      return [
        taken(target.person, "sts:AssumeRole"),
        ...tagged.map((person) => taken(person, "sts:AssumeRole with a tag of another person")),
      ];
    });
}

function passes(session: Session, target: RoleNode): readonly Move[] {
  const services = target.trust.flatMap(({ Statement }) =>
    Statement.filter(({ Effect }) => Effect === "Allow").flatMap(({ Principal }) =>
      typeof Principal === "object" ? list((Principal as Readonly<Record<string, OneOrMore>>).Service) : [],
    ),
  );
  return [...new Set(services)]
    .filter((service) => may(session, "iam:PassRole", target.arn, { "iam:passedtoservice": service }))
    .flatMap((service) => {
      const starters = STARTERS[service];
      const starter = starters?.find((action) => may(session, action, "*"));
      if (starters && starter === undefined) return [];
      return [{ by: starter === undefined ? "iam:PassRole" : `iam:PassRole, ${starter}`, to: itself(target) }];
    });
}

function changes(session: Session, target: RoleNode): readonly Move[] {
  const by =
    ROLE_CHANGES.find((action) => may(session, action, target.arn)) ??
    POLICY_CHANGES.find((action) => target.policies.some((arn) => may(session, action, arn)));
  return by === undefined ? [] : [{ by, to: itself(target) }];
}

function studio(session: Session, { roles, profiles, sharedSpaces }: World): readonly Move[] {
  const move = (by: string | undefined, arn: string): readonly Move[] => {
    const role = roles.find((each) => each.arn === arn);
    return by === undefined || !role ? [] : [{ by, to: itself(role) }];
  };
  const inside = (domainArn: string, domainId: string, kind: string) =>
    `${domainArn.slice(0, domainArn.indexOf(":domain/"))}:${kind}/${domainId}/*`;
  const spaceCall = (domainArn: string, domainId: string, fixed: Question["fixed"]) =>
    (
      [
        ["sagemaker:CreateSpace", "space"],
        ["sagemaker:UpdateSpace", "space"],
        ["sagemaker:CreateApp", "app"],
      ] as const
    ).find(([action, kind]) => may(session, action, inside(domainArn, domainId, kind), fixed))?.[0];
  return [
    ...profiles.flatMap(({ arn, name, role, domainArn, domainId }) => [
      ...move(
        PROFILE_CALLS.find((action) => may(session, action, arn)),
        role,
      ),
      ...move(may(session, "sagemaker:UpdateDomain", domainArn) ? "sagemaker:UpdateDomain" : undefined, role),
      ...move(
        spaceCall(domainArn, domainId, {
          "sagemaker:owneruserprofilearn": arn,
          "sagemaker:spacesharingtype": "Private",
        }),
        role,
      ),
      // An app of the profile itself, outside any space, has no owner's key.
      ...move(
        may(session, "sagemaker:CreateApp", inside(domainArn, `${domainId}/${name}`, "app"), {
          "sagemaker:owneruserprofilearn": undefined,
          "sagemaker:spacesharingtype": undefined,
        })
          ? "sagemaker:CreateApp"
          : undefined,
        role,
      ),
    ]),
    ...sharedSpaces.flatMap(({ domainArn, domainId, role }) =>
      move(spaceCall(domainArn, domainId, { "sagemaker:spacesharingtype": "Shared" }), role),
    ),
  ];
}

function others(session: Session, { roles, functions, parameters }: World): readonly Move[] {
  const over = (action: string, things: readonly { readonly arn: string; readonly role: string }[]) =>
    things
      .filter(({ arn }) => may(session, action, arn))
      .flatMap(({ role }) => roles.filter(({ arn }) => arn === role))
      .map((role) => ({ by: action, to: itself(role) }));
  return [...over("lambda:UpdateFunctionCode", functions), ...over("ssm:PutParameter", parameters)];
}

/** The role as a service runs it. */
export function itself(role: RoleNode): Session {
  return { role, name: null, person: role.person };
}
