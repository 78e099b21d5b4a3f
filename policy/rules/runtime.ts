import { each, given, type Rule, type StackRule, UNKNOWN } from "../rule.ts";

export const logsEnd: Rule = {
  name: "logs-end",
  description: "Every log group has a retention.",
  remedy: "Set `retentionInDays`.",
  types: ["aws:cloudwatch/logGroup:LogGroup"],
  check: ({ props }) => (Number(props.retentionInDays ?? 0) > 0 ? [] : ["its lines are kept, and paid for, for ever"]),
};

/** When AWS deprecates a runtime. Source: Lambda guide, "Lambda runtimes". */
const RUNTIMES: Readonly<Record<string, string>> = {
  "nodejs24.x": "2028-04-30",
  "nodejs22.x": "2027-04-30",
  "python3.14": "2029-06-30",
  "python3.13": "2029-06-30",
  "python3.12": "2028-10-31",
};

export const lambdaRuntimeIsSupported: Rule = {
  name: "lambda-runtime-is-supported",
  description: "Every function runs on a runtime that AWS still mends.",
  remedy: `Use one of ${Object.keys(RUNTIMES).join(", ")}.`,
  types: ["aws:lambda/function:Function"],
  check: ({ props }) => {
    const runtime = given(props, "runtime");
    if (runtime === UNKNOWN || props.packageType === "Image") return [];
    const end = RUNTIMES[String(runtime)];
    if (end === undefined) return [`the runtime ${String(runtime)} is none that AWS mends`];
    return new Date(end) > new Date() ? [] : [`AWS mends the runtime ${String(runtime)} only until ${end}`];
  },
};

interface Container {
  readonly name?: string;
  readonly privileged?: boolean;
  readonly readonlyRootFilesystem?: boolean;
  readonly user?: string;
  readonly environment?: readonly { readonly name: string; readonly value?: string }[];
}

export const containersAreConfined: Rule = {
  name: "containers-are-confined",
  description: "Containers are not root, write only to their volumes, and are told secrets by reference.",
  remedy: "Set `user`, `readonlyRootFilesystem`, and `secrets` instead of `environment` for what is secret.",
  types: ["aws:ecs/taskDefinition:TaskDefinition"],
  check: ({ props }) => {
    const text = given(props, "containerDefinitions");
    const containers =
      text === UNKNOWN ? [] : (JSON.parse(typeof text === "string" ? text : "[]") as readonly Container[]);
    return containers.flatMap((container) => {
      const { name = "a container" } = container;
      const secrets = (container.environment ?? []).filter(
        (each) => /(?:PASSWORD|SECRET|TOKEN|PRIVATE_KEY|_KEY)$/.test(each.name) && each.value !== "",
      );
      return [
        ...(container.privileged ? [`${name} is privileged`] : []),
        ...(container.readonlyRootFilesystem ? [] : [`${name} can change its own files`]),
        ...(container.user && !/^(?:root|0)(?::|$)/.test(container.user) ? [] : [`${name} runs as root`]),
        ...secrets.map((each) => `${name} is told ${each.name} in clear`),
      ];
    });
  },
};

export const serviceIsPrivate: Rule = {
  name: "service-is-private",
  description: "Tasks have no public address, and nobody opens a shell in them.",
  remedy: "Set `assignPublicIp` and `enableExecuteCommand` to false.",
  types: ["aws:ecs/service:Service"],
  check: ({ props }) => [
    ...(each(given(props, "networkConfiguration")).some(({ assignPublicIp }) => assignPublicIp === true)
      ? ["its tasks have a public address: there MLflow asks nobody who he is"]
      : []),
    ...(given(props, "enableExecuteCommand") === true ? ["ECS Exec is on: a shell inside passes every check"] : []),
  ],
};

export const noOpenPort: Rule = {
  name: "no-open-port",
  description: "No security group lets the internet in.",
  remedy: "Let in a security group by its id, or a network of your own.",
  types: ["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:ec2/securityGroup:SecurityGroup"],
  check: ({ props }) => {
    const ranges = [
      given(props, "cidrIpv4"),
      given(props, "cidrIpv6"),
      ...each(given(props, "ingress")).flatMap(({ cidrBlocks, ipv6CidrBlocks }) => [cidrBlocks, ipv6CidrBlocks].flat()),
    ];
    return ranges
      .filter((range) => range === "0.0.0.0/0" || range === "::/0")
      .map((range) => `it lets in ${String(range)}`);
  },
};

export const oneRolePerProfile: StackRule = {
  name: "one-role-per-profile",
  description: "No two people of Studio share an execution role: a role is a person.",
  remedy: "Let `StudioDomain` make a role for each profile.",
  check: ({ resources, refers }) => {
    const profiles = resources.filter(({ type }) => type === "aws:sagemaker/userProfile:UserProfile");
    return resources
      .filter(({ type }) => type === "aws:iam/role:Role")
      .flatMap((role) => {
        const [, ...others] = profiles.filter((profile) => refers(profile, "userSettings", role));
        return others.map((on) => ({ on, message: `it shares the execution role ${role.name} with another profile` }));
      });
  },
};
