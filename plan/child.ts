// Runs one program under Pulumi's mocks and sends back what it declared. A process of its own, since mocks, configuration and modules are process-wide.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Pulumi from "@pulumi/pulumi";
import { plainValue, type Reader } from "./plainValue.ts";
import type { Plan, Resource } from "./plan.ts";
import type { Answer, Job, ReferenceAnswer, ReferenceQuestion } from "./runProgram.ts";
import { syntheticCloud } from "./syntheticCloud.ts";

/** The first fault, which decides: what comes after it only follows from it. */
let fault: unknown;

process.once("message", (message) => {
  void evaluate(message as Job)
    .catch((error: unknown) => {
      fault ??= error;
    })
    .then((plan) => {
      const answer: Answer = plan && fault === undefined ? { plan } : { error: describe(fault) };
      process.send?.(answer, () => process.exit(fault === undefined ? 0 : 1));
    });
});

// A resource that fails rejects promises nobody awaits; the run must not look like a success.
process.on("unhandledRejection", (error) => {
  fault ??= error;
});

/** The SDK drops the message of an invoke that fails. */
let unanswered: unknown;

async function evaluate(job: Job): Promise<Plan> {
  // The program's own SDK, which may be another version than ours.
  const sdk = createRequire(join(job.dir, "package.json")).resolve("@pulumi/pulumi");
  const pulumi = ((await import(pathToFileURL(sdk).href)) as { default: typeof Pulumi }).default;
  const cloud = syntheticCloud(job);
  const resources: Resource[] = [];
  const parents = new Map<string, Promise<string | null>>();
  const secrets = new Set<string>();
  const reader: Reader = {
    isAsset: (value) => pulumi.asset.Asset.isInstance(value),
    isArchive: (value) => pulumi.asset.Archive.isInstance(value),
    secret: (value) => secrets.add(value),
  };

  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs }) => {
        if (type === "pulumi:pulumi:StackReference")
          return stackReference(typeof inputs.name === "string" ? inputs.name : name);
        const plain = (await plainValue(inputs, reader)) as Record<string, unknown>;
        // The stack itself is where the others hang, and declares nothing.
        if (type === "pulumi:pulumi:Stack") return { id: name, state: {} };
        const { id, state, secret } = cloud.create(type, name, plain);
        for (const value of secret) secrets.add(value);
        resources.push({ urn: "", type, name, id, parent: null, inputs: plain, state });
        return { id, state };
      },
      call: ({ token, inputs }) => {
        try {
          return cloud.invoke(token, inputs as Record<string, unknown>);
        } catch (error) {
          unanswered = error;
          throw error;
        }
      },
    },
    job.project,
    job.stack,
    false,
    "organization",
  );
  pulumi.runtime.setAllConfig({ ...job.values });

  const main = (await import(pathToFileURL(join(job.dir, job.main)).href)) as {
    default: () => Promise<Record<string, unknown>>;
  };
  const urns = new Map<string, Promise<string>>();
  const outputs = await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ resource, type, name, opts }) => {
      const key = `${type} ${name}`;
      urns.set(
        key,
        Promise.resolve().then(() => settled(resource.urn)),
      );
      parents.set(key, opts.parent ? Promise.resolve().then(() => settled(opts.parent?.urn)) : Promise.resolve(null));
      return undefined;
    });
    return main.default();
  });
  const values = await settled(pulumi.output(outputs as Record<string, unknown>));
  await pulumi.runtime.disconnect();
  // A registration that failed without being awaited is told in a later turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 10));

  const complete: Resource[] = [];
  for (const resource of resources) {
    const key = `${resource.type} ${resource.name}`;
    complete.push({ ...resource, urn: (await urns.get(key)) ?? key, parent: (await parents.get(key)) ?? null });
  }
  return {
    project: job.project,
    stack: job.stack,
    resources: complete,
    outputs: (await plainValue(values, reader)) as Record<string, unknown>,
    secrets: [...secrets],
  };
}

async function stackReference(name: string): Promise<{ id: string; state: Record<string, unknown> }> {
  const outputs = await new Promise<ReferenceAnswer["outputs"]>((resolve) => {
    const listen = (message: unknown) => {
      const answer = message as ReferenceAnswer;
      if (answer.reference !== name) return;
      process.off("message", listen);
      resolve(answer.outputs);
    };
    process.on("message", listen);
    process.send?.({ reference: name } satisfies ReferenceQuestion);
  });
  if (!outputs)
    throw new Error(
      `the program refers to the stack \`${name}\`, whose outputs are not at hand: plan that stack first`,
    );
  return { id: name, state: { name, outputs, secretOutputNames: [] } };
}

function settled<T>(output: Pulumi.Output<T> | undefined): Promise<T> {
  if (!output) return Promise.reject(new Error("the program has no outputs"));
  return new Promise((resolve) => void output.apply(resolve));
}

/** An error of the program's settings is a sentence for people; anything else is a fault, with its stack. */
function describe(thrown: unknown): string {
  const error = thrown instanceof Error && thrown.message !== "" ? thrown : (unanswered ?? thrown);
  if (!(error instanceof Error)) return String(error);
  return error.name === "RunError" || error.name === "ResourceError" || "__pulumiRunError" in error
    ? error.message
    : (error.stack ?? error.message);
}
