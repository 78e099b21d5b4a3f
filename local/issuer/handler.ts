import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { answer, BodyTooLongError, readBody, splitTarget } from "../httpMessage.ts";
import { ADMIN_OPERATIONS } from "./admin.ts";
import { requireAdministrator } from "./administrator.ts";
import type { OperationContext } from "./context.ts";
import { CognitoError } from "./errors.ts";
import { hostedAnswer } from "./hosted/index.ts";
import { OPERATIONS } from "./operations.ts";

const BODY_BYTES = 64 * 1024;

const TARGET = "AWSCognitoIdentityProviderService.";

/** Any page may talk to a user pool, as with Cognito: what it can do depends on the password or token that it holds. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
};

const FAILED = { status: 500, headers: { "content-type": "text/plain" }, body: "Something went wrong" };

/** The user pool over HTTP: its key set and its JSON operations. */
export function issuerHandler(context: OperationContext) {
  const keySet = JSON.stringify(context.tokens.jwks);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reply = (status: number, body: string, headers: Readonly<Record<string, string>> = {}) =>
      answer(request, response, status, { ...CORS, "x-amzn-requestid": randomUUID(), ...headers }, body);
    if (request.method === "OPTIONS") {
      reply(200, "", {
        "access-control-allow-methods": "GET,POST,OPTIONS",
        "access-control-allow-headers":
          request.headers["access-control-request-headers"] ?? "content-type,x-amz-target,x-amz-user-agent",
        "access-control-max-age": "172800",
      });
      return;
    }
    const target = splitTarget(request.url ?? "/");
    const { path } = target;
    if (request.method === "GET" && path === `/${context.pool.poolId}/.well-known/jwks.json`) {
      reply(200, keySet, { "content-type": "application/json", "cache-control": "public, max-age=86400" });
      return;
    }
    const page = context.hosted && (await hostedAnswer(request, target, context, context.hosted).catch(() => FAILED));
    if (page) {
      reply(page.status, page.body, page.headers);
      return;
    }
    if (request.method !== "POST" || path !== "/") {
      reply(404, '{"message":"not found"}', { "content-type": "application/json" });
      return;
    }
    try {
      const result = await operate(request, context);
      reply(200, JSON.stringify(result), { "content-type": "application/x-amz-json-1.1", "cache-control": "no-store" });
    } catch (error) {
      const { type, message, status } = refusal(error);
      reply(status, JSON.stringify({ __type: type, message }), {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-errortype": `${type}:`,
        "x-amzn-errormessage": message,
      });
    }
  };
}

async function operate(request: IncomingMessage, context: OperationContext): Promise<object> {
  const target = String(request.headers["x-amz-target"] ?? "");
  const name = target.startsWith(TARGET) ? target.slice(TARGET.length) : "";
  const body = await readBody(request, BODY_BYTES);
  const admin = Object.hasOwn(ADMIN_OPERATIONS, name) ? ADMIN_OPERATIONS[name] : undefined;
  if (admin)
    requireAdministrator(request, body, {
      key: context.administrator,
      region: context.pool.region,
      now: context.now(),
    });
  const operation = admin ?? (Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined);
  if (!operation) throw new CognitoError("UnknownOperationException", "the local issuer has no such operation");
  let input: unknown;
  try {
    input = JSON.parse(body.toString());
  } catch {
    throw new CognitoError("SerializationException", "the body is not JSON");
  }
  return operation(input, context);
}

function refusal(error: unknown): { readonly type: string; readonly message: string; readonly status: number } {
  if (error instanceof CognitoError) return { type: error.type, message: error.message, status: 400 };
  if (error instanceof BodyTooLongError)
    return { type: "InvalidParameterException", message: "The request is too long", status: 413 };
  return { type: "InternalErrorException", message: "Something went wrong", status: 500 };
}
