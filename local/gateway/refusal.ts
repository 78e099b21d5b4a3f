import type { Api } from "./api.ts";
import { type ContextVariables, fillTemplate } from "./context.ts";

/** A kind of answer that the gateway gives itself. Source: API Gateway guide, "Gateway response types". */
export interface RefusalKind {
  readonly responseType: string;
  readonly status: number;
  readonly errorType: string;
  /** null: the body says `"message":null`, as AWS does for its own faults. */
  readonly message: string | null;
}

const kind = (responseType: string, status: number, errorType: string, message: string | null): RefusalKind => ({
  responseType,
  status,
  errorType,
  message,
});

export const REFUSALS = {
  notCanonical: kind("DEFAULT_4XX", 400, "BadRequestException", "Bad Request"),
  unknownStage: kind("DEFAULT_4XX", 403, "ForbiddenException", "Forbidden"),
  unknownRoute: kind(
    "MISSING_AUTHENTICATION_TOKEN",
    403,
    "MissingAuthenticationTokenException",
    "Missing Authentication Token",
  ),
  urlTooLong: kind("DEFAULT_4XX", 414, "RequestUriTooLongException", "Request-URI Too Long"),
  headersTooLong: kind("DEFAULT_4XX", 431, "RequestHeaderFieldsTooLargeException", "Request Header Fields Too Large"),
  bodyTooLong: kind("REQUEST_TOO_LARGE", 413, "RequestTooLargeException", "Request Too Long"),
  throttled: kind("THROTTLED", 429, "TooManyRequestsException", "Too Many Requests"),
  unauthorized: kind("UNAUTHORIZED", 401, "UnauthorizedException", "Unauthorized"),
  authorizerFailed: kind("AUTHORIZER_FAILURE", 500, "AuthorizerFailureException", null),
  authorizerInvalid: kind("AUTHORIZER_CONFIGURATION_ERROR", 500, "AuthorizerConfigurationException", null),
  accessDenied: kind("ACCESS_DENIED", 403, "AccessDeniedException", "User is not authorized to access this resource"),
  upstreamFailed: kind("INTEGRATION_FAILURE", 502, "InternalServerErrorException", "Internal server error"),
  upstreamSlow: kind("INTEGRATION_TIMEOUT", 504, "GatewayTimeoutException", "Endpoint request timed out"),
  fault: kind("DEFAULT_5XX", 500, "InternalServerErrorException", "Internal server error"),
} as const;

/** Why the gateway answers a request itself. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly kind: RefusalKind;
  /** For the log. */
  readonly reason: string;

  constructor(refusal: RefusalKind, reason: string) {
    super(reason);
    this.kind = refusal;
    this.reason = reason;
  }
}

export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer for a refusal: the gateway response that the API declares for it, else AWS's own. */
export function refusalAnswer(api: Api, refusal: RefusalKind, context: ContextVariables): RefusalAnswer {
  // The one response type that can't be changed. Source: API Gateway guide, "Gateway response types".
  const declared =
    refusal.responseType === "REQUEST_TOO_LARGE"
      ? undefined
      : (api.gatewayResponses.get(refusal.responseType) ??
        api.gatewayResponses.get(refusal.status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX"));
  const variables = {
    ...context,
    "error.message": refusal.message ?? undefined,
    "error.responseType": refusal.responseType,
  };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(declared?.headers ?? {})) {
    const fixed = /^'([^\r\n]*)'$/.exec(value)?.[1];
    const mapped = value.startsWith("context.")
      ? variables[value.slice("context.".length) as keyof typeof variables]
      : undefined;
    const filled = fixed ?? mapped;
    if (filled !== undefined && !/[^\x20-\x7e]/.test(filled)) headers[name.toLowerCase()] = filled;
  }
  const standard = JSON.stringify({ message: refusal.message });
  const body = declared?.template === undefined ? standard : (fillTemplate(declared.template, variables) ?? standard);
  return {
    status: declared?.status ?? refusal.status,
    headers: { ...headers, "content-type": "application/json", "x-amzn-errortype": refusal.errorType },
    body,
  };
}
