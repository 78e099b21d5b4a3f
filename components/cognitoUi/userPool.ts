import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";

type Login = CentralSettings["login"];

const MFA = { off: "OFF", optional: "OPTIONAL", required: "ON" } as const;
const THREATS = { off: "OFF", audit: "AUDIT", enforced: "ENFORCED" } as const;

/**
 * The user pool. Its two own attributes are for people of foreign identity providers and are there from the first day, since a schema that loses an
 * attribute replaces the pool with everybody in it.
 *
 * @param preToken function called before a token is made
 */
export function userPool(
  name: string,
  settings: Login,
  preToken: aws.lambda.Function | null,
  opts: pulumi.ResourceOptions,
): aws.cognito.UserPool {
  const { email, mfa, threatProtection } = settings;
  return new aws.cognito.UserPool(
    name,
    {
      // Threat protection is part of PLUS alone; claims of access tokens and managed login need ESSENTIALS. Source: Cognito guide, "User pool feature plans".
      userPoolTier: threatProtection === "off" ? "ESSENTIALS" : "PLUS",
      ...(threatProtection === "off" ? {} : { userPoolAddOns: { advancedSecurityMode: THREATS[threatProtection] } }),
      // The user name is the person: no alias, since a user may change his e-mail address, and no second spelling.
      usernameConfiguration: { caseSensitive: false },
      adminCreateUserConfig: { allowAdminCreateUserOnly: true },
      passwordPolicy: {
        minimumLength: settings.passwordLength,
        requireLowercase: true,
        requireUppercase: true,
        requireNumbers: true,
        requireSymbols: false,
        temporaryPasswordValidityDays: 3,
        passwordHistorySize: 5,
      },
      mfaConfiguration: MFA[mfa],
      ...(mfa === "off" ? {} : { softwareTokenMfaConfiguration: { enabled: true } }),
      accountRecoverySetting: {
        recoveryMechanisms: [{ name: settings.recovery === "email" ? "verified_email" : "admin_only", priority: 1 }],
      },
      ...(email === null
        ? {}
        : {
            emailConfiguration: {
              emailSendingAccount: "DEVELOPER",
              fromEmailAddress: email.from,
              sourceArn: email.identityArn,
              ...(email.replyTo === null ? {} : { replyToEmailAddress: email.replyTo }),
            },
          }),
      schemas: ["person", "groups"].map((attribute) => ({
        name: attribute,
        attributeDataType: "String",
        mutable: true,
        stringAttributeConstraints: { minLength: "0", maxLength: "2048" },
      })),
      ...(preToken
        ? { lambdaConfig: { preTokenGenerationConfig: { lambdaArn: preToken.arn, lambdaVersion: "V2_0" } } }
        : {}),
      deletionProtection: settings.deletionProtection ? "ACTIVE" : "INACTIVE",
    },
    { ...opts, protect: settings.deletionProtection },
  );
}

/** @param urls addresses of the UI, to which a login at an identity provider returns */
export function userPoolClient(
  name: string,
  settings: Login,
  pool: aws.cognito.UserPool,
  providers: readonly aws.cognito.IdentityProvider[],
  urls: readonly string[],
): aws.cognito.UserPoolClient {
  const federated = providers.length > 0;
  // A provider's attributes must be writable. People of the pool could write them too, and nothing reads theirs; people of a provider get no token that
  // may write. No other attribute decides anything, and the least that Cognito lets one set is one.
  const attributes = ["name", ...(federated ? ["custom:person", "custom:groups"] : [])];
  return new aws.cognito.UserPoolClient(
    name,
    {
      userPoolId: pool.id,
      generateSecret: false,
      explicitAuthFlows: [
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        ...(settings.passwordFlow ? ["ALLOW_USER_PASSWORD_AUTH"] : []),
      ],
      accessTokenValidity: settings.accessTokenMinutes,
      idTokenValidity: settings.accessTokenMinutes,
      refreshTokenValidity: settings.refreshTokenHours,
      tokenValidityUnits: { accessToken: "minutes", idToken: "minutes", refreshToken: "hours" },
      enableTokenRevocation: true,
      preventUserExistenceErrors: "ENABLED",
      readAttributes: attributes,
      writeAttributes: attributes,
      supportedIdentityProviders: ["COGNITO", ...providers.map((provider) => provider.providerName)],
      ...(federated
        ? {
            allowedOauthFlowsUserPoolClient: true,
            allowedOauthFlows: ["code"],
            // Not aws.cognito.signin.user.admin, with which a person could write his own attributes.
            allowedOauthScopes: ["openid"],
            callbackUrls: [...urls],
            logoutUrls: [...urls],
          }
        : {}),
    },
    { parent: pool },
  );
}
