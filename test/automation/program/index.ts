import { Config, CustomResource, ProviderResource, type Resource, StackReference, secret } from "@pulumi/pulumi";

type Texts = Readonly<Record<string, string>>;

/**
 * A program as small as will do for what deploys an organization: the settings, outputs and references that the real one has, on a handful of resources
 * that are made one after the other, so that a deployment has a middle. One of them is protected.
 */
export default async function small(): Promise<Record<string, unknown>> {
  const config = new Config();
  const account = config.require("account");
  const provider = new Account("aws", "account", { region: "eu-west-1", allowedAccountIds: [account] });
  const kept = new Made("aws:s3/bucket:Bucket", "kept", { bucket: `kept-${account}` }, { provider, protect: true });
  const password = new Password("password");
  const outputs = { password: secret(password.result) };
  let last: Resource = kept;
  const role = (name: string, tags: Texts) => {
    last = new Made("aws:iam/role:Role", name, { name, tags: { ...tags } }, { provider, dependsOn: [last] });
  };
  if (config.require("kind") === "central") {
    const tags = config.getObject<Texts>("tags") ?? {};
    const consumers = Object.entries(
      config.requireObject<Record<string, { readonly personas: string[] }>>("consumers"),
    );
    for (const [name, { personas }] of consumers) for (const persona of personas) role(`${name}-${persona}`, tags);
    return { ...outputs, trackingUri: "https://mlflow.acme.example", consumers: consumers.map(([name]) => name) };
  }
  const name = config.require("consumer");
  const central = new StackReference(config.requireObject<{ readonly stack: string }>("central").stack);
  const listed = (await central.getOutputValue("consumers")) as readonly string[] | undefined;
  if (!listed?.includes(name)) throw new Error(`central lists no consumer \`${name}\`: deploy it first`);
  for (const place of ["studio", "jobs", "logs"]) role(place, {});
  for (const [key, person] of Object.entries(config.requireObject<Record<string, Texts>>("people")))
    role(`of-${key}`, person);
  return outputs;
}

/** Of any type, without the package that has it: loading that would take most of the time. */
class Made extends CustomResource {}
class Account extends ProviderResource {}

class Password extends CustomResource {
  declare readonly result: string;

  constructor(name: string) {
    const made = { length: 32, result: undefined };
    super("random:index/randomPassword:RandomPassword", name, made, { additionalSecretOutputs: ["result"] });
  }
}
