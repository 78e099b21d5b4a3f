import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** The table whose one item says what administrators changed since the deployment. */
export interface AccessTable {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
}

/** Key of the item; what may be read of the table is this item alone. */
const ITEM = "access";

/** Who may change the item may narrow what everyone else may do: the doors read it, and nobody's role in this stack writes it. */
export function accessTable(name: string, opts: pulumi.ResourceOptions): AccessTable {
  const table = new aws.dynamodb.Table(
    name,
    {
      name,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "id",
      attributes: [{ name: "id", type: "S" }],
      pointInTimeRecovery: { enabled: true },
      // With AWS's own key: another would be one more thing without which nobody gets in.
      serverSideEncryption: { enabled: true },
      deletionProtectionEnabled: true,
    },
    { ...opts, protect: true },
  );
  return { name: table.name, arn: table.arn };
}

/** The right to read the one item. */
export function readAccessItem(table: AccessTable) {
  return {
    Sid: "AccessPolicy",
    Effect: "Allow",
    Action: "dynamodb:GetItem",
    Resource: table.arn,
    Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [ITEM] } },
  };
}
