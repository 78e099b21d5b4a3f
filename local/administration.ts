import { appendFileSync } from "node:fs";
import type { DataFolder } from "./dataFolder.ts";
import type { AccessKey, Mail } from "./issuer/index.ts";

/** What an administrator's commands need to reach the user pool and the access policy of a local run. */
export interface Administration {
  readonly region: string;
  readonly userPoolId: string;
  readonly userPoolUrl: string;
  /** Address of the declared DynamoDB tables. */
  readonly tablesUrl: string;
  readonly credentials: AccessKey;
}

/** Signs what an administrator asks of the user pool and the tables; only the owner of the data folder can ask for it. */
export function administratorKey(data: DataFolder): AccessKey {
  return { accessKeyId: "AKIALOCALADMINISTRATR", secretAccessKey: data.secret("administrator").toString("hex") };
}

/** Signs what MLflow and the authorizer read of the tables. */
export function readerKey(data: DataFolder): AccessKey {
  return { accessKeyId: "AKIALOCALREADER000000", secretAccessKey: data.secret("reader").toString("hex") };
}

/** What Lambda and ECS would set, for the parts that read the tables. */
export function readerEnvironment(
  data: DataFolder,
  region: string,
  tablesUrl: string,
): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey } = readerKey(data);
  return {
    AWS_REGION: region,
    // The name that boto3 reads.
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: tablesUrl,
  };
}

/** Keeps what Cognito would send by e-mail in a file that its owner alone can read. */
export function mailFile(data: DataFolder, notice: (line: string) => void): (mail: Mail) => void {
  const file = data.file("mail.log");
  return ({ user, subject, text }) => {
    appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), to: user, subject, text })}\n`, {
      mode: 0o600,
    });
    notice(`${subject} for ${user}: see ${file}`);
  };
}
