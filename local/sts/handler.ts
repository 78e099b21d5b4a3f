import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { answer, BodyTooLongError, headerList, readBody, splitTarget } from "../httpMessage.ts";
import { type Credential, type SigV4ErrorType, verifySigV4 } from "../sigv4/index.ts";
import { type Assumed, type AssumeInput, StsError } from "./assume.ts";
import { roleId, type Session, sessionArn, userId } from "./principal.ts";
import type { WebIdentityInput } from "./webIdentity.ts";
import { errorXml, resultXml } from "./xml.ts";

/** One line for each call of the local STS. */
export interface StsLogRecord {
  readonly time: string;
  readonly door: "sts";
  readonly requestId: string;
  readonly action: string;
  readonly principal?: string;
  /** ARN of the role that was asked for. */
  readonly role?: string;
  readonly decision: "allow" | "deny";
  readonly status: number;
  readonly reason?: string;
  readonly ms: number;
}

export interface StsHandlerSettings {
  readonly region: string;
  readonly now: () => number;
  readonly credentialFor: (accessKeyId: string, sessionToken: string | undefined) => Credential<Session>;
  readonly assume: (caller: Session, input: AssumeInput) => Assumed;
  readonly assumeWithToken: (input: WebIdentityInput) => Promise<Assumed>;
  readonly log?: ((record: StsLogRecord) => void) | undefined;
}

/** Far above any real call. */
const BODY_BYTES = 64 * 1024;

/** What STS calls the errors that other services know by another name. */
const CODES: Readonly<Record<SigV4ErrorType, string>> = {
  MissingAuthenticationTokenException: "MissingAuthenticationToken",
  IncompleteSignatureException: "IncompleteSignature",
  InvalidSignatureException: "SignatureDoesNotMatch",
  UnrecognizedClientException: "InvalidClientTokenId",
  ExpiredTokenException: "ExpiredToken",
};

type Outcome = { readonly action: string; principal?: string; role?: string };

/** The Query API of STS over HTTP, as boto3 and the AWS SDKs speak it. */
export function stsHandler(settings: StsHandlerSettings) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = performance.now();
    const requestId = randomUUID();
    const outcome: Outcome = { action: "unknown" };
    let status = 200;
    let body: string;
    let reason: string | undefined;
    try {
      body = await act(request, outcome, requestId, settings);
    } catch (error) {
      const refusal = error instanceof StsError ? error : fault(error);
      status = refusal.status;
      reason = refusal.reason;
      body = errorXml(refusal.code, refusal.message, requestId);
    }
    answer(request, response, status, { "content-type": "text/xml", "x-amzn-requestid": requestId }, body);
    settings.log?.({
      time: new Date(settings.now()).toISOString(),
      door: "sts",
      requestId,
      ...outcome,
      decision: status < 400 ? "allow" : "deny",
      status,
      ...(reason === undefined ? {} : { reason }),
      ms: Math.round((performance.now() - started) * 10) / 10,
    });
  };
}

async function act(
  request: IncomingMessage,
  outcome: { action: string; principal?: string; role?: string },
  requestId: string,
  settings: StsHandlerSettings,
): Promise<string> {
  const body = await readBody(request, BODY_BYTES);
  const target = request.url ?? "/";
  const parameters = new URLSearchParams(request.method === "GET" ? splitTarget(target).query : body.toString());
  const action = parameters.get("Action") ?? "";
  outcome.action = /^\w{1,64}$/.test(action) ? action : "unknown";
  if (action === "AssumeRoleWithWebIdentity") {
    const { roleArn, sessionName, seconds } = assumeInput(parameters);
    outcome.role = roleArn;
    const token = parameters.get("WebIdentityToken");
    if (!token) throw new StsError("ValidationError", 400, "WebIdentityToken must not be null");
    const assumed = await settings.assumeWithToken({ roleArn, sessionName, seconds, token });
    outcome.principal = sessionArn(assumed.session);
    return resultXml(action, assumedNode(assumed), requestId);
  }
  const verified = verifySigV4(
    { method: request.method ?? "", target, headers: headerList(request), body },
    {
      service: "sts",
      // The global endpoint is signed for us-east-1.
      regions: [settings.region, "us-east-1"],
      now: settings.now(),
      credentialFor: settings.credentialFor,
    },
  );
  if (!verified.ok) throw new StsError(CODES[verified.type], verified.status, verified.message, verified.cause);
  const caller = verified.principal;
  outcome.principal = sessionArn(caller);

  switch (action) {
    case "AssumeRole": {
      const input = assumeInput(parameters);
      outcome.role = input.roleArn;
      return resultXml(action, assumedNode(settings.assume(caller, input)), requestId);
    }
    case "GetCallerIdentity":
      return resultXml(
        action,
        { Arn: sessionArn(caller), UserId: userId(caller), Account: caller.role.account },
        requestId,
      );
    default:
      throw new StsError("InvalidAction", 400, `Could not find operation ${outcome.action} for version 2011-06-15`);
  }
}

function assumeInput(parameters: URLSearchParams): AssumeInput {
  const roleArn = parameters.get("RoleArn");
  const sessionName = parameters.get("RoleSessionName");
  if (!roleArn || !sessionName)
    throw new StsError("ValidationError", 400, "RoleArn and RoleSessionName must not be null");
  // INVARIANT: a parameter that narrows the session is never ignored.
  const unsupported = [...parameters.keys()].find((key) =>
    /^(Policy|PolicyArns|TransitiveTagKeys|SerialNumber)\b/.test(key),
  );
  if (unsupported !== undefined)
    throw new StsError(
      "ValidationError",
      400,
      `The local STS doesn't take the parameter ${unsupported.slice(0, 60)}: leave it out`,
    );
  const duration = parameters.get("DurationSeconds");
  return {
    roleArn,
    sessionName,
    seconds: duration === null ? undefined : /^\d{1,9}$/.test(duration) ? Number(duration) : Number.NaN,
    externalId: parameters.get("ExternalId") ?? undefined,
    sourceIdentity: parameters.get("SourceIdentity") ?? undefined,
    tags: tagsOf(parameters),
  };
}

function tagsOf(parameters: URLSearchParams): Readonly<Record<string, string>> | undefined {
  const tags: [string, string][] = [];
  for (const [name, key] of parameters) {
    const index = /^Tags\.member\.(\d+)\.Key$/.exec(name)?.[1];
    if (index !== undefined) tags.push([key, parameters.get(`Tags.member.${index}.Value`) ?? ""]);
  }
  return tags.length ? Object.fromEntries(tags) : undefined;
}

function assumedNode({ session, credentials }: Assumed) {
  return {
    Credentials: {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      SessionToken: credentials.sessionToken,
      Expiration: credentials.expiration.toISOString().replace(/\.\d{3}Z$/, "Z"),
    },
    AssumedRoleUser: { AssumedRoleId: `${roleId(session.role)}:${session.name}`, Arn: sessionArn(session) },
    PackedPolicySize: "0",
    ...(session.sourceIdentity === undefined ? {} : { SourceIdentity: session.sourceIdentity }),
  };
}

function fault(error: unknown): StsError {
  if (error instanceof BodyTooLongError) return new StsError("ValidationError", 413, "The request is too long");
  const reason = error instanceof Error ? error.message : String(error);
  return new StsError("InternalFailure", 500, "The request processing has failed because of an unknown error", reason);
}
