import { ofType, type Plan, type Resource } from "../plan.ts";
import { type DeclaredRole, documentOf, personTag } from "./roles.ts";
import type { Fact } from "./side.ts";
import { type Grant, grantsOf } from "./statements.ts";

/** Who may take a role, and whose role it is. */
export function trustFacts(roles: readonly DeclaredRole[], named: (text: string) => string): readonly Fact[] {
  return roles.flatMap(({ resource, who }) => {
    const person = personTag(resource);
    const trusts = documentOf(resource.state.assumeRolePolicy)
      .flatMap(({ document }) => grantsOf(document))
      .map((grant) => fact("trust", `trust|${who}`, grant.principal, `${verb(grant)} as ${who}`, grant, named));
    if (person === undefined) return trusts;
    const evidence = `tag of ${resource.name}`;
    return [
      ...trusts,
      {
        key: `trust|person|${resource.name}|${person}`,
        area: "trust" as const,
        who: person,
        may: `be the person of ${who}`,
        evidence,
      },
    ];
  });
}

/** Resource policies by type: property that holds the document, and what it opens. */
const RESOURCE_POLICIES: Readonly<Record<string, string>> = {
  "aws:apigateway/restApiPolicy:RestApiPolicy": "policy",
  "aws:s3/bucketPolicy:BucketPolicy": "policy",
  "aws:kms/key:Key": "policy",
  "aws:kms/keyPolicy:KeyPolicy": "policy",
  "aws:sns/topicPolicy:TopicPolicy": "policy",
  "aws:sqs/queuePolicy:QueuePolicy": "policy",
  "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
  "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
  "aws:ec2/vpcEndpoint:VpcEndpoint": "policy",
  "aws:dynamodb/resourcePolicy:ResourcePolicy": "policy",
};

/** Every statement but those about routes of MLflow, which `callFacts` says in MLflow's words. */
export function statementFacts(
  plan: Plan,
  roles: readonly DeclaredRole[],
  stageArns: readonly string[],
  owners: ReadonlyMap<string, string>,
  named: (text: string) => string,
): readonly Fact[] {
  const words = (grant: Grant) =>
    grant.action === "sts:AssumeRole" && owners.has(grant.resource)
      ? `act as ${owners.get(grant.resource)}`
      : `${verb(grant)} on ${named(grant.resource)}`;
  const ofRoles = roles.flatMap(({ who, documents, foreign }) => [
    ...documents
      .flatMap(({ document }) => grantsOf(document))
      .filter(({ resource }) => !stageArns.some((arn) => resource.startsWith(`${arn}/`)))
      .map((grant) => fact("statement", `statement|${who}`, who, words(grant), grant, named)),
    ...foreign.map((arn) => ({
      key: `statement|${who}|managed ${arn}`,
      area: "statement" as const,
      who,
      may: `do what the managed policy ${arn} says`,
      evidence: arn,
    })),
  ]);
  const ofResources = Object.entries(RESOURCE_POLICIES).flatMap(([type, property]) =>
    ofType(plan, type).flatMap((resource) => resourceFacts(resource, property, named)),
  );
  return [...ofRoles, ...ofResources, ...lambdaFacts(plan, named)];
}

function resourceFacts(resource: Resource, property: string, named: (text: string) => string): readonly Fact[] {
  const what = `${resource.type.split(":").at(-1)} \`${resource.name}\``;
  return documentOf(resource.state[property])
    .flatMap(({ document }) => grantsOf(document))
    .map((grant) =>
      fact(
        "statement",
        `statement|${what}`,
        grant.principal,
        `${verb(grant)} on ${named(grant.resource)} (${what})`,
        grant,
        named,
      ),
    );
}

function lambdaFacts(plan: Plan, named: (text: string) => string): readonly Fact[] {
  return ofType(plan, "aws:lambda/permission:Permission").map(({ name, state }) => {
    const evidence = named(`${String(state.function)} from ${(state.sourceArn as string | undefined) ?? "anywhere"}`);
    return {
      key: `statement|lambda|${String(state.principal)}|${evidence}`,
      area: "statement" as const,
      who: String(state.principal),
      may: `invoke the function of ${name}`,
      evidence,
    };
  });
}

function verb({ effect, action }: Grant): string {
  return effect === "Deny" ? `be denied ${action}` : action;
}

function fact(
  area: "trust" | "statement",
  at: string,
  who: string,
  may: string,
  grant: Grant,
  named: (text: string) => string,
): Fact {
  const condition = named(grant.condition);
  const family = `${at}|${grant.effect}|${named(grant.principal)}|${grant.action}|${named(grant.resource)}`;
  return {
    key: `${family}|${condition}`,
    family,
    condition,
    area,
    who: named(who),
    may,
    evidence: condition === "{}" ? "no condition" : condition,
  };
}
