import * as aws from "@pulumi/aws";

/** AWS in one account and region: credentials of any other account are refused, and every resource carries the stack's tags. */
export function onlyAccount(account: string, region: string, tags: Readonly<Record<string, string>>): aws.Provider {
  return new aws.Provider("account", {
    region: region as aws.Region,
    allowedAccountIds: [account],
    defaultTags: { tags: { "gatehouse:managed-by": "mlflow-gatehouse", ...tags } },
  });
}
