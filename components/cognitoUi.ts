import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { identityPool } from "./cognitoUi/identityPool.ts";
import type { CentralSettings } from "./settings/central.ts";

export interface CognitoUiArgs {
  readonly region: string;
  readonly settings: CentralSettings["login"];
  /** Groups whose members have a persona or enter a workspace, with what each is for. */
  readonly groups: Readonly<Record<string, string>>;
}

const MFA = { off: "OFF", optional: "OPTIONAL", required: "ON" } as const;

/** Who may log in at the browser: people that an administrator made, under the name that MLflow knows them by. */
export class CognitoUi extends pulumi.ComponentResource {
  readonly userPoolId: pulumi.Output<string>;
  readonly clientId: pulumi.Output<string>;
  /** Issuer of the tokens. */
  readonly issuer: pulumi.Output<string>;
  /** null where the stack has no identity pool. */
  readonly identityPoolId: pulumi.Output<string> | null;

  constructor(name: string, args: CognitoUiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:index:CognitoUi", name, {}, opts);
    const child = { parent: this };
    const { settings } = args;
    const pool = userPool(`${name}-pool`, settings, child);
    for (const [group, description] of Object.entries(args.groups))
      new aws.cognito.UserGroup(
        `${name}-group-${group}`,
        { userPoolId: pool.id, name: group, description },
        { parent: pool },
      );
    const client = userPoolClient(`${name}-client`, settings, pool);

    this.userPoolId = pool.id;
    this.clientId = client.id;
    this.issuer = pulumi.interpolate`https://cognito-idp.${args.region}.amazonaws.com/${pool.id}`;
    this.identityPoolId = settings.identityPool
      ? identityPool(`${name}-identity`, { region: args.region, userPoolId: pool.id, clientId: client.id }, child)
      : null;
    this.registerOutputs({ userPoolId: this.userPoolId, clientId: this.clientId });
  }
}

function userPool(
  name: string,
  settings: CentralSettings["login"],
  opts: pulumi.ResourceOptions,
): aws.cognito.UserPool {
  return new aws.cognito.UserPool(
    name,
    {
      userPoolTier: "ESSENTIALS",
      // The user name is the person: no alias, since a user may change his e-mail address, and no second spelling.
      usernameConfiguration: { caseSensitive: false },
      adminCreateUserConfig: { allowAdminCreateUserOnly: true },
      passwordPolicy: {
        minimumLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireNumbers: true,
        requireSymbols: false,
        temporaryPasswordValidityDays: 3,
        passwordHistorySize: 5,
      },
      mfaConfiguration: MFA[settings.mfa],
      ...(settings.mfa === "off" ? {} : { softwareTokenMfaConfiguration: { enabled: true } }),
      accountRecoverySetting: { recoveryMechanisms: [{ name: "admin_only", priority: 1 }] },
      deletionProtection: settings.deletionProtection ? "ACTIVE" : "INACTIVE",
    },
    { ...opts, protect: settings.deletionProtection },
  );
}

function userPoolClient(
  name: string,
  settings: CentralSettings["login"],
  pool: aws.cognito.UserPool,
): aws.cognito.UserPoolClient {
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
      // No attribute decides anything, and what a user may write is the least that Cognito lets one set.
      readAttributes: ["name"],
      writeAttributes: ["name"],
    },
    { parent: pool },
  );
}
