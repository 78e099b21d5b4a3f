import { readFileSync } from "node:fs";
import { type Plan, PlanFitError, type Resource } from "./plan.ts";

/** What Pulumi writes where it can't know a value yet. Source: pulumi/sdk `go/common/resource/plugin/rpc.go`, `UnknownStringValue` and its siblings. */
const UNKNOWN =
  /^(?:04da6b54-80e4-46f7-96ec-b56ff0331ba9|1c4a061d-8072-4f0a-a4cb-0ff528b18fe7|3eeb2bf0-c639-47a8-9e75-3b44932eb421|6a19a0b0-7e62-4c92-b797-7f8e31da9cc2|030794c1-ac77-496b-92df-f27374a8bd58|e48ece36-62e2-4504-bad9-02848725956a|dd056dcd-154b-4c76-9bd3-c8f88648b5ff)$/;
const UNKNOWN_INSIDE = /04da6b54-80e4-46f7-96ec-b56ff0331ba9/;

/** Stands in previews for a value that the program marked as secret. */
const SECRET = "[secret]";

/** Signatures of Pulumi's own kinds of value. Source: pulumi/sdk `go/common/resource/sig`. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";

/** Stands in a plan for a value that isn't known, secret or not. */
export const NOT_KNOWN = "[not known]";

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly parent?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** The engine is about to delete it. */
  readonly delete?: boolean;
}

/** What `pulumi stack export` or `pulumi preview --json` says of a stack, as a plan. Values that aren't known are `[not known]`. */
export function readDeployed(file: string): Plan {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new PlanFitError(`${file} can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const plan = planOf(content);
  if (plan) return plan;
  throw new PlanFitError(
    `${file} is none of these: the output of \`gatehouse plan\`, of \`pulumi preview --json\`, of \`pulumi stack export\``,
  );
}

/** @returns undefined for JSON of another kind */
export function planOf(content: unknown): Plan | undefined {
  if (typeof content !== "object" || content === null) return undefined;
  if ("resources" in content && "stack" in content && "project" in content) {
    const plan = content as Plan;
    return { ...plan, secrets: plan.secrets ?? [] };
  }
  const { deployment, steps } = content as {
    deployment?: { resources?: readonly StateResource[] | null };
    steps?: readonly Step[] | null;
  };
  if (deployment) return assembled(deployment.resources ?? []);
  if (steps)
    return assembled(
      steps
        .filter(({ op }) => !/^(?:delete|discard|remove-pending)/.test(op))
        .flatMap(({ newState }) => newState ?? []),
    );
  return undefined;
}

interface Step {
  readonly op: string;
  readonly newState?: StateResource;
}

function assembled(states: readonly StateResource[]): Plan {
  // A replacement is told in several steps; the last word counts.
  const live = new Map(states.filter((each) => each.delete !== true).map((each) => [each.urn, each]));
  const stack = [...live.values()].find(({ type }) => type === "pulumi:pulumi:Stack");
  const [, stackName = "", project = ""] = /^urn:pulumi:([^:]+)::([^:]+)::/.exec([...live.keys()][0] ?? "") ?? [];
  return {
    project,
    stack: stackName,
    resources: [...live.values()].filter(({ type }) => type !== "pulumi:pulumi:Stack").map(resource),
    outputs: (known(stack?.outputs ?? {}) ?? {}) as Record<string, unknown>,
    secrets: [],
  };
}

function resource({ urn, type, id, parent, inputs = {}, outputs = {} }: StateResource): Resource {
  const declared = known(inputs) as Record<string, unknown>;
  return {
    urn,
    type,
    name: urn.split("::").at(-1) ?? urn,
    id: id ?? NOT_KNOWN,
    parent: parent ?? null,
    inputs: declared,
    state: { ...declared, ...(known(outputs) as Record<string, unknown>) },
  };
}

function known(value: unknown): unknown {
  if (typeof value === "string")
    return UNKNOWN.test(value) || UNKNOWN_INSIDE.test(value) || value === SECRET ? NOT_KNOWN : value;
  if (Array.isArray(value)) return value.map(known);
  if (typeof value !== "object" || value === null) return value;
  const signature = (value as Readonly<Record<string, unknown>>)[SIGNATURE];
  if (signature === ARCHIVE) return archive(value as { readonly assets?: Readonly<Record<string, unknown>> });
  if (signature === ASSET) return { asset: "text" in value ? value.text : NOT_KNOWN };
  // A secret, in clear only where the state was exported with --show-secrets.
  if (signature !== undefined)
    return "plaintext" in value && typeof value.plaintext === "string" ? known(JSON.parse(value.plaintext)) : NOT_KNOWN;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, known(item)] as const));
}

function archive({ assets = {} }: { readonly assets?: Readonly<Record<string, unknown>> }): unknown {
  const files = Object.entries(assets).map(([path, asset]) => {
    const plain = known(asset) as { asset?: unknown };
    return [path, plain.asset ?? NOT_KNOWN] as const;
  });
  return { archive: Object.fromEntries(files) };
}
