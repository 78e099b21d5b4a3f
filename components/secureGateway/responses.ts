import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { originHeader } from "./cors.ts";

interface GatewayResponse {
  readonly type: string;
  readonly status?: string;
  readonly body: string;
}

/** Errors in MLflow's own shape, which its UI and its clients show as they are. */
export const RESPONSES: readonly GatewayResponse[] = [
  {
    type: "UNAUTHORIZED",
    status: "401",
    body: '{"error_code":"UNAUTHENTICATED","message":"log in again: the token is missing, expired or of another user pool"}',
  },
  {
    type: "ACCESS_DENIED",
    status: "403",
    body: '{"error_code":"PERMISSION_DENIED","message":"$context.authorizer.message"}',
  },
  { type: "DEFAULT_4XX", body: '{"error_code":"BAD_REQUEST","message":$context.error.messageString}' },
  { type: "DEFAULT_5XX", body: '{"error_code":"INTERNAL_ERROR","message":$context.error.messageString}' },
];

/**
 * What the `browser` door answers by itself. Without CORS headers a browser would show a failed fetch and no reason.
 *
 * @param origin origin of the UI, or null where there is none
 */
export function gatewayResponses(
  name: string,
  restApi: aws.apigateway.RestApi,
  origin: string | null,
  opts: pulumi.ResourceOptions,
): readonly aws.apigateway.Response[] {
  return RESPONSES.map(
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
