import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Ended, ended } from "../jupyter/space.ts";
import { ROOT } from "../seen/run.ts";
import type { Job, TeamAccount } from "./teamAccount.ts";

/** Where SageMaker puts what a container reads and collects what it writes. */
const OPT_ML = "/opt/ml";

/** A job's container: a process with nothing but what the request says, the role's keys, and a folder in `/opt/ml`'s place. */
export interface Container {
  readonly run: (command: readonly string[], cwd?: string) => Promise<Ended>;
  /** A folder in `/opt/ml`'s place. */
  readonly path: (inside: string) => string;
}

export interface ContainerSettings {
  readonly account: TeamAccount;
  /** Folder that may be filled. */
  readonly data: string;
  /** Of the request. */
  readonly environment: Readonly<Record<string, string>>;
  /** What SageMaker adds: the role's keys. */
  readonly given: Readonly<Record<string, string>>;
  /** Ports of this machine that the job reaches. */
  readonly ports: readonly string[];
}

export function container({ data, environment, given, ports }: ContainerSettings): Container {
  const folder = mkdtempSync(join(data, "container-"));
  const here = (text: string) => text.replaceAll(OPT_ML, folder);
  for (const inside of ["input/config", "input/data", "output/data", "model", "code", "processing/input"])
    mkdirSync(join(folder, inside), { recursive: true });
  const declared = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here(value)] as const));
  const env = {
    PATH: `${ROOT}.venv/bin:/usr/bin:/bin`,
    HOME: folder,
    LANG: "C.UTF-8",
    AWS_EC2_METADATA_DISABLED: "true",
    ...given,
    ...declared,
    PYTHONPATH: [declared.PYTHONPATH, join(ROOT, "test/jupyter/confined")].filter(Boolean).join(":"),
    GATEHOUSE_TEST_PORTS: ports.join(" "),
  };
  return {
    path: here,
    run: ([file = "", ...args], cwd = folder) => {
      for (const script of texts(folder)) writeFileSync(script, here(readFileSync(script, "utf8")));
      return ended(
        spawn(here(file), args.map(here), { cwd: here(cwd), env: { ...env, SM_MODEL_DIR: here("/opt/ml/model") } }),
      );
    },
  };
}

/** Brings what a request's address holds into a folder of the container. */
export function bring(account: TeamAccount, uri: string, folder: string): void {
  for (const [name, bytes] of account.bring(uri)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

/** Brings a training job's channels, and the files that say what it was started with. */
export function prepareTraining(account: TeamAccount, box: Container, job: Job, hyperparameters: object): void {
  const channels = job.InputDataConfig as readonly {
    readonly ChannelName: string;
    readonly DataSource: { readonly S3DataSource: { readonly S3Uri: string } };
  }[];
  for (const { ChannelName, DataSource } of channels)
    bring(account, DataSource.S3DataSource.S3Uri, box.path(`/opt/ml/input/data/${ChannelName}`));
  const config = (name: string, value: unknown) =>
    writeFileSync(box.path(`/opt/ml/input/config/${name}.json`), JSON.stringify(value));
  config("hyperparameters", hyperparameters);
  config("inputdataconfig", Object.fromEntries(channels.map(({ ChannelName }) => [ChannelName, {}])));
  config("resourceconfig", {
    current_host: "algo-1",
    current_instance_type: "ml.m5.large",
    hosts: ["algo-1"],
    network_interface_name: "lo",
    current_group_name: "homogeneousCluster",
    instance_groups: [],
  });
}

/** What SageMaker's training toolkit, in AWS's own images, makes of a tuning job's hyperparameters: the archive unpacked, and the program with the rest as arguments. */
export function toolkitCommand(
  account: TeamAccount,
  box: Container,
  hyperparameters: Readonly<Record<string, string>>,
) {
  const plain = (name: string) => String(JSON.parse(JSON.stringify(hyperparameters[name] ?? ""))).replaceAll('"', "");
  const [archive] = account.bring(plain("sagemaker_submit_directory")).values();
  execFileSync("tar", ["-xz", "-C", box.path("/opt/ml/code")], { input: archive });
  const own = Object.entries(hyperparameters).filter(([name]) => !/^(?:sagemaker_|_tuning)/.test(name));
  return ["python3", plain("sagemaker_program"), ...own.flatMap(([name]) => [`--${name}`, plain(name)])];
}

function texts(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:py|sh|json|env)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
