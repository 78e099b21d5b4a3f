import * as pulumi from "@pulumi/pulumi";

/**
 * The role that central gives a consumer for a persona.
 *
 * @param arns persona → ARN of the role, as the central stack says
 * @throws RunError saying what to do about a persona that it doesn't give
 */
export function given(arns: Readonly<Record<string, string>>, consumer: string, persona: string): string {
  const arn = arns[persona];
  if (arn !== undefined) return arn;
  throw new pulumi.RunError(
    `people: the central stack gives \`${consumer}\` no persona \`${persona}\`; it gives ${Object.keys(arns).sort().join(", ") || "none"}. Add it to consumers.${consumer}.personas there and deploy it first`,
  );
}
