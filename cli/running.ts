import { request } from "node:http";
import { resolve } from "node:path";
import { DataFolder } from "../local/dataFolder.ts";
import { UsageError } from "./errors.ts";

/** Asks the local run that uses a data folder. @throws UsageError when there is none, or with what it says */
export async function askLocalRun<T>(
  data: string,
  path: "/credentials" | "/token" | "/administration" | "/verification",
  body: object,
): Promise<T> {
  const run = DataFolder.runningIn(resolve(data));
  if (!run)
    throw new UsageError(`no local run uses ${data}: start one with \`npm start\`, or name its folder with --data`);
  if (run.socket === null)
    throw new UsageError(`the local run on ${data} is still starting: ask again when it says Ready`);
  const text = await post(run.socket, path, JSON.stringify(body));
  const answer = JSON.parse(text) as T | { readonly error: string };
  if (typeof answer === "object" && answer !== null && "error" in answer) throw new UsageError(answer.error);
  return answer;
}

function post(socketPath: string, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: "POST" }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString()));
      response.on("error", reject);
    });
    asked.on("error", (error) => reject(new UsageError(`the local run doesn't answer: ${error.message}`)));
    asked.end(body);
  });
}
