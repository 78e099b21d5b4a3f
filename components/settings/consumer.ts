import { z } from "zod";
import { PERSON } from "../../authorizer/identity/person.ts";
import { account, arn, CONSUMER, field, networkFields, PERSONA, tags, text, WORKSPACE, whole, word } from "./fields.ts";

const profile = z.strictObject({
  person: text(
    PERSON,
    "Who it is, everywhere: session name, role tag, user name of the login, MLflow user.",
    "2 to 64 of `a-z 0-9 + = . _ @ -`",
  ),
  persona: text(PERSONA, "What he may.", "a persona that central gives to this consumer"),
  workspace: text(WORKSPACE, "Workspace that his code starts in.", "a workspace that central gives to this consumer"),
  signInName: text(
    /^[^\s*]{1,128}$/,
    "User name in IAM Identity Center, where it is not the person.",
    "1 to 128 characters without space, or null",
  )
    .nullable()
    .default(null),
});

const job = z.strictObject({
  persona: text(PERSONA, "What it may.", "a persona that central gives to this consumer"),
  workspace: text(WORKSPACE, "Workspace that it starts in.", "a workspace that central gives to this consumer"),
});

/** Settings of a team's account: Studio, its people and their way to the central account. */
export const consumerSchema = z.strictObject({
  kind: field(z.literal("consumer"), "What the stack deploys.", "`central` or `consumer`"),
  account: account("The only account that the stack may be deployed into."),
  consumer: text(
    CONSUMER,
    "Its name in central's `consumers`.",
    "2 to 20 lower-case letters, digits and single hyphens",
  ),
  central: z.strictObject({
    stack: text(
      /^[\w.-]+\/[\w.-]+\/[\w.-]+$/,
      "The central stack.",
      "<organization>/<project>/<stack>; the organization is `organization` where state is in a file or bucket",
    ),
  }),
  tags: tags(),
  network: z
    .strictObject({
      ...networkFields("10.60.0.0/16"),
      nat: word(
        ["none", "single", "perZone"],
        "Way to the internet for Studio, needed with `studio.access: vpcOnly`.",
      ).default("single"),
      vpcId: text(
        /^vpc-[0-9a-f]{8,17}$/,
        "A VPC that the account has already, for Studio instead of one of its own; then nothing above is used.",
        "a VPC's id, or null",
      )
        .nullable()
        .default(null),
      subnetIds: field(
        z.array(text(/^subnet-[0-9a-f]{8,17}$/, "Subnet.", "a subnet's id")),
        "Private subnets of that VPC, in two zones or more.",
        "2 to 16 ids of subnets, with `network.vpcId`",
      ).default([]),
      endpoints: word(
        ["existing", "create"],
        "Ways to AWS from that VPC: its owner's, or interface endpoints made by this stack.",
      ).default("existing"),
      registry: word(
        ["internet", "endpoint"],
        "Way to a central API that is private: an endpoint of API Gateway in this VPC.",
      ).default("internet"),
    })
    .prefault({}),
  studio: z
    .strictObject({
      signIn: word(
        ["iam", "identityCenter"],
        "How people open Studio; it can't be changed after the first deployment.",
      ).default("iam"),
      access: word(
        ["vpcOnly", "internet"],
        "Whether notebooks reach the internet through the VPC or through SageMaker.",
      ).default("vpcOnly"),
      instanceTypes: field(
        z.array(text(/^ml\.[a-z0-9]+\.[a-z0-9]+$/, "Instance type.", "an instance type of SageMaker")).min(1),
        "Instance types that people may start; the first is the default.",
        "a list of instance types such as `ml.t3.medium`",
      ).default(["ml.t3.medium", "ml.m5.large"]),
      jobInstanceTypes: field(
        z.array(text(/^ml\.[a-z0-9]+\.[a-z0-9]+$/, "Instance type.", "an instance type of SageMaker")),
        "Instance types of the training, processing and tuning jobs that people start as themselves; none: no jobs.",
        "a list of instance types such as `ml.m5.large`",
      ).default(["ml.m5.large", "ml.m5.xlarge"]),
      volumeGb: whole(5, 16384, "Largest volume of a space, in GB.").default(50),
      idleShutdownMinutes: whole(60, 525600, "Minutes without work after which an app is stopped.").default(120),
      homeFileSystem: word(["retain", "delete"], "What `destroy` does with the home directories.").default("retain"),
    })
    .prefault({}),
  people: field(
    z.record(z.string().regex(/^(?=.{1,30}$)[a-z](?:-?[a-z0-9])*$/), profile),
    "Profiles of Studio: one role and one person each; a person may have several.",
    "name: {person, persona, workspace}; a name is 1 to 30 lower-case letters, digits and single hyphens",
  ).default({}),
  jobs: field(
    z.record(z.string().regex(/^(?=.{1,24}$)[a-z](?:-?[a-z0-9])*$/), job),
    "Jobs that are nobody's, such as a nightly training: an execution role each, which no person can pass.",
    "name: {persona, workspace}; a name is 1 to 24 lower-case letters, digits and single hyphens",
  ).default({}),
  access: z
    .strictObject({
      sessionMinutes: whole(15, 60, "Life of the credentials for MLflow; clients renew them.").default(60),
      permissionsBoundaryArn: arn("iam", "Permissions boundary of every execution role.").nullable().default(null),
    })
    .prefault({}),
});

export type ConsumerSettings = z.output<typeof consumerSchema>;
