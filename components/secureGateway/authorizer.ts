import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Persona } from "../../authorizer/catalogue/personas.ts";
import { authorizerFiles } from "../../authorizer/lambda/bundle.ts";
import { type AccessTable, readAccessItem } from "../shared/accessTable.ts";
import { lambdaFunction } from "../shared/lambda.ts";

/** A token that has the form of a JWT; anything else is answered 401 without asking the function. */
const BEARER_JWT = "^Bearer [-_A-Za-z0-9]+\\.[-_A-Za-z0-9]+\\.[-_A-Za-z0-9]+$";

/** A user pool whose access tokens are believed. */
export interface TrustedUserPool {
  readonly userPoolId: pulumi.Input<string>;
  readonly clientIds: readonly pulumi.Input<string>[];
  /** Claim that names the person; default `username`. */
  readonly personClaim?: string;
}

export interface TokenAuthorizerArgs {
  readonly restApi: aws.apigateway.RestApi;
  readonly personas: readonly Persona[];
  readonly userPools: readonly TrustedUserPool[];
  readonly accessTable: AccessTable;
  readonly assertionKey: pulumi.Input<string>;
  /** How long API Gateway keeps an answer for a token. */
  readonly cacheSeconds: number;
  readonly kmsKeyArn: pulumi.Input<string>;
  readonly logDays: number;
}

/** The Lambda authorizer of a REST API: token → person and personas → one policy for the whole API, which may be kept by token. */
export function tokenAuthorizer(
  name: string,
  args: TokenAuthorizerArgs,
  opts: pulumi.ResourceOptions,
): aws.apigateway.Authorizer {
  const decider = authorizerFunction(name, args, opts);
  const authorizer = new aws.apigateway.Authorizer(
    name,
    {
      name: "token",
      restApi: args.restApi.id,
      type: "TOKEN",
      identitySource: "method.request.header.Authorization",
      identityValidationExpression: BEARER_JWT,
      authorizerUri: decider.invokeArn,
      authorizerResultTtlInSeconds: args.cacheSeconds,
    },
    opts,
  );
  new aws.lambda.Permission(
    name,
    {
      function: decider.name,
      action: "lambda:InvokeFunction",
      principal: "apigateway.amazonaws.com",
      sourceArn: pulumi.interpolate`${args.restApi.executionArn}/authorizers/${authorizer.id}`,
    },
    { ...opts, parent: decider },
  );
  return authorizer;
}

function authorizerFunction(
  name: string,
  args: TokenAuthorizerArgs,
  opts: pulumi.ResourceOptions,
): aws.lambda.Function {
  return lambdaFunction(
    name,
    {
      runtime: aws.lambda.Runtime.NodeJS24dX,
      files: authorizerFiles(args.personas),
      memorySize: 512,
      timeout: 10,
      logDays: args.logDays,
      logKeyArn: args.kmsKeyArn,
      statements: [
        { Sid: "OwnEnvironment", Effect: "Allow", Action: "kms:Decrypt", Resource: args.kmsKeyArn },
        readAccessItem(args.accessTable),
      ],
      more: {
        kmsKeyArn: args.kmsKeyArn,
        environment: {
          variables: {
            GATEHOUSE_ACCESS_TABLE: args.accessTable.name,
            GATEHOUSE_USER_POOLS: pulumi.jsonStringify(args.userPools),
            GATEHOUSE_ASSERTION_KEY: args.assertionKey,
            GATEHOUSE_CACHE_SECONDS: String(args.cacheSeconds),
          },
        },
      },
    },
    opts,
  );
}
