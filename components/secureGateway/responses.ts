import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Door } from "../../authorizer/catalogue/types.ts";
import { originHeader } from "./cors.ts";

interface GatewayResponse {
  readonly type: string;
  readonly status?: string;
  readonly body: string;
}

const MESSAGE = "$context.error.messageString";

/** An error in MLflow's own shape, which its clients and its UI show as they are. A message of the gateway brings its own quotes. */
function error(code: string, message: string, more: Readonly<Record<string, string>> = {}): string {
  const said = message === MESSAGE ? message : JSON.stringify(message);
  const rest = Object.entries(more).map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{"error_code":"${code}","message":${said}${rest.join("")}}`;
}

const ASK =
  "`gatehouse explain` says which persona may do this; ask an admin of the registry for it. Nothing is wrong with your code";

const OF_BOTH: readonly GatewayResponse[] = [
  {
    type: "THROTTLED",
    status: "429",
    body: error("REQUEST_LIMIT_EXCEEDED", "too many requests at this door: wait, then send it again"),
  },
  {
    type: "WAF_FILTERED",
    status: "403",
    body: error(
      "PERMISSION_DENIED",
      "the web ACL in front of the registry refuses this request, perhaps since this session sends too many: wait some minutes, then send it again",
    ),
  },
  { type: "DEFAULT_4XX", body: error("BAD_REQUEST", MESSAGE) },
  { type: "DEFAULT_5XX", body: error("INTERNAL_ERROR", MESSAGE) },
];

/** What each door answers by itself: what was denied, to whom, and how to ask for it. */
export const RESPONSES: Readonly<Record<Door, readonly GatewayResponse[]>> = {
  code: [
    {
      type: "ACCESS_DENIED",
      status: "403",
      body: error("PERMISSION_DENIED", MESSAGE, { caller: "$context.identity.userArn", ask: ASK }),
    },
    {
      type: "INVALID_SIGNATURE",
      body: error("UNAUTHENTICATED", MESSAGE, { ask: "`python -m mlflow_gatehouse doctor` finds why" }),
    },
    { type: "EXPIRED_TOKEN", body: error("UNAUTHENTICATED", MESSAGE, { ask: "get new credentials of your role" }) },
    {
      type: "MISSING_AUTHENTICATION_TOKEN",
      body: error("UNAUTHENTICATED", MESSAGE, {
        ask: "sign with SigV4 for execute-api as your persona's role: MLFLOW_TRACKING_AUTH=gatehouse does",
      }),
    },
    ...OF_BOTH,
  ],
  browser: [
    {
      type: "UNAUTHORIZED",
      status: "401",
      body: error("UNAUTHENTICATED", "log in again: the token is missing, expired or of another user pool"),
    },
    {
      type: "ACCESS_DENIED",
      status: "403",
      body: error("PERMISSION_DENIED", "$context.authorizer.message", {
        person: "$context.authorizer.person",
        personas: "$context.authorizer.personas",
        ask: ASK,
      }),
    },
    ...OF_BOTH,
  ],
};

/**
 * Declares what a door answers by itself. Without CORS headers a browser would show a failed fetch and no reason.
 *
 * @param origin origin of the UI, or null where there is none, or at a door that no page calls
 */
export function gatewayResponses(
  name: string,
  door: Door,
  restApi: aws.apigateway.RestApi,
  origin: string | null,
  opts: pulumi.ResourceOptions,
): readonly aws.apigateway.Response[] {
  return RESPONSES[door].map(
    ({ type, status, body }) =>
      new aws.apigateway.Response(
        `${name}-${type.toLowerCase().replaceAll("_", "-")}`,
        {
          restApiId: restApi.id,
          responseType: type,
          ...(status === undefined ? {} : { statusCode: status }),
          responseTemplates: { "application/json": body },
          ...(origin === null ? {} : { responseParameters: originHeader(origin) }),
        },
        opts,
      ),
  );
}
