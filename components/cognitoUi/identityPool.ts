import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface IdentityPoolArgs {
  readonly region: string;
  readonly userPoolId: pulumi.Input<string>;
  readonly clientId: pulumi.Input<string>;
}

/**
 * AWS credentials for people who logged in to the user pool. The role holds no permission: an administrator attaches what such a person may do in AWS
 * beside MLflow, whose `code` door does not take it.
 *
 * @returns id of the pool
 */
export function identityPool(
  name: string,
  args: IdentityPoolArgs,
  opts: pulumi.ResourceOptions,
): pulumi.Output<string> {
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
  const role = new aws.iam.Role(
    name,
    {
      assumeRolePolicy: pool.id.apply((id) =>
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
      ),
    },
    { ...opts, parent: pool },
  );
  new aws.cognito.IdentityPoolRoleAttachment(
    name,
    { identityPoolId: pool.id, roles: { authenticated: role.arn } },
    { ...opts, parent: pool },
  );
  return pool.id;
}
