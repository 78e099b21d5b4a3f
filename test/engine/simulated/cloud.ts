import { type SyntheticCloud, syntheticCloud } from "../../../plan/syntheticCloud.ts";
import { type Properties, revealed } from "./wire.ts";

/** A resource that was made, with the secrets of its inputs in clear. */
export interface MadeResource {
  readonly urn: string;
  readonly id: string;
  readonly inputs: Properties;
}

/** What the simulated providers share: who is asking, what they made and what they deleted. */
export interface SimulatedCloud {
  /** Account of the credentials that the providers find. */
  account: string;
  readonly created: Map<string, MadeResource>;
  readonly updated: string[];
  readonly deleted: string[];
  /** Every random value that it gave out. */
  readonly secrets: Set<string>;
  /** Milliseconds that making a resource takes; default 0. */
  pause: number;
  /** What making a resource waits for; default nothing. */
  until: Promise<unknown>;
  /** Properties that somebody changed past Pulumi, by URN. */
  readonly changedOutside: Map<string, Properties>;
  readonly create: (urn: string, region: string, inputs: Properties) => { id: string; state: Properties };
  /** Names of the properties that a resource would have. */
  readonly properties: (urn: string, region: string, inputs: Properties) => readonly string[];
  readonly invoke: (token: string, region: string, args: Properties) => Properties;
}

/** The made-up cloud of plan/ behind a provider: the same ids and ARNs, so that what the engine deploys can be compared with the plan. */
export function simulatedCloud(seed: string): SimulatedCloud {
  const of = (project: string, stack: string, region: string): SyntheticCloud =>
    syntheticCloud({ project, stack, seed, values: { "aws:region": region, [`${project}:account`]: cloud.account } });
  const cloud: SimulatedCloud = {
    account: "",
    created: new Map(),
    updated: [],
    deleted: [],
    secrets: new Set(),
    pause: 0,
    until: Promise.resolve(),
    changedOutside: new Map(),
    create: (urn, region, inputs) => {
      const { stack, project, type, name } = partsOf(urn);
      const plain = revealed(inputs) as Properties;
      const { id, state, secret } = of(project, stack, region).create(type, name, plain);
      for (const each of secret) cloud.secrets.add(each);
      cloud.created.set(urn, { urn, id, inputs: plain });
      // The inputs as they came: with the marks of their secrets.
      return { id, state: { ...state, ...inputs } };
    },
    properties: (urn, region, inputs) => {
      const { stack, project, type, name } = partsOf(urn);
      return Object.keys(of(project, stack, region).create(type, name, revealed(inputs) as Properties).state);
    },
    invoke: (token, region, args) => of("", "", region).invoke(token, revealed(args) as Properties),
  };
  return cloud;
}

export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  readonly type: string;
  readonly name: string;
}

/** `urn:pulumi:<stack>::<project>::<types of the parents and its own, $ between>::<name>` */
export function partsOf(urn: string): UrnParts {
  const [stack = "", project = "", types = "", ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  return { stack, project, type: types.split("$").at(-1) ?? types, name: name.join("::") };
}
