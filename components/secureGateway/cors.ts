import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { METHODS } from "../../authorizer/catalogue/types.ts";

/** Request headers that MLflow's UI and the login shell send. */
const REQUEST_HEADERS = [
  "authorization",
  "content-type",
  "x-mlflow-authorization",
  "x-mlflow-client-version",
  "x-mlflow-experiment-id",
  "x-mlflow-workspace",
];

/** Seconds that a browser keeps a preflight's answer; Chromium takes no more. */
const MAX_AGE = 7200;

/** CORS header of every answer that the gateway itself gives. */
export function originHeader(origin: string): Record<string, string> {
  return {
    "gatewayresponse.header.Access-Control-Allow-Origin": `'${origin}'`,
    "gatewayresponse.header.Vary": "'Origin'",
  };
}

/** Headers of a preflight's answer, for one fixed origin. */
export function preflightHeaders(origin: string): Readonly<Record<string, string>> {
  return {
    "Access-Control-Allow-Origin": `'${origin}'`,
    "Access-Control-Allow-Methods": `'${METHODS.join(",")}'`,
    "Access-Control-Allow-Headers": `'${REQUEST_HEADERS.join(",")}'`,
    "Access-Control-Max-Age": `'${MAX_AGE}'`,
    Vary: "'Origin'",
  };
}

/**
 * Answers preflights for one origin without asking MLflow: the only method that needs no login.
 *
 * @returns what a deployment has to wait for
 */
export function preflight(
  name: string,
  at: { readonly restApi: aws.apigateway.RestApi; readonly resourceId: pulumi.Input<string> },
  origin: string,
  opts: pulumi.ResourceOptions,
): readonly pulumi.Resource[] {
  const headers = preflightHeaders(origin);
  const inResponse = Object.entries(headers).map(
    ([header, value]) => [`method.response.header.${header}`, value] as const,
  );
  const options = { restApi: at.restApi.id, resourceId: at.resourceId, httpMethod: "OPTIONS" };
  const method = new aws.apigateway.Method(name, { ...options, authorization: "NONE", apiKeyRequired: false }, opts);
  const integration = new aws.apigateway.Integration(
    name,
    {
      ...options,
      type: "MOCK",
      // The API takes every body as binary; a mock's template is read as text.
      contentHandling: "CONVERT_TO_TEXT",
      passthroughBehavior: "WHEN_NO_TEMPLATES",
      requestTemplates: { "application/json": '{"statusCode":204}' },
    },
    { ...opts, parent: method },
  );
  const response = new aws.apigateway.MethodResponse(
    name,
    {
      ...options,
      statusCode: "204",
      responseParameters: Object.fromEntries(inResponse.map(([header]) => [header, true])),
    },
    { ...opts, parent: method },
  );
  const answer = new aws.apigateway.IntegrationResponse(
    name,
    { ...options, statusCode: "204", responseParameters: Object.fromEntries(inResponse) },
    { ...opts, parent: method, dependsOn: [integration, response] },
  );
  return [method, integration, response, answer];
}
