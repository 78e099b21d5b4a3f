import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface IdentityPoolArgs {
  readonly region: string;
  readonly userPoolId: pulumi.Input<string>;
  readonly clientId: pulumi.Input<string>;
}

/** Credentials for people who logged in to the user pool. */
export interface IdentityPool {
  readonly id: pulumi.Output<string>;
  /** Persona → its role. */
  readonly roles: Readonly<Record<string, aws.iam.Role>>;
}

/**
 * AWS credentials for people who logged in, by persona: the role of a person's one persona group, else none. A role holds no permission: an
 * administrator attaches what such people may do in AWS beside MLflow, whose `code` door does not take a session that names no person.
 *
 * @param personas names
 */
export function identityPool(
  name: string,
  args: IdentityPoolArgs,
  personas: readonly string[],
  opts: pulumi.ResourceOptions,
): IdentityPool {
  const pool = new aws.cognito.IdentityPool(
    name,
    {
      identityPoolName: name,
      allowUnauthenticatedIdentities: false,
      allowClassicFlow: false,
      cognitoIdentityProviders: [
        {
          providerName: pulumi.interpolate`cognito-idp.${args.region}.amazonaws.com/${args.userPoolId}`,
          clientId: args.clientId,
          // A user who was disabled or logged out everywhere gets no new credentials.
          serverSideTokenCheck: true,
        },
      ],
    },
    opts,
  );
  const under = { ...opts, parent: pool };
  const roles = Object.fromEntries(
    personas.map((persona) => [
      persona,
      new aws.iam.Role(
        `${name}-${persona}`,
        { assumeRolePolicy: trust(pool.id), tags: { "gatehouse:persona": persona } },
        under,
      ),
    ]),
  );
  new aws.cognito.IdentityPoolRoleAttachment(
    name,
    {
      identityPoolId: pool.id,
      roles: {},
      roleMappings: [
        {
          identityProvider: pulumi.interpolate`cognito-idp.${args.region}.amazonaws.com/${args.userPoolId}:${args.clientId}`,
          // By the role of the group in the token: a rule would compare text, and `admins` is contained in `platform-admins`.
          type: "Token",
          ambiguousRoleResolution: "Deny",
        },
      ],
    },
    under,
  );
  return { id: pool.id, roles };
}

function trust(poolId: pulumi.Output<string>): pulumi.Output<string> {
  return poolId.apply((id) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Federated: "cognito-identity.amazonaws.com" },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: { "cognito-identity.amazonaws.com:aud": id },
            "ForAnyValue:StringLike": { "cognito-identity.amazonaws.com:amr": "authenticated" },
          },
        },
      ],
    }),
  );
}
