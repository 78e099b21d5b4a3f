import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { ofType, type Plan, PlanFitError, text } from "../../plan/plan.ts";
import { declared, oneOf, policyDocument, stringOf } from "../declared.ts";
import { type Role, rolesOf } from "../sts/roles.ts";

/** What the central stack says of its artifacts. */
export interface DeclaredStore {
  readonly bucket: string;
  /** Overwritten and deleted objects stay as versions. */
  readonly versions: boolean;
  /** The bucket's own policy. */
  readonly policy: PolicyDocument | undefined;
  /** As whom MLflow comes: the only one with a right on the bucket. */
  readonly role: Role;
}

/** Reads the bucket that MLflow's container is given, its policy, and the role of MLflow's task. @throws PlanFitError when one is missing */
export function declaredStore(plan: Plan, artifacts: string): DeclaredStore {
  const name = /^s3:\/\/([a-z0-9.-]+)\/?$/.exec(artifacts)?.[1];
  if (name === undefined)
    throw new PlanFitError(`stack ${plan.stack}: GATEHOUSE_ARTIFACTS is \`${artifacts}\`, not a bucket`);
  const bucket = oneOf(plan, "aws:s3/bucket:Bucket", name);
  const mine = (type: string) => ofType(plan, type).find(({ inputs }) => inputs.bucket === bucket.id);
  const policy = mine("aws:s3/bucketPolicy:BucketPolicy");
  const versioning = mine("aws:s3/bucketVersioning:BucketVersioning");
  const taskRole = text(oneOf(plan, "aws:ecs/taskDefinition:TaskDefinition"), "taskRoleArn");
  const role = rolesOf([plan]).get(taskRole);
  if (!role)
    throw new PlanFitError(`stack ${plan.stack}: MLflow's task has the role ${taskRole}, which is not declared`);
  return {
    bucket: name,
    versions: stringOf(declared(versioning?.inputs.versioningConfiguration).status) === "Enabled",
    policy: policy && policyDocument(policy.inputs.policy, policy.name),
    role,
  };
}
