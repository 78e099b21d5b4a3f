import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { nonCanonicalReason } from "../../authorizer/catalogue/canonical.ts";
import type { RequestContext } from "../../authorizer/policy/conditions.ts";
import { answer, type HeaderList, headerList, splitTarget } from "../httpMessage.ts";
import { type Session, type Sts, sessionArn, userId } from "../sts/index.ts";
import { accessLine } from "./accessLog.ts";
import type { Api } from "./api.ts";
import type { ContextVariables } from "./context.ts";
import { authenticate, authorize } from "./iam.ts";
import { type bodyReader, checkSizes, type Limits } from "./limits.ts";
import type { Caller, GatewayLogRecord } from "./log.ts";
import { belowStage, type Match, matchMethod } from "./match.ts";
import { forward } from "./proxy.ts";
import { REFUSALS, Refusal, refusalAnswer } from "./refusal.ts";
import { authorizeToken, type Identity, type tokenDoor } from "./tokenDoor.ts";

/** What a gateway is made of. */
export interface Parts {
  readonly api: Api;
  readonly door: string;
  readonly now: () => number;
  readonly limits: Limits;
  readonly upstream: Dispatcher;
  readonly sts: Pick<Sts, "credentialFor" | "organizations">;
  readonly lenient: boolean;
  readonly requestContext: RequestContext;
  readonly readBody: ReturnType<typeof bodyReader>;
  readonly admit: () => boolean;
  readonly identify: ReturnType<typeof tokenDoor>;
  readonly personaOf: (roleName: string) => string | undefined;
  readonly log: (record: GatewayLogRecord) => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: HeaderList;
  readonly requestId: string;
  /** Below the stage. */
  path: string;
  context: ContextVariables;
  readonly caller: Caller;
  decided: boolean;
}

/** One request from first check to log line. Never rejects. */
export async function exchange(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const started = performance.now();
  const requestId = randomUUID();
  const target = request.url ?? "/";
  const exchanged: Exchange = {
    request,
    response,
    headers: headerList(request),
    requestId,
    path: splitTarget(target).path,
    context: baseContext(request, requestId, parts),
    caller: {},
    decided: false,
  };
  let reason: string | undefined;
  let responseType: string | undefined;
  try {
    await serve(exchanged, parts);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : undefined;
    reason = refusal?.reason ?? (error instanceof Error ? error.message : String(error));
    const kind = refusal?.kind ?? REFUSALS.fault;
    responseType = kind.responseType;
    const { status, headers, body } = refusalAnswer(parts.api, kind, exchanged.context);
    answer(request, response, status, { ...headers, "x-amzn-requestid": requestId }, body);
  }
  // 499: the client left before there was an answer.
  const status = response.headersSent ? response.statusCode : 499;
  const ms = Math.round((performance.now() - started) * 10) / 10;
  const { accessLog } = parts.api;
  const context = {
    ...exchanged.context,
    status: String(status),
    responseLatency: String(Math.round(ms)),
    "error.responseType": responseType,
  };
  parts.log({
    time: new Date(parts.now()).toISOString(),
    door: parts.door,
    requestId,
    method: request.method ?? "",
    path: exchanged.path.slice(0, 1024),
    ...exchanged.caller,
    decision: exchanged.decided ? "allow" : "deny",
    status,
    ...(reason === undefined ? {} : { reason }),
    ms,
    ...(accessLog ? { accessLog: accessLine(accessLog, context) } : {}),
  });
}

async function serve(exchanged: Exchange, parts: Parts): Promise<void> {
  const { request, headers } = exchanged;
  const { api } = parts;
  const target = request.url ?? "/";
  const httpMethod = request.method ?? "";
  checkSizes(target, headers, parts.limits);
  const { path } = splitTarget(target);
  const wrong = nonCanonicalReason(path);
  if (wrong !== undefined) throw new Refusal(REFUSALS.notCanonical, wrong);
  const below = belowStage(api, path);
  if (below === undefined) throw new Refusal(REFUSALS.unknownStage, `the path is not under the stage /${api.stage}`);
  exchanged.path = below;
  const match = matchMethod(api, httpMethod, below);
  if (!match) throw new Refusal(REFUSALS.unknownRoute, "the API declares no such resource and method");
  exchanged.context = { ...exchanged.context, resourcePath: match.node.path };
  if (!parts.admit()) throw new Refusal(REFUSALS.throttled, "more requests than the stage's throttle allows");

  // The path stands in the ARN raw, as sent: one spelling, one decision. AWS doesn't document whether it decodes; a spelling it would
  // accept and this one doesn't is refused here.
  const methodArn = `${api.executionArn}/${api.stage}/${httpMethod}/${below.slice(1)}`;
  switch (match.method.authorization) {
    case "NONE":
      return mock(exchanged, match);
    case "AWS_IAM":
      return parts.readBody(request, (body) => {
        const settings = { ...parts, context: requestContext(exchanged, parts) };
        const session = authenticate(api, { method: httpMethod, target, headers, body }, settings);
        noteSession(exchanged, session, parts);
        authorize(api, session, methodArn, settings);
        return pass(exchanged, match, body, parts);
      });
    case "CUSTOM": {
      if (!match.method.authorizer) throw new Refusal(REFUSALS.fault, "the method has no authorizer");
      const identity = await parts.identify(match.method.authorizer, headers, methodArn);
      noteIdentity(exchanged, identity);
      authorizeToken(api, identity, methodArn, requestContext(exchanged, parts));
      return parts.readBody(request, (body) => pass(exchanged, match, body, parts));
    }
  }
}

/** Hands on what was allowed. */
async function pass(exchanged: Exchange, match: Match, body: Buffer, { upstream }: Parts): Promise<void> {
  const { integration, authorization } = match.method;
  if (integration.type === "MOCK") return mock(exchanged, match);
  exchanged.decided = true;
  await forward(upstream, exchanged.request, exchanged.response, {
    integration,
    headers: exchanged.headers,
    body,
    path: exchanged.path,
    parameters: match.parameters,
    context: exchanged.context,
    dropCredentials: authorization === "AWS_IAM",
    requestId: exchanged.requestId,
  });
}

function mock(exchanged: Exchange, { method: { integration } }: Match): void {
  if (integration.type !== "MOCK")
    throw new Refusal(REFUSALS.fault, "only a MOCK integration may go without authorization");
  exchanged.decided = true;
  const headers = {
    "content-type": "application/json",
    ...integration.headers,
    "x-amzn-requestid": exchanged.requestId,
  };
  answer(exchanged.request, exchanged.response, integration.status, headers, integration.body);
}

function noteSession(exchanged: Exchange, session: Session, parts: Parts): void {
  const arn = sessionArn(session);
  const persona = parts.personaOf(session.role.name) ?? session.role.tags["gatehouse:persona"];
  Object.assign(exchanged.caller, {
    person: session.name,
    principal: arn,
    ...(persona === undefined ? {} : { personas: [persona] }),
  });
  exchanged.context = {
    ...exchanged.context,
    "identity.userArn": arn,
    "identity.accountId": session.role.account,
    "identity.caller": userId(session),
    "identity.user": userId(session),
    "identity.principalOrgId": parts.sts.organizations[session.role.account],
  };
}

function noteIdentity(exchanged: Exchange, { principalId, context }: Identity): void {
  const { person, personas } = context;
  Object.assign(exchanged.caller, {
    principal: principalId,
    ...(person === undefined ? {} : { person }),
    ...(personas === undefined ? {} : { personas: personas.split(",").filter(Boolean) }),
  });
  exchanged.context = {
    ...exchanged.context,
    ...Object.fromEntries(Object.entries(context).map(([name, value]) => [`authorizer.${name}`, value])),
    "authorizer.principalId": principalId,
  };
}

function baseContext(request: IncomingMessage, requestId: string, { api, now }: Parts): ContextVariables {
  const time = now();
  return {
    accountId: api.account,
    apiId: api.id,
    extendedRequestId: requestId,
    httpMethod: request.method,
    "identity.sourceIp": request.socket.remoteAddress?.replace(/^::ffff:/, ""),
    "identity.userAgent": request.headers["user-agent"],
    path: splitTarget(request.url ?? "/").path,
    protocol: `HTTP/${request.httpVersion}`,
    requestId,
    requestTimeEpoch: String(time),
    stage: api.stage,
  };
}

/** Condition keys of the request itself. */
function requestContext({ context }: Exchange, parts: Parts): RequestContext {
  return {
    "aws:SourceIp": context["identity.sourceIp"],
    "aws:UserAgent": context["identity.userAgent"],
    "aws:SecureTransport": "true",
    // What comes to this machine's door stands for what comes through a private API's endpoint.
    "aws:SourceVpce": parts.api.vpcEndpointIds[0],
    ...parts.requestContext,
  };
}
