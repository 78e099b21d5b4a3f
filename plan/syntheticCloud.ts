import { createHash, createHmac } from "node:crypto";
import { MAKERS, type Made, type Maker } from "./syntheticResources.ts";

/** What the made-up cloud needs to know of a run. */
export interface CloudOptions {
  readonly project: string;
  readonly stack: string;
  readonly seed: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface SyntheticCloud {
  readonly create: (type: string, name: string, inputs: Readonly<Record<string, unknown>>) => Required<Made>;
  readonly invoke: (token: string, inputs: Readonly<Record<string, unknown>>) => Record<string, unknown>;
}

/**
 * Answers the program as AWS would, with ids and ARNs of the right shape that depend on nothing but project, stack, type and name:
 * two runs of the same program give the same plan, byte for byte.
 */
export function syntheticCloud(options: CloudOptions): SyntheticCloud {
  const region = options.values["aws:region"] ?? "us-east-1";
  const account = options.values[`${options.project}:account`] ?? "000000000000";
  return {
    create: (type, name, inputs) => {
      const at = `${options.project} ${options.stack} ${type} ${name}`;
      const maker: Maker | undefined = MAKERS[type];
      const digest = createHash("sha256").update(at).digest("hex");
      // The name that AWS would show: as given, or Pulumi's automatic one.
      const physicalName = typeof inputs.name === "string" ? inputs.name : `${name}-${digest.slice(0, 7)}`;
      const random = (bytes: number) => bytesFrom(options.seed, at, bytes);
      const made = maker?.({ name, physicalName, inputs, region, account, digest, random }) ?? {};
      const id = made.id ?? `${name}-${digest.slice(0, 8)}`;
      const named = type.startsWith("aws:") ? { name: physicalName } : {};
      return { id, state: { ...named, id, ...inputs, ...made.state }, secret: made.secret ?? [] };
    },
    invoke: (token, inputs) => {
      const answer = INVOKES[token]?.({ region, account, inputs });
      // An answer made up for a question not foreseen could decide on access.
      if (!answer) throw new Error(`the program asks the cloud \`${token}\`, which can't be answered without it`);
      return answer;
    },
  };
}

/** As many bytes as asked for, the same for the same seed and resource. */
function bytesFrom(seed: string, at: string, bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 64) }, (_, i) =>
    createHmac("sha512", seed).update(`${at} ${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, bytes);
}

interface Question {
  readonly region: string;
  readonly account: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const INVOKES: Readonly<Record<string, (question: Question) => Record<string, unknown>>> = {
  "aws:index/getAvailabilityZones:getAvailabilityZones": ({ region }) => ({
    id: region,
    names: ["a", "b", "c"].map((zone) => `${region}${zone}`),
    zoneIds: ["az1", "az2", "az3"],
  }),
  "aws:index/getCallerIdentity:getCallerIdentity": ({ account }) => ({
    accountId: account,
    arn: `arn:aws:iam::${account}:user/deployer`,
    userId: "deployer",
    id: account,
  }),
  "aws:index/getRegion:getRegion": ({ region }) => ({ region, name: region, id: region, description: region }),
  // A secret that only AWS has: the same made-up one each time, so that a local identity provider can be told it.
  "aws:secretsmanager/getSecretVersion:getSecretVersion": ({ inputs }) => ({
    id: inputs.secretId,
    secretId: inputs.secretId,
    secretString: createHash("sha256")
      .update(`secret ${String(inputs.secretId)}`)
      .digest("hex"),
  }),
  "aws:index/getPartition:getPartition": () => ({ partition: "aws", dnsSuffix: "amazonaws.com", id: "aws" }),
};
