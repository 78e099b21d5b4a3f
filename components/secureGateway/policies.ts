import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Persona } from "../../authorizer/catalogue/personas.ts";
import { codeDocuments } from "../../authorizer/policy/compile.ts";
import { MANAGED_POLICIES_PER_ROLE } from "../../authorizer/policy/document.ts";
import { ROLE_PATH } from "../shared/names.ts";

export interface PersonaPoliciesArgs {
  readonly personas: readonly Persona[];
  readonly account: string;
  readonly region: string;
  readonly stage: string;
  /** `arn:aws:execute-api:<region>:<account>:<api id>/<stage>` */
  readonly stageArn: pulumi.Output<string>;
}

/** Tag with the digest of what a policy grants, whatever the API's id: a preview that can't show the document shows this. */
export const DIGEST_TAG = "gatehouse:digest";

/**
 * The managed policies of each persona for the `code` door.
 *
 * An API's id is known only after it was made, but the number of policies must not depend on that: documents are compiled for an id of the same ten
 * characters, and the real one is put in its place.
 */
export function personaPolicies(
  args: PersonaPoliciesArgs,
  opts: pulumi.ResourceOptions,
): Readonly<Record<string, readonly aws.iam.Policy[]>> {
  const planned = `arn:aws:execute-api:${args.region}:${args.account}:${"0".repeat(10)}/${args.stage}`;
  return Object.fromEntries(
    args.personas.map((persona) => {
      const documents = codeDocuments(persona, planned).map((document) => JSON.stringify(document));
      if (documents.length > MANAGED_POLICIES_PER_ROLE)
        throw new Error(
          `persona ${persona.name} needs ${documents.length} managed policies and a role takes ${MANAGED_POLICIES_PER_ROLE}; give it fewer permissions`,
        );
      return [
        persona.name,
        documents.map((text, index) => policy(persona, index + 1, text, planned, args.stageArn, opts)),
      ];
    }),
  );
}

/** One digest of all that is granted to anyone by code. */
export function digestOf(texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16);
}

function policy(
  persona: Persona,
  number: number,
  text: string,
  planned: string,
  stageArn: pulumi.Output<string>,
  opts: pulumi.ResourceOptions,
): aws.iam.Policy {
  const name = `gatehouse-${persona.name}-${number}`;
  return new aws.iam.Policy(
    name,
    {
      name,
      path: ROLE_PATH,
      description: `MLflow for the persona ${persona.name}, part ${number}`,
      policy: stageArn.apply((arn) => text.replaceAll(planned, arn)),
      tags: { [DIGEST_TAG]: digestOf([text.replaceAll(`${planned}/`, "")]) },
    },
    opts,
  );
}
