import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** Secrets of MLflow's container by environment variable, and the two that the gateway shares with it. */
export interface ServerSecrets {
  readonly arns: Readonly<Record<string, pulumi.Output<string>>>;
  /** Their values: no task can start before they are there. */
  readonly values: readonly aws.secretsmanager.SecretVersion[];
  /** What the gateway sends so that MLflow knows where a request comes from. */
  readonly proof: pulumi.Output<string>;
  /** Key with which the authorizer signs who a browser's user is. */
  readonly assertionKey: pulumi.Output<string>;
}

/**
 * Generates what nobody has to know, and keeps it in Secrets Manager: one secret for each environment variable.
 *
 * @param proofGeneration counts up with each change of the proof; the one before is accepted, too, so that nothing is refused while a deployment goes on
 * @param keepWithDatabase the database is protected, and so is what its rows are encrypted with
 */
export function serverSecrets(
  name: string,
  kmsKeyArn: pulumi.Input<string>,
  keepWithDatabase: boolean,
  proofGeneration: number,
  opts: pulumi.ResourceOptions,
): ServerSecrets {
  const kept = { ...opts, protect: keepWithDatabase };
  const password = (part: string, options = opts): pulumi.Output<string> =>
    new random.RandomPassword(`${name}-${part}`, { length: 48, special: false }, options).result;
  // Two take turns: raising the generation by one replaces the older one alone.
  const proofOf = (generation: number): pulumi.Output<string> =>
    new random.RandomPassword(
      generation % 2 === 1 ? `${name}-proof` : `${name}-proof-even`,
      {
        length: 48,
        special: false,
        ...(generation === 1 ? {} : { keepers: { generation: String(generation) } }),
      },
      opts,
    ).result;
  const proof = proofOf(proofGeneration);
  const accepted = proofGeneration === 1 ? proof : pulumi.interpolate`${proof} ${proofOf(proofGeneration - 1)}`;
  const assertionKey = password("assertion");
  const fernet = new random.RandomBytes(`${name}-webhook`, { length: 32 }, kept).base64.apply(urlSafe);
  const values: Readonly<Record<string, pulumi.Output<string>>> = {
    GATEHOUSE_ASSERTION_KEY: assertionKey,
    GATEHOUSE_PROOF: accepted,
    MLFLOW_CRYPTO_KEK_PASSPHRASE: password("kek", kept),
    MLFLOW_FLASK_SERVER_SECRET_KEY: password("flask"),
    MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: pulumi.secret(fernet),
  };
  const secrets = Object.entries(values).map(([variable, value]) => {
    const child = `${name}-${variable.toLowerCase().replaceAll("_", "-")}`;
    const secret = new aws.secretsmanager.Secret(
      child,
      { description: `${variable} of MLflow`, kmsKeyId: kmsKeyArn, recoveryWindowInDays: 7 },
      opts,
    );
    const version = new aws.secretsmanager.SecretVersion(
      child,
      { secretId: secret.id, secretString: value },
      { ...opts, parent: secret },
    );
    return { variable, arn: secret.arn, version };
  });
  return {
    arns: Object.fromEntries(secrets.map(({ variable, arn }) => [variable, arn])),
    values: secrets.map(({ version }) => version),
    proof,
    assertionKey,
  };
}

/** A Fernet key is URL-safe base64 of 32 bytes. */
function urlSafe(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}
