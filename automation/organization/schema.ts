import { z } from "zod";

/** Names whose values are secrets: they belong into the environment of whoever deploys, never into a file that is committed. */
const SECRET = /SECRET|TOKEN|PASSWORD|PASSPHRASE|ACCESS_KEY/i;

const said = (allowed: string) => ({ error: `allowed: ${allowed}` });
const account = z.string(said("12 digits in quotes")).regex(/^\d{12}$/, "allowed: 12 digits in quotes");
const REGION = "a region such as eu-west-1";
const region = z.string(said(REGION)).regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, `allowed: ${REGION}`);
const NAME = "2 to 20 lower-case letters, digits and single hyphens";
export const consumerName = z.string(said(NAME)).regex(/^(?=.{2,20}$)[a-z0-9]+(?:-[a-z0-9]+)*$/, `allowed: ${NAME}`);
// No hyphen in front: `pulumi` would take it for an option.
const stack = z.string().regex(/^\w[\w-]{0,99}$/, "allowed: letters, digits, `_` and `-`, no `-` in front");
const ROLE = "the name of a role, its ARN, or null";
const deployRole = z
  .string(said(ROLE))
  .regex(/^(?:arn:aws[\w-]*:iam::\d{12}:role\/)?[\w+=,.@/-]{1,512}$/, `allowed: ${ROLE}`)
  .nullable();
const environment = z.record(
  z
    .string()
    .regex(/^\w+$/, "allowed: the name of an environment variable")
    .refine((name) => !SECRET.test(name), "is a secret: set it in the environment of the process, not in this file"),
  z.string("allowed: text"),
);
/** Settings of the program, as in `Pulumi.<stack>.yaml` without their namespace. The program itself checks them. */
const settings = z.record(z.string(), z.unknown());

/** What the central account gives to a consumer: its entry in central's setting `consumers`, without the account. */
const given = z.looseObject({
  personas: z.array(z.string(), said("a list of personas")),
  workspaces: z.array(z.string(), said("a list of keys of central.settings.workspaces")),
});

const member = {
  /** 12 digits. */
  account,
  stack: stack.optional(),
  region: region.optional(),
  /** Role that deploys in this account; null: the credentials at hand. Default that of the organization. */
  deployRole: deployRole.optional(),
  /** Variables for Pulumi in this account, such as AWS_PROFILE. */
  environment: environment.default({}),
  settings: settings.default({}),
};

export const consumerSchema = z.strictObject({ ...member, central: given });

const ROLES = "groups whose members have the role";
const groups = z.array(z.string(), said(ROLES)).default([]);

/** Whose tokens the service takes, and what they may. */
export const serviceSchema = z.strictObject({
  issuer: z.string(said("https://<host>/…")).min(1),
  audience: z.string(said("the audience of the tokens")).min(1),
  /** Where the issuer's keys are; default its discovery document says. */
  jwksUri: z.string().startsWith("https://", "allowed: https://…").optional(),
  /** A file with the issuer's keys (JWKS) instead, where the issuer is out of reach. */
  keysFile: z.string().optional(),
  groupsClaim: z.string().default("groups"),
  roles: z.strictObject({ viewer: groups, planner: groups, deployer: groups }),
});

/** The organization of every stack whose state is in a file or bucket. Source: Pulumi docs, "Stacks", fully qualified names. */
export const SELF_MANAGED = "organization";

const BACKEND = "file://…, s3://…, gs://…, azblob://… or https://…";

export const organizationSchema = z.strictObject({
  version: z.literal(1, said("1")),
  /** Where Pulumi keeps its state; default what the environment says (PULUMI_BACKEND_URL or `pulumi login`). */
  backend: z
    .string(said(BACKEND))
    .regex(/^(?:file|s3|gs|azblob|https):\/\/./, `allowed: ${BACKEND}`)
    .refine(
      (url) => !/^\w+:\/\/[^/]*@/.test(url),
      "holds credentials: set them in the environment of the process, not in this file",
    )
    .optional(),
  /** Default Pulumi's: a passphrase, or Pulumi Cloud's key. */
  secretsProvider: z.string().optional(),
  /** First part of a stack's full name; `organization` where state is in a file or bucket. */
  stackOrganization: z
    .string()
    .regex(/^[\w-]+$/, "allowed: letters, digits, `_` and `-`")
    .default(SELF_MANAGED),
  region,
  deployRole: deployRole.default(null),
  /** Consumers worked on at once. */
  parallel: z.int(said("1 to 64")).min(1, "allowed: 1 to 64").max(64, "allowed: 1 to 64").default(4),
  /** Settings of every stack, such as tags. */
  settings: settings.default({}),
  central: z.strictObject(member),
  consumers: z.record(consumerName, consumerSchema).default({}),
  service: serviceSchema.optional(),
});

export type OrganizationFile = z.infer<typeof organizationSchema>;
export type ConsumerEntry = z.infer<typeof consumerSchema>;
export type ServiceSettings = z.infer<typeof serviceSchema>;
