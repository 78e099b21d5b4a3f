import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";
import { ROLE_PATH } from "../shared/names.ts";
import { accessLogFormat } from "./accessLog.ts";
import { preflight, preflightHeaders } from "./cors.ts";
import { type DoorDefinition, requestParameters } from "./doors.ts";
import { gatewayResponses, RESPONSES } from "./responses.ts";

export interface DoorArgs {
  readonly account: string;
  readonly settings: CentralSettings["gateway"];
  readonly link: aws.apigatewayv2.VpcLink | aws.apigateway.VpcLink;
  /** What a link of the second kind leads to; null: the link knows. */
  readonly loadBalancerArn: pulumi.Input<string> | null;
  /** Address of MLflow that requests name, without a trailing slash. */
  readonly internalUrl: pulumi.Input<string>;
  readonly proof: pulumi.Input<string>;
  /** Origin of the UI, or null. */
  readonly origin: string | null;
  /** Web ACL in front of the stage, or null. */
  readonly webAclArn: pulumi.Input<string> | null;
  readonly kmsKeyArn: pulumi.Input<string>;
  /** What has to be there before a stage may write logs. */
  readonly before: readonly pulumi.Resource[];
}

/** Longest time that API Gateway waits for a streamed answer. Source: API Gateway guide, "Response streaming". */
const STREAM_MILLISECONDS = 900_000;

/** The REST API of a door, still without methods: an authorizer needs it first. */
export function doorApi(
  name: string,
  definition: DoorDefinition,
  settings: CentralSettings["gateway"],
  opts: pulumi.ResourceOptions,
): aws.apigateway.RestApi {
  return new aws.apigateway.RestApi(
    name,
    {
      name,
      description: definition.description,
      endpointConfiguration: isPrivate(definition, settings)
        ? { types: "PRIVATE", vpcEndpointIds: settings.code.vpcEndpointIds }
        : { types: "REGIONAL" },
      securityPolicy: settings.tls,
      endpointAccessMode: "STRICT",
      binaryMediaTypes: ["*/*"],
      // Under a name of its own a door has no second address, which a web ACL or a block list might forget.
      disableExecuteApiEndpoint: settings[definition.door].domain !== null,
      tags: { "gatehouse:door": definition.door },
    },
    opts,
  );
}

/** Whether only VPC endpoints reach a door. */
function isPrivate({ door }: DoorDefinition, settings: CentralSettings["gateway"]): boolean {
  return door === "code" && settings.code.endpoint === "private";
}

/** Everything of a door but its API: `/` and `/{proxy+}` with ANY, forwarded with the gateway's own headers, and one stage. */
export function door(
  name: string,
  definition: DoorDefinition,
  api: aws.apigateway.RestApi,
  authorizer: aws.apigateway.Authorizer | undefined,
  args: DoorArgs,
  opts: pulumi.ResourceOptions,
): aws.apigateway.Stage {
  const under = { ...opts, parent: api };
  const proxy = new aws.apigateway.Resource(
    `${name}-proxy`,
    { restApi: api.id, parentId: api.rootResourceId, pathPart: "{proxy+}" },
    under,
  );
  const places = [
    { child: `${name}-root`, resourceId: api.rootResourceId, proxied: false },
    { child: `${name}-proxy`, resourceId: proxy.id, proxied: true },
  ];
  const parts: pulumi.Resource[] = places.flatMap((place) =>
    forwarded(place, definition, api, authorizer, args, under),
  );
  const origin = definition.browsers ? args.origin : null;
  if (origin !== null)
    for (const { child, resourceId } of places)
      parts.push(...preflight(`${child}-preflight`, { restApi: api, resourceId }, origin, under));
  parts.push(...gatewayResponses(name, definition.door, api, origin, under));
  if (definition.authorization === "AWS_IAM") parts.push(rolesOnly(name, definition, api, args, under));

  const deployment = new aws.apigateway.Deployment(
    name,
    { restApi: api.id, triggers: { redeployment: fingerprint(definition, api, authorizer, origin, args) } },
    { ...under, dependsOn: parts },
  );
  return stage(name, definition, api, deployment, args, under);
}

function forwarded(
  place: { readonly child: string; readonly resourceId: pulumi.Input<string>; readonly proxied: boolean },
  definition: DoorDefinition,
  api: aws.apigateway.RestApi,
  authorizer: aws.apigateway.Authorizer | undefined,
  args: DoorArgs,
  opts: pulumi.ResourceOptions,
): readonly pulumi.Resource[] {
  const any = { restApi: api.id, resourceId: place.resourceId, httpMethod: "ANY" };
  const method = new aws.apigateway.Method(
    place.child,
    {
      ...any,
      authorization: definition.authorization,
      ...(authorizer ? { authorizerId: authorizer.id } : {}),
      ...(place.proxied ? { requestParameters: { "method.request.path.proxy": true } } : {}),
    },
    opts,
  );
  const integration = new aws.apigateway.Integration(
    place.child,
    {
      ...any,
      type: "HTTP_PROXY",
      integrationHttpMethod: "ANY",
      connectionType: "VPC_LINK",
      connectionId: args.link.id,
      ...(args.loadBalancerArn === null ? {} : { integrationTarget: args.loadBalancerArn }),
      uri: pulumi.interpolate`${args.internalUrl}/${place.proxied ? "{proxy}" : ""}`,
      requestParameters: pulumi
        .output(args.proof)
        .apply((proof) => requestParameters(definition, proof, place.proxied)),
      responseTransferMode: "STREAM",
      timeoutMilliseconds: STREAM_MILLISECONDS,
    },
    { ...opts, parent: method },
  );
  return [method, integration];
}

/**
 * Keeps every principal out that is no role of a persona: others of the account may hold `execute-api:Invoke` on everything. A private door also keeps out
 * what doesn't come through its VPC endpoints. Nothing is allowed here: in one account an allow of the API's policy would do without the caller's own.
 * Source: API Gateway guide, "How API Gateway resource policies affect authorization workflow", table A.
 */
function rolesOnly(
  name: string,
  definition: DoorDefinition,
  api: aws.apigateway.RestApi,
  { account, settings }: DoorArgs,
  opts: pulumi.ResourceOptions,
): aws.apigateway.RestApiPolicy {
  const deny = (arn: string, Sid: string, Condition: object) => ({
    Sid,
    Effect: "Deny",
    Principal: "*",
    Action: "execute-api:Invoke",
    Resource: `${arn}/*`,
    Condition,
  });
  const policy = api.executionArn.apply((arn) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        deny(arn, "PersonaRolesOnly", {
          ArnNotLike: { "aws:PrincipalArn": `arn:aws:iam::${account}:role${ROLE_PATH}*` },
        }),
        ...(isPrivate(definition, settings)
          ? [deny(arn, "VpcEndpointsOnly", { StringNotEquals: { "aws:SourceVpce": settings.code.vpcEndpointIds } })]
          : []),
      ],
    }),
  );
  return new aws.apigateway.RestApiPolicy(name, { restApiId: api.id, policy }, opts);
}

function stage(
  name: string,
  definition: DoorDefinition,
  api: aws.apigateway.RestApi,
  deployment: aws.apigateway.Deployment,
  args: DoorArgs,
  opts: pulumi.ResourceOptions,
): aws.apigateway.Stage {
  const { settings } = args;
  const throttle = settings[definition.door].throttle ?? settings.throttle;
  const logGroup = new aws.cloudwatch.LogGroup(
    `${name}-access`,
    { retentionInDays: settings.logDays, kmsKeyId: args.kmsKeyArn },
    opts,
  );
  const made = new aws.apigateway.Stage(
    name,
    {
      restApi: api.id,
      deployment: deployment.id,
      stageName: settings.stage,
      accessLogSettings: { destinationArn: logGroup.arn, format: accessLogFormat(definition.door) },
    },
    { ...opts, dependsOn: [...args.before] },
  );
  const under = { ...opts, parent: made };
  new aws.apigateway.MethodSettings(
    name,
    {
      restApi: api.id,
      stageName: made.stageName,
      methodPath: "*/*",
      settings: {
        throttlingRateLimit: throttle.rate,
        throttlingBurstLimit: throttle.burst,
        metricsEnabled: true,
        // Execution logs hold headers and bodies; the access log says what an audit needs.
        loggingLevel: "OFF",
        dataTraceEnabled: false,
      },
    },
    under,
  );
  if (args.webAclArn !== null)
    new aws.wafv2.WebAclAssociation(name, { resourceArn: made.arn, webAclArn: args.webAclArn }, under);
  return made;
}

/** What a deployment freezes, as a digest: API Gateway serves a change only after a new deployment. */
function fingerprint(
  definition: DoorDefinition,
  api: aws.apigateway.RestApi,
  authorizer: aws.apigateway.Authorizer | undefined,
  origin: string | null,
  args: DoorArgs,
): pulumi.Output<string> {
  const fixed = {
    definition,
    preflight: origin === null ? null : preflightHeaders(origin),
    responses: RESPONSES[definition.door],
    tls: args.settings.tls,
    account: args.account,
    vpcEndpointIds: isPrivate(definition, args.settings) ? args.settings.code.vpcEndpointIds : [],
  };
  const deployed = [
    fixed,
    api.id,
    authorizer?.id,
    authorizer?.authorizerResultTtlInSeconds,
    authorizer?.identityValidationExpression,
    args.link.id,
    args.loadBalancerArn,
    args.internalUrl,
    args.proof,
  ];
  const digest = pulumi.jsonStringify(deployed).apply((text) => createHash("sha256").update(text).digest("hex"));
  // The proof has 285 random bits: its digest tells nothing, and a secret trigger would hide why a preview deploys anew.
  return pulumi.unsecret(digest);
}
