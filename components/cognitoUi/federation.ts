import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { FederationSettings } from "../../authorizer/identity/federation.ts";
import { preTokenFiles } from "../../authorizer/lambda/preToken/bundle.ts";
import type { IdentityProviderSetting } from "../settings/identityProviders.ts";
import { lambdaFunction } from "../shared/lambda.ts";

/** Attribute of the user pool → claim or attribute of a provider. Who he is and in which groups; nothing else of him is kept. */
function mapping({ person, groupsFrom }: IdentityProviderSetting): Record<string, string> {
  return { "custom:person": person, "custom:groups": groupsFrom };
}

/** The company's identity providers in a pool. */
export function identityProviders(
  name: string,
  settings: readonly IdentityProviderSetting[],
  pool: aws.cognito.UserPool,
): readonly aws.cognito.IdentityProvider[] {
  return settings.map(
    (provider) =>
      new aws.cognito.IdentityProvider(
        `${name}-${provider.name.toLowerCase()}`,
        {
          userPoolId: pool.id,
          providerName: provider.name,
          providerType: provider.type === "oidc" ? "OIDC" : "SAML",
          providerDetails: details(provider),
          attributeMapping: mapping(provider),
        },
        { parent: pool },
      ),
  );
}

/** Source: Cognito API, `CreateIdentityProvider` → `ProviderDetails`. */
function details(provider: IdentityProviderSetting): pulumi.Input<Record<string, pulumi.Input<string>>> {
  if (provider.type === "saml")
    return {
      MetadataURL: provider.metadataUrl ?? "",
      // A company's logout ends the login here too.
      IDPSignout: "true",
      RequestSigningAlgorithm: "rsa-sha256",
    };
  return {
    oidc_issuer: provider.issuer ?? "",
    client_id: provider.clientId ?? "",
    ...(provider.clientSecretArn === null
      ? {}
      : {
          client_secret: pulumi.secret(
            aws.secretsmanager.getSecretVersionOutput({ secretId: provider.clientSecretArn }).secretString,
          ),
        }),
    authorize_scopes: provider.scopes.join(" "),
    attributes_request_method: "GET",
  };
}

/** The managed login page: where a login at a provider starts and comes back to. Without a branding it would show nothing. */
export function managedLogin(
  name: string,
  prefix: string,
  pool: aws.cognito.UserPool,
  client: aws.cognito.UserPoolClient,
): aws.cognito.UserPoolDomain {
  const domain = new aws.cognito.UserPoolDomain(
    name,
    { userPoolId: pool.id, domain: prefix, managedLoginVersion: 2 },
    { parent: pool },
  );
  new aws.cognito.ManagedLoginBranding(
    name,
    { userPoolId: pool.id, clientId: client.id, useCognitoProvidedValues: true },
    { parent: domain },
  );
  return domain;
}

export interface PreTokenArgs {
  readonly account: string;
  readonly region: string;
  readonly federation: FederationSettings;
  readonly logDays: number;
}

/** The function that puts person and groups into tokens; what it knows is in its package. */
export function preTokenFunction(
  name: string,
  { account, region, federation, logDays }: PreTokenArgs,
  opts: pulumi.ResourceOptions,
): aws.lambda.Function {
  const made = lambdaFunction(
    name,
    {
      runtime: aws.lambda.Runtime.NodeJS24dX,
      files: preTokenFiles(federation),
      memorySize: 256,
      // Cognito waits five seconds. Source: Cognito guide, "Customizing user pool workflows with Lambda triggers".
      timeout: 5,
      logDays,
    },
    opts,
  );
  new aws.lambda.Permission(
    name,
    {
      function: made.name,
      action: "lambda:InvokeFunction",
      principal: "cognito-idp.amazonaws.com",
      // Not the pool's own ARN, which needs the function's first.
      sourceArn: `arn:aws:cognito-idp:${region}:${account}:userpool/*`,
      sourceAccount: account,
    },
    { ...opts, parent: made },
  );
  return made;
}
