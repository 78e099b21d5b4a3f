import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { ofType, type Plan, text } from "../../plan/plan.ts";
import { answer, headerList, readBody } from "../httpMessage.ts";
import type { AccessKey } from "../issuer/index.ts";
import { verifySigV4 } from "../sigv4/index.ts";
import { type Item, TableStore } from "./store.ts";

export interface DynamoSettings {
  /** The stack that declares the tables. */
  readonly plan: Plan;
  readonly region: string;
  /** Where the items are kept. */
  readonly directory: string;
  /** Key of an administrator, who reads and writes. */
  readonly administrator: AccessKey;
  /** Key of the doors, which read. */
  readonly reader: AccessKey;
}

const BODY_BYTES = 512 * 1024;
const TARGET = "DynamoDB_20120810.";
const ERROR_PREFIX = "com.amazonaws.dynamodb.v20120810#";

const ATTRIBUTE = z.record(z.string(), z.unknown());
const ITEM = z.record(z.string(), ATTRIBUTE);
const GET = z.object({ TableName: z.string(), Key: ITEM });
const PUT = z.object({
  TableName: z.string(),
  Item: ITEM,
  ConditionExpression: z.string().nullish(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).nullish(),
  ExpressionAttributeValues: ITEM.nullish(),
});

class DynamoError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/**
 * The declared DynamoDB tables, as far as the access policy needs them: `GetItem` and a conditional `PutItem` by a text key, over the wire that any AWS
 * SDK speaks. Every call is signed.
 */
export function createDynamo(settings: DynamoSettings) {
  const tables = new Map(
    ofType(settings.plan, "aws:dynamodb/table:Table").map((table) => {
      const name = text(table, "name");
      return [name, { key: text(table, "hashKey"), store: new TableStore(settings.directory, name) }] as const;
    }),
  );
  const tableOf = (name: string) => {
    const table = tables.get(name);
    if (!table) throw new DynamoError("ResourceNotFoundException", `Requested resource not found: Table: ${name}`);
    return table;
  };
  const keyOf = (item: Item, key: string) => {
    const value = item[key]?.S;
    if (typeof value !== "string" || value === "")
      throw new DynamoError("ValidationException", "The provided key element does not match the schema");
    return value;
  };
  const operations: Readonly<Record<string, (input: unknown, writes: boolean) => object>> = {
    GetItem(raw) {
      const input = parsed(GET, raw);
      const { key, store } = tableOf(input.TableName);
      const item = store.get(keyOf(input.Key, key));
      return item ? { Item: item } : {};
    },
    PutItem(raw, writes) {
      if (!writes) throw new DynamoError("AccessDeniedException", "this key may read and not write");
      const input = parsed(PUT, raw);
      const { key, store } = tableOf(input.TableName);
      const id = keyOf(input.Item, key);
      const { ExpressionAttributeNames: names, ExpressionAttributeValues: values } = input;
      if (input.ConditionExpression && !holds(input.ConditionExpression, store.get(id), names ?? {}, values ?? {}))
        throw new DynamoError("ConditionalCheckFailedException", "The conditional request failed");
      store.put(id, input.Item);
      return {};
    },
  };

  return {
    tables: [...tables.keys()] as readonly string[],
    async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const reply = (status: number, body: object) =>
        answer(
          request,
          response,
          status,
          { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": randomUUID() },
          JSON.stringify(body),
        );
      try {
        const body = await readBody(request, BODY_BYTES);
        const writes = callerWrites(request, body, settings);
        const target = String(request.headers["x-amz-target"] ?? "");
        const name = target.startsWith(TARGET) ? target.slice(TARGET.length) : "";
        const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
        if (!operation) throw new DynamoError("UnknownOperationException", "the local tables have no such operation");
        reply(200, operation(JSON.parse(body.toString()), writes));
      } catch (error) {
        if (error instanceof DynamoError)
          reply(400, { __type: `${ERROR_PREFIX}${error.type}`, message: error.message });
        else reply(500, { __type: `${ERROR_PREFIX}InternalServerError`, message: "the call could not be answered" });
      }
    },
  };
}

/** @returns whether the caller may write. @throws DynamoError */
function callerWrites(request: IncomingMessage, body: Buffer, settings: DynamoSettings): boolean {
  const signed = { method: request.method ?? "", target: request.url ?? "/", headers: headerList(request), body };
  const result = verifySigV4(signed, {
    service: "dynamodb",
    regions: [settings.region],
    now: Date.now(),
    credentialFor: (id) => {
      const key = [settings.administrator, settings.reader].find(({ accessKeyId }) => accessKeyId === id);
      return key
        ? { ok: true, secret: key.secretAccessKey, principal: key === settings.administrator }
        : { ok: false, reason: "invalid", cause: "no key of this local run" };
    },
  });
  if (!result.ok) throw new DynamoError(result.type, result.message);
  return result.principal;
}

/** Two conditions of DynamoDB's language: that there is no item, or that an attribute has a value. Another is refused, never taken for true. */
function holds(
  expression: string,
  item: Item | undefined,
  names: Readonly<Record<string, string>>,
  values: Item,
): boolean {
  const [, absent] = /^\s*attribute_not_exists\(\s*(#?\w+)\s*\)\s*$/.exec(expression) ?? [];
  if (absent !== undefined) return item?.[names[absent] ?? absent] === undefined;
  const [, name, value] = /^\s*(#?\w+)\s*=\s*(:\w+)\s*$/.exec(expression) ?? [];
  if (name === undefined || value === undefined || values[value] === undefined)
    throw new DynamoError("ValidationException", `the local tables can't decide the condition \`${expression}\``);
  return JSON.stringify(item?.[names[name] ?? name]) === JSON.stringify(values[value]);
}

function parsed<T>(schema: z.ZodType<T>, raw: unknown): T {
  const result = schema.safeParse(raw);
  if (!result.success) throw new DynamoError("ValidationException", "the request has not the form of the operation");
  return result.data;
}
