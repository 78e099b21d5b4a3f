import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import type { Engine } from "../../tools/engine/locate.ts";
import { type SimulatedCloud, simulatedCloud } from "../engine/simulated/cloud.ts";
import { type RunningProvider, startProvider } from "../engine/simulated/provider.ts";

const PACKAGES = ["aws", "awsx", "random"];

/** An organization whose accounts are simulated: one cloud and its providers per account, in this process, so that they outlive whatever deploys. */
export interface SimulatedOrganization {
  readonly folder: string;
  /** The organization file. */
  readonly file: string;
  readonly data: string;
  readonly backend: string;
  readonly clouds: ReadonlyMap<string, SimulatedCloud>;
  /** The cloud of `central` or of a consumer. */
  readonly cloud: (name: string) => SimulatedCloud;
  /** Folder of the program that is deployed. */
  readonly program: string;
  /** Environment of whoever deploys. */
  readonly env: NodeJS.ProcessEnv;
  readonly consumers: readonly string[];
  /** What the file says. */
  readonly content: OrganizationContent;
  /** Entry of a consumer in the file. */
  readonly entry: (name: string) => Promise<Entry>;
  /** Writes the file again, after a change of its content. */
  readonly write: (change?: (file: OrganizationContent) => void) => void;
  readonly close: () => void;
}

export interface Entry {
  account: string;
  environment: Record<string, string>;
  central: { personas: string[]; workspaces: string[] };
  settings: { people: Record<string, { person: string; persona: string; workspace: string }>; [key: string]: unknown };
}

export interface OrganizationContent {
  central: { account: string; environment: Record<string, string>; settings: Record<string, unknown> };
  consumers: Record<string, Entry>;
  [key: string]: unknown;
}

/** This repository, whose program is what people deploy. */
export const REAL = fileURLToPath(new URL("../..", import.meta.url));

/** A program that is deployed in a tenth of the time: for what the organization's machinery does with any. */
export const SMALL = fileURLToPath(new URL("program", import.meta.url));

export interface SimulatedOptions {
  /** Folder of the program; default this repository's. */
  readonly program?: string;
  readonly parallel?: number;
  /** Derives ids and random values: two organizations of one seed have the same. */
  readonly seed?: string;
  readonly service?: object;
}

export async function simulatedOrganization(
  engine: Engine,
  folder: string,
  count: number,
  options: SimulatedOptions = {},
): Promise<SimulatedOrganization> {
  const [file, data, backend, home] = ["org.yaml", "data", "state", "home"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const each of [backend, join(home, "plugins")]) mkdirSync(each, { recursive: true });
  const clouds = new Map<string, SimulatedCloud>();
  const providers: RunningProvider[] = [];
  /** The environment with which Pulumi finds an account's providers. */
  const account = async (name: string, id: string): Promise<Record<string, string>> => {
    const cloud = simulatedCloud(`${options.seed ?? "seed"} ${name}`);
    cloud.account = id;
    clouds.set(name, cloud);
    const own = await Promise.all(PACKAGES.map((each) => startProvider(each, versionOf(each), cloud)));
    providers.push(...own);
    return { PULUMI_DEBUG_PROVIDERS: own.map(({ port }, i) => `${PACKAGES[i]}:${port}`).join(",") };
  };
  let next = 0;
  const entry = async (name: string): Promise<Entry> => {
    const id = String(200000000000 + ++next);
    return {
      account: id,
      environment: await account(name, id),
      central: { personas: ["reader", "scientist"], workspaces: ["shared"] },
      settings: { people: { ada: { person: "ada@acme.example", persona: "scientist", workspace: "shared" } } },
    };
  };
  const consumers = Array.from({ length: count }, (_, i) => `team-${i + 1}`);
  const content: OrganizationContent = {
    version: 1,
    backend: `file://${backend}`,
    region: "eu-west-1",
    parallel: options.parallel ?? 2,
    central: {
      account: "111111111111",
      environment: await account("central", "111111111111"),
      settings: { organization: "o-a1b2c3d4e5", workspaces: { shared: {} } },
    },
    consumers: {},
    ...(options.service === undefined ? {} : { service: options.service }),
  };
  for (const name of consumers) content.consumers[name] = await entry(name);
  const write = (change?: (file: OrganizationContent) => void) => {
    change?.(content);
    writeFileSync(file, stringify(content));
  };
  write();
  // Whoever runs the tests may be logged in to Pulumi and AWS; nothing here may reach either.
  const neutral = Object.entries(process.env).filter(([name]) => !/^(?:PULUMI|AWS)_/.test(name));
  return {
    folder,
    file,
    data,
    backend,
    clouds,
    cloud: (name) => clouds.get(name) ?? assert.fail(name),
    consumers,
    content,
    program: options.program ?? REAL,
    entry,
    write,
    env: {
      ...Object.fromEntries(neutral),
      PATH: [dirname(process.execPath), dirname(engine.pulumi), process.env.PATH].join(delimiter),
      PULUMI_HOME: home,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the tests",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
    close: () => {
      for (const provider of providers) provider.close();
    },
  };
}

/** Looks in every file of a folder for the secrets that the accounts gave out. */
export function secretsIn(org: SimulatedOrganization, folder: string) {
  const secrets = [...org.clouds.values()].flatMap((each) => [...each.secrets]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const found = files.filter((file) => {
    const text = readFileSync(file, "latin1");
    return secrets.some((secret) => text.includes(secret));
  });
  return { secrets: secrets.length, files: files.length, found };
}

function versionOf(name: string): string {
  const file = createRequire(import.meta.url).resolve(`@pulumi/${name}/package.json`);
  return (createRequire(import.meta.url)(file) as { version: string }).version;
}
