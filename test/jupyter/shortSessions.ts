import { type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { text } from "node:stream/consumers";
import { DataFolder } from "../../local/dataFolder.ts";
import type { LocalRun } from "../../local/localRun.ts";
import { type Listening, listen } from "../../local/servers.ts";
import { createSts } from "../../local/sts/index.ts";

/** What a space in Studio has for its execution role: sessions so short that a test sees them end. */
export interface ShortSessions {
  /** Where the AWS SDKs find the execution role's keys (`AWS_CONTAINER_CREDENTIALS_FULL_URI`). */
  readonly keysUrl: string;
  /** An STS whose sessions last `PERSONA_SECONDS`. */
  readonly stsUrl: string;
  /** Sessions of persona roles so far. */
  readonly assumed: () => number;
  readonly close: () => Promise<void>;
}

/** The client uses no session in its last 60 seconds, so it renews these every five. */
export const PERSONA_SECONDS = 65;
const EXECUTION_SECONDS = 20;

/**
 * Stands in for the endpoint in a container that hands out its role's keys, and before the run's STS, which judges each call; both hand
 * out sessions of the same kind as the run's, but short.
 */
export async function openShortSessions(run: LocalRun, data: string, executionRoleArn: string): Promise<ShortSessions> {
  const sts = createSts({
    plans: [run.plans.central, ...run.plans.consumers],
    key: new DataFolder(data).secret("sts"),
    region: run.region,
  });
  let assumed = 0;
  const keys = await listen(0, (_, response) => {
    // SageMaker names every session of an execution role alike.
    const issued = sts.issue({ roleArn: executionRoleArn, sessionName: "SageMaker", seconds: EXECUTION_SECONDS });
    response.setHeader("content-type", "application/json").end(
      JSON.stringify({
        AccessKeyId: issued.accessKeyId,
        SecretAccessKey: issued.secretAccessKey,
        Token: issued.sessionToken,
        Expiration: issued.expiration.toISOString(),
      }),
    );
  });
  const relay = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const answer = await asSigned(run.urls.sts, request, body);
    let told = await text(answer);
    const asked = new URLSearchParams(body);
    if (answer.statusCode === 200 && asked.get("Action") === "AssumeRole") {
      assumed += 1;
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = sts.issue({
        roleArn: asked.get("RoleArn") ?? "",
        sessionName: asked.get("RoleSessionName") ?? "",
        seconds: PERSONA_SECONDS,
      });
      told = told
        .replace(/(<AccessKeyId>)[^<]*/, `$1${accessKeyId}`)
        .replace(/(<SecretAccessKey>)[^<]*/, `$1${secretAccessKey}`)
        .replace(/(<SessionToken>)[^<]*/, `$1${sessionToken}`)
        .replace(/(<Expiration>)[^<]*/, `$1${expiration.toISOString()}`);
    }
    response.writeHead(answer.statusCode ?? 500, { "content-type": "text/xml" }).end(told);
  };
  let front: Listening | undefined;
  try {
    front = await listen(0, (request, response) => void relay(request, response));
  } catch (error) {
    await keys.close();
    throw error;
  }
  const { url, close } = front;
  return {
    keysUrl: `${keys.url}/keys`,
    stsUrl: url,
    assumed: () => assumed,
    close: async () => {
      await Promise.all([keys.close(), close()]);
    },
  };
}

/** Passes a call on under the Host that it was signed for. */
function asSigned(
  url: string,
  { headers, method, url: path }: IncomingMessage,
  body: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    send(new URL(path ?? "/", url), { method, headers }, resolve)
      .on("error", reject)
      .end(body);
  });
}
