import { statementsOf } from "../documents.ts";
import { type Declared, each, given, type Rule, type StackFault, type StackRule, UNKNOWN } from "../rule.ts";

const BUCKET = "aws:s3/bucket:Bucket";

/** What has to be set on a store, and what is wrong where it isn't. */
type Wants = readonly (readonly [property: string, good: (value: unknown) => boolean, fault: string])[];

const isTrue = (value: unknown): boolean => value === true;
const isEnabled = (value: unknown): boolean => each(value).some(({ enabled }) => enabled === true);

const ENCRYPTED: Readonly<Record<string, Wants>> = {
  "aws:rds/cluster:Cluster": [["storageEncrypted", isTrue, "the database is not encrypted"]],
  "aws:rds/instance:Instance": [["storageEncrypted", isTrue, "the database is not encrypted"]],
  "aws:efs/fileSystem:FileSystem": [["encrypted", isTrue, "the file system is not encrypted"]],
  "aws:ebs/volume:Volume": [["encrypted", isTrue, "the volume is not encrypted"]],
  "aws:dynamodb/table:Table": [["serverSideEncryption", isEnabled, "the table is not encrypted with a KMS key"]],
  "aws:sagemaker/domain:Domain": [["kmsKeyId", Boolean, "home directories are not encrypted with a key of their own"]],
};

export const storesAreEncrypted: Rule = {
  name: "stores-are-encrypted",
  description: "Everything that keeps data encrypts it.",
  remedy: "Turn on encryption of the store, with a KMS key where one is asked for.",
  types: Object.keys(ENCRYPTED),
  check: (resource) => unmet(resource, ENCRYPTED),
};

const KEPT: Readonly<Record<string, Wants>> = {
  "aws:rds/cluster:Cluster": [
    ["deletionProtection", isTrue, "one call deletes the database: deletion protection is off"],
    ["skipFinalSnapshot", (value) => value !== true, "the database is deleted without a final snapshot"],
  ],
  "aws:rds/instance:Instance": [
    ["deletionProtection", isTrue, "one call deletes the database: deletion protection is off"],
  ],
  "aws:cognito/userPool:UserPool": [
    ["deletionProtection", (value) => value === "ACTIVE", "one call deletes all users: deletion protection is off"],
  ],
  "aws:dynamodb/table:Table": [
    ["deletionProtectionEnabled", isTrue, "one call deletes the table: deletion protection is off"],
    ["pointInTimeRecovery", isEnabled, "the table can't be brought back to a point in time"],
  ],
  [BUCKET]: [["forceDestroy", (value) => value !== true, "`pulumi destroy` deletes the bucket with all that is in it"]],
};

export const dataIsKept: Rule = {
  name: "data-is-kept",
  description: "No single call, and no `pulumi destroy` by mistake, deletes what people have made.",
  remedy: "Turn on deletion protection, a final snapshot and point-in-time recovery.",
  types: Object.keys(KEPT),
  check: (resource) => unmet(resource, KEPT),
};

function unmet({ type, props }: Declared, wants: Readonly<Record<string, Wants>>): readonly string[] {
  return (wants[type] ?? []).flatMap(([property, good, fault]) => {
    const value = given(props, property);
    return value === UNKNOWN || good(value) ? [] : [fault];
  });
}

export const trailsShowChanges: Rule = {
  name: "trails-show-changes",
  description:
    "Every trail signs its files, so that a changed or missing one is found out, and encrypts them with a key of its own.",
  remedy: "Set `enableLogFileValidation` to true and `kmsKeyId`.",
  types: ["aws:cloudtrail/trail:Trail"],
  check: (resource) =>
    unmet(resource, {
      [resource.type]: [
        ["enableLogFileValidation", isTrue, "nobody can tell whether its files are whole: file validation is off"],
        ["kmsKeyId", Boolean, "its files are not encrypted with a key of their own"],
      ],
    }),
};

export const databaseIsPrivate: Rule = {
  name: "database-is-private",
  description: "No database has a public address.",
  remedy: "Set `publiclyAccessible` to false.",
  types: ["aws:rds/clusterInstance:ClusterInstance", "aws:rds/instance:Instance"],
  check: ({ props }) => (given(props, "publiclyAccessible") === true ? ["the database has a public address"] : []),
};

/** Companions that every bucket needs: type, what must hold of it, what is wrong without it. */
const COMPANIONS: readonly (readonly [string, (props: Declared["props"]) => boolean, string])[] = [
  [
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    (props) =>
      ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"].every(
        (block) => given(props, block) === true,
      ),
    "the bucket can be made public: it has no public access block with all four blocks",
  ],
  [
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    () => true,
    "the bucket has no encryption of its own",
  ],
  [
    "aws:s3/bucketPolicy:BucketPolicy",
    (props) => deniesPlainHttp(given(props, "policy")),
    "the bucket can be read without TLS: no statement denies it",
  ],
];

export const bucketsAreClosed: StackRule = {
  name: "buckets-are-closed",
  description: "Every bucket blocks public access, encrypts, and refuses whoever comes without TLS.",
  remedy: "Make the bucket with `components/shared/bucket.ts`, which declares all three.",
  check: ({ resources, refers }) =>
    resources
      .filter(({ type }) => type === BUCKET)
      .flatMap((bucket): readonly StackFault[] =>
        COMPANIONS.filter(
          ([type, holds]) =>
            !resources.some((other) => other.type === type && refers(other, "bucket", bucket) && holds(other.props)),
        ).map(([, , message]) => ({ on: bucket, message })),
      ),
};

function deniesPlainHttp(policy: unknown): boolean {
  if (policy === UNKNOWN) return true;
  return statementsOf(policy).some(
    ({ Effect, Condition }) => Effect === "Deny" && String(Condition?.Bool?.["aws:SecureTransport"]) === "false",
  );
}
