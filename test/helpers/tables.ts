import { createDynamo } from "../../local/dynamo/index.ts";
import type { Plan } from "../../plan/plan.ts";
import { serve } from "./serve.ts";
import { temporaryFolder } from "./temporary.ts";

const READER = { accessKeyId: "AKIAREADER", secretAccessKey: "reader" };

/** The declared tables, empty, and what Lambda would tell a function that reads them. */
export async function emptyTables(
  plan: Plan,
): Promise<{ readonly environment: Readonly<Record<string, string>>; readonly close: () => Promise<void> }> {
  const tables = createDynamo({
    plan,
    region: "eu-west-1",
    directory: temporaryFolder(),
    administrator: { accessKeyId: "AKIAADMINISTRATOR", secretAccessKey: "administrator" },
    reader: READER,
  });
  const { origin, close } = await serve((request, response) => void tables.handle(request, response));
  return {
    environment: {
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: READER.accessKeyId,
      AWS_SECRET_ACCESS_KEY: READER.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: origin,
    },
    close,
  };
}
