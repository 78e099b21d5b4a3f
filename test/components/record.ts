import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { plainValue } from "../../plan/plainValue.ts";
import { syntheticCloud } from "../../plan/syntheticCloud.ts";

/** One resource that the program registered. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, unknown>>;
  /** Type and name of the parent, such as `gatehouse:index:SecureGateway gatehouse`. */
  readonly parent: string | undefined;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
}

export interface Run {
  readonly outputs: Readonly<Record<string, unknown>>;
  /** By type and name: the order of registration depends on which values are there first. */
  readonly resources: readonly Recorded[];
  /** What the program logged for whoever deploys it. */
  readonly warnings: readonly string[];
  /** All resources of a type. */
  readonly all: (type: string) => readonly Recorded[];
  /** The one resource of a type, or of a type and name. */
  readonly one: (type: string, name?: string) => Recorded;
}

const PROJECT = "mlflow-gatehouse";

/** Settings of a stack file of the repository, by their names without namespace, and `aws:region`. */
export function stackFile(stack: string): Record<string, unknown> {
  const { config } = parse(readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8")) as {
    config: Record<string, unknown>;
  };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(`${PROJECT}:`, ""), value]));
}

/**
 * Runs the program in this process and says what it declares. Mocks are process-wide: await one run before the next.
 *
 * @param settings as in a stack file, without namespace; `aws:region` as it is
 * @param references outputs of other stacks by full name
 */
export async function record(
  settings: Readonly<Record<string, unknown>>,
  references: Readonly<Record<string, Record<string, unknown>>> = {},
): Promise<Run> {
  const values = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key.includes(":") ? key : `${PROJECT}:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  const cloud = syntheticCloud({ project: PROJECT, stack: "test", seed: "test", values });
  const found: { type: string; name: string; inputs: Record<string, unknown>; state: Record<string, unknown> }[] = [];
  const options = new Map<string, pulumi.ResourceOptions>();
  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs }) => {
        if (type === "pulumi:pulumi:StackReference") {
          const outputs = references[name];
          if (!outputs) throw new Error(`the test gives no outputs of the stack ${name}`);
          return { id: name, state: { name, outputs, secretOutputNames: [] } };
        }
        const plain = (await plainValue(inputs, READER)) as Record<string, unknown>;
        const { id, state } = cloud.create(type, name, plain);
        found.push({ type, name, inputs: plain, state });
        return { id, state };
      },
      call: ({ token, inputs }) => cloud.invoke(token, inputs as Record<string, unknown>),
    },
    PROJECT,
    "test",
    false,
    "organization",
  );
  pulumi.runtime.setAllConfig(values);
  const warnings: string[] = [];
  // Without an engine the SDK writes its log to the console.
  const { warn } = console;
  console.warn = (text: unknown) => void warnings.push(String(text));
  const { default: program } = await import("../../index.ts");
  let plainOutputs: unknown;
  try {
    const outputs = await pulumi.runtime.runInPulumiStack(async () => {
      pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
        options.set(`${type} ${name}`, opts);
        return undefined;
      });
      return program();
    });
    plainOutputs = await new Promise((resolve) => pulumi.output(outputs as object).apply(resolve));
    await pulumi.runtime.disconnect();
  } finally {
    console.warn = warn;
  }
  found.sort((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`));
  return new RecordedRun(
    found.map((each) => {
      const opts = options.get(`${each.type} ${each.name}`);
      return {
        ...each,
        parent: parentOf(opts),
        protect: opts?.protect === true,
        retainOnDelete: opts?.retainOnDelete === true,
      };
    }),
    (await plainValue(plainOutputs, READER)) as Record<string, unknown>,
    warnings,
  );
}

const READER = {
  isAsset: (value: unknown) => pulumi.asset.Asset.isInstance(value),
  isArchive: (value: unknown) => pulumi.asset.Archive.isInstance(value),
  secret: () => undefined,
};

function parentOf(opts: pulumi.ResourceOptions | undefined): string | undefined {
  const parent = opts?.parent as { readonly __pulumiType?: string; readonly __name?: string } | undefined;
  return parent && `${parent.__pulumiType} ${parent.__name}`;
}

class RecordedRun implements Run {
  readonly resources: readonly Recorded[];
  readonly outputs: Readonly<Record<string, unknown>>;

  readonly warnings: readonly string[];

  constructor(resources: readonly Recorded[], outputs: Readonly<Record<string, unknown>>, warnings: readonly string[]) {
    this.resources = resources;
    this.outputs = outputs;
    this.warnings = warnings;
  }

  readonly all = (type: string): readonly Recorded[] => this.resources.filter((each) => each.type === type);

  readonly one = (type: string, name?: string): Recorded => {
    const matching = this.all(type).filter((each) => name === undefined || each.name === name);
    const [only] = matching;
    if (only && matching.length === 1) return only;
    const there = this.all(type).map((each) => each.name);
    throw new Error(`${matching.length} resources ${type} ${name ?? ""}; there is ${there.join(", ") || "none"}`);
  };
}
