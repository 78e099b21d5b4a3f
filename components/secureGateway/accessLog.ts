import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Door } from "../../authorizer/catalogue/types.ts";
import { plainServiceTrust } from "../shared/trust.ts";

/**
 * One line of JSON per request. Nothing that a client writes freely is in it, such as his user agent: API Gateway escapes no value.
 * Source: API Gateway guide, "Variables for access logging".
 */
export function accessLogFormat(door: Door): string {
  const browser = door === "browser";
  return JSON.stringify({
    requestId: "$context.extendedRequestId",
    time: "$context.requestTimeEpoch",
    door,
    caller: "$context.identity.userArn",
    person: browser ? "$context.authorizer.person" : "$context.identity.user",
    personas: browser ? "$context.authorizer.personas" : "-",
    sourceIp: "$context.identity.sourceIp",
    method: "$context.httpMethod",
    path: "$context.path",
    status: "$context.status",
    authorizeStatus: "$context.authorize.status",
    authorizeError: "$context.authorize.error",
    authorizerStatus: "$context.authorizer.status",
    authorizerError: "$context.authorizer.error",
    authorizerLatency: "$context.authorizer.latency",
    integrationStatus: "$context.integration.status",
    integrationLatency: "$context.integration.latency",
    responseLatency: "$context.responseLatency",
    responseLength: "$context.responseLength",
    errorType: "$context.error.responseType",
    waf: "$context.wafResponseCode",
    tls: "$context.tlsVersion",
    deployment: "$context.deploymentId",
  });
}

/** The role with which API Gateway writes logs of any API of this account and region. */
export function logRole(name: string, opts: pulumi.ResourceOptions): aws.apigateway.Account {
  const role = new aws.iam.Role(name, { assumeRolePolicy: plainServiceTrust("apigateway.amazonaws.com") }, opts);
  const attachment = new aws.iam.RolePolicyAttachment(
    name,
    {
      role: role.name,
      policyArn: "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
    },
    { ...opts, parent: role },
  );
  return new aws.apigateway.Account(name, { cloudwatchRoleArn: role.arn }, { ...opts, dependsOn: [attachment] });
}
