import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  type AccessDocument,
  type AccessItem,
  type AccessPolicy,
  digestOf,
  readItem,
} from "../../authorizer/identity/accessPolicy.ts";
import { ACCESS_ITEM } from "../../authorizer/lambda/getItem.ts";
import { type Administered, clientOf } from "../administered.ts";
import { UsageError } from "../errors.ts";

/** Reads and writes the access policy's item. */
export function accessItem(stack: Administered) {
  if (!stack.accessTable)
    throw new UsageError(
      `the stack ${stack.plan.stack} declares no table for an access policy: deploy it with this version`,
    );
  const client = new DynamoDBClient(clientOf(stack, "tables"));
  const id = { S: ACCESS_ITEM };
  const stored = async (): Promise<AccessItem | undefined> => {
    const { Item: item } = await client.send(
      new GetItemCommand({ TableName: stack.accessTable, Key: { id }, ConsistentRead: true }),
    );
    return item && { version: Number(item.version?.N), digest: item.digest?.S ?? "", document: item.document?.S ?? "" };
  };
  return {
    /** @throws AccessPolicyError when what is stored is no good: `policy set` replaces it */
    read: async (): Promise<AccessPolicy> => readItem(await stored()),
    /** What is stored is no good, as something beside this command wrote it. @returns its version, to write the next one */
    version: async (): Promise<number> => {
      const version = (await stored())?.version ?? 0;
      return Number.isSafeInteger(version) ? version : 0;
    },
    /** Writes the next version, if nobody else has meanwhile. @param after version that was read; 0: none @returns the new version */
    async write(document: AccessDocument, after: number): Promise<number> {
      const text = JSON.stringify(document);
      const condition =
        after === 0
          ? { ConditionExpression: "attribute_not_exists(id)" }
          : {
              ConditionExpression: "#version = :read",
              ExpressionAttributeNames: { "#version": "version" },
              ExpressionAttributeValues: { ":read": { N: String(after) } },
            };
      const item = { id, version: { N: String(after + 1) }, digest: { S: digestOf(text) }, document: { S: text } };
      try {
        await client.send(new PutItemCommand({ TableName: stack.accessTable, Item: item, ...condition }));
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException)
          throw new UsageError("somebody else changed the access policy meanwhile: nothing was written, try again");
        throw error;
      }
      return after + 1;
    },
    close: () => client.destroy(),
  };
}
