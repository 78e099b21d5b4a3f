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

/** Counts up with each change of what they stand for. One step at a time: of two values the older is replaced, the other goes on working. */
export interface Generations {
  /** What the gateway proves itself with: the proof, the key of assertions, and Flask's own secret with them. */
  readonly proof: number;
  /** What MLflow encrypts rows of the database with. */
  readonly keys: number;
}

/**
 * Generates what nobody has to know, and keeps it in Secrets Manager: one secret for each environment variable. A variable holds the new value and,
 * while it is being changed, the one before behind a space.
 *
 * @param keepWithDatabase the database is protected, and so is what its rows are encrypted with
 */
export function serverSecrets(
  name: string,
  kmsKeyArn: pulumi.Input<string>,
  keepWithDatabase: boolean,
  generations: Generations,
  opts: pulumi.ResourceOptions,
): ServerSecrets {
  const password = (generation: number): Make => ({
    of: (child, own, options) =>
      new random.RandomPassword(child, { length: 48, special: false, ...own }, options).result,
    generation,
  });
  const fernet = (generation: number): Make => ({
    of: (child, own, options) =>
      pulumi.secret(new random.RandomBytes(child, { length: 32, ...own }, options).base64.apply(urlSafe)),
    generation,
  });
  const two = (part: string, make: Make, kept = false) =>
    takingTurns(`${name}-${part}`, make, { ...opts, protect: kept && keepWithDatabase });
  const proof = two("proof", password(generations.proof));
  const assertion = two("assertion", password(generations.proof));
  const values: Readonly<Record<string, pulumi.Output<string>>> = {
    GATEHOUSE_ASSERTION_KEY: assertion.accepted,
    GATEHOUSE_PROOF: proof.accepted,
    MLFLOW_CRYPTO_KEK_PASSPHRASE: two("kek", password(generations.keys), true).accepted,
    // No session of Flask's is ever used: there is nothing to keep the one before for.
    MLFLOW_FLASK_SERVER_SECRET_KEY: password(generations.proof).of(`${name}-flask`, keepers(generations.proof), opts),
    MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: two("webhook", fernet(generations.keys), true).accepted,
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
    proof: proof.current,
    assertionKey: assertion.current,
  };
}

interface Make {
  readonly of: (
    child: string,
    keepers: { readonly keepers?: Record<string, string> },
    opts: pulumi.ResourceOptions,
  ) => pulumi.Output<string>;
  readonly generation: number;
}

/** Two values take turns: raising the generation by one replaces the older one alone. */
function takingTurns(name: string, { of, generation }: Make, opts: pulumi.ResourceOptions) {
  const value = (which: number, options: pulumi.ResourceOptions) =>
    of(which % 2 === 1 ? name : `${name}-even`, keepers(which), options);
  const current = value(generation, opts);
  if (generation === 1) return { current, accepted: current };
  // Nothing is encrypted with it any more when the next step replaces it; protected, it could not be.
  const before = value(generation - 1, { ...opts, protect: false });
  return { current, accepted: pulumi.interpolate`${current} ${before}` };
}

/** The first value was made without. */
function keepers(generation: number): { readonly keepers?: Record<string, string> } {
  return generation === 1 ? {} : { keepers: { generation: String(generation) } };
}

/** A Fernet key is URL-safe base64 of 32 bytes. */
function urlSafe(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}
