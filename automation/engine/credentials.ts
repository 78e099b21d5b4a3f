import type { Member } from "../organization/members.ts";

/** Seconds; the longest session of a role that another role takes. Source: IAM user guide, "role chaining". */
const SESSION = 3600;

/** Environment with which `pulumi` reaches a member's account: its own variables, and credentials of its deploy role where it has one. */
export async function environmentOf(member: Member): Promise<Record<string, string>> {
  if (member.deployRole === null) return { ...member.environment };
  const { AssumeRoleCommand, STSClient } = await import("@aws-sdk/client-sts");
  const sts = new STSClient({ region: member.region });
  try {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: member.deployRole,
        RoleSessionName: "gatehouse-automation",
        DurationSeconds: SESSION,
      }),
    );
    return {
      ...member.environment,
      AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? "",
      AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? "",
      AWS_SESSION_TOKEN: Credentials?.SessionToken ?? "",
    };
  } catch (error) {
    throw new Error(
      `${member.name}: the deploy role ${member.deployRole} can't be taken: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    sts.destroy();
  }
}
