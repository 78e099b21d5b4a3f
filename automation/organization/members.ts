import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { OrganizationError } from "./errors.ts";
import { type OrganizationFile, SELF_MANAGED } from "./schema.ts";

/** One account of the organization and the stack that is deployed there. */
export interface Member {
  /** `central`, or the consumer's name. */
  readonly name: string;
  readonly kind: "central" | "consumer";
  readonly stack: string;
  /** How `pulumi` is told of the stack: on Pulumi Cloud with its organization, since it would take the caller's own otherwise. */
  readonly qualified: string;
  readonly account: string;
  readonly region: string;
  /** ARN of the role that deploys there; null: the credentials at hand. */
  readonly deployRole: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** The stack's configuration as it stands in `Pulumi.<stack>.yaml`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The stacks of an organization, the central one first, and what they have in common. */
export interface Organization {
  readonly members: readonly Member[];
  readonly parallel: number;
  /** Environment of every `pulumi`: where state is kept. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secretsProvider: string | undefined;
}

/**
 * Derives the stacks: what central's `consumers` lists and what each consumer reads of central follow from one entry.
 *
 * @param project name in Pulumi.yaml
 * @param path where the file lies: a `file://` backend with a relative path is relative to it
 */
export function organizationOf(file: OrganizationFile, project: string, path: string): Organization {
  const centralStack = file.central.stack ?? "central";
  const spaced = (settings: Readonly<Record<string, unknown>>, region: string) => ({
    "aws:region": region,
    ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${project}:${key}`, value] as const)),
  });
  const of = (name: string, entry: OrganizationFile["central"], kind: Member["kind"], own: object): Member => {
    const region = entry.region ?? file.region;
    const stack = entry.stack ?? name;
    const role = entry.deployRole === undefined ? file.deployRole : entry.deployRole;
    return {
      name,
      kind,
      stack,
      qualified: file.stackOrganization === SELF_MANAGED ? stack : `${file.stackOrganization}/${project}/${stack}`,
      account: entry.account,
      region,
      deployRole: role === null ? null : roleArn(role, entry.account, region),
      environment: entry.environment,
      config: spaced({ kind, account: entry.account, ...file.settings, ...entry.settings, ...own }, region),
    };
  };
  const consumers = Object.entries(file.consumers).map(
    ([name, { account, central }]) => [name, { account, ...central }] as const,
  );
  return {
    members: [
      of("central", { ...file.central, stack: centralStack }, "central", { consumers: Object.fromEntries(consumers) }),
      ...Object.entries(file.consumers).map(([name, entry]) =>
        of(name, entry, "consumer", {
          consumer: name,
          central: { stack: `${file.stackOrganization}/${project}/${centralStack}` },
        }),
      ),
    ],
    parallel: file.parallel,
    environment: file.backend === undefined ? {} : { PULUMI_BACKEND_URL: backendUrl(file.backend, path) },
    secretsProvider: file.secretsProvider,
  };
}

/** Members by name; none named: all. @throws OrganizationError naming what isn't there */
export function chosen(members: readonly Member[], names: readonly string[]): readonly Member[] {
  const unknown = names.filter((name) => !members.some((member) => member.name === name));
  if (unknown.length)
    throw new OrganizationError(
      `the organization has no ${unknown.map((name) => `\`${name}\``).join(", ")}; it has ${members.map(({ name }) => name).join(", ")}`,
    );
  return names.length ? members.filter(({ name }) => names.includes(name)) : members;
}

function roleArn(role: string, account: string, region: string): string {
  if (role.startsWith("arn:")) return role;
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  return `arn:${partition}:iam::${account}:role/${role.replace(/^\//, "")}`;
}

function backendUrl(backend: string, path: string): string {
  if (!backend.startsWith("file://")) return backend;
  const folder = backend.slice("file://".length);
  if (folder.startsWith("~")) return backend;
  return pathToFileURL(folder.startsWith("/") ? fileURLToPath(backend) : resolve(dirname(path), folder)).href;
}
