import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { SimulatedOrganization } from "./simulatedOrganization.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const ISSUER = "https://id.acme.example";
export const AUDIENCE = "gatehouse-automation";

/** What an organization file says of the service in the tests. */
export const SERVICE = {
  issuer: ISSUER,
  audience: AUDIENCE,
  keysFile: "keys.json",
  roles: { viewer: ["staff"], planner: ["ml-planners"], deployer: ["ml-platform"] },
};

/** Makes the identity provider's key, writes its public part beside the organization file, and gives what signs tokens. */
export async function tokenMaker(folder: string) {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  writeFileSync(
    join(folder, "keys.json"),
    JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" }] }),
  );
  return (groups: readonly string[], expires: number | string = "2h") =>
    new SignJWT({ groups: [...groups] })
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .setSubject(`${groups[0] ?? "nobody"}@acme.example`)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime(expires)
      .sign(privateKey);
}

export interface RunningService {
  readonly child: ChildProcess;
  readonly url: string;
  readonly said: () => string;
}

/** Starts `gatehouse serve` and waits until it listens. */
export async function startService(
  org: SimulatedOrganization,
  env: NodeJS.ProcessEnv = org.env,
): Promise<RunningService> {
  const child = spawn(
    process.execPath,
    [
      "--max-semi-space-size=2",
      join(ROOT, "cli/gatehouse.mjs"),
      "serve",
      "--port",
      "0",
      "--dir",
      org.program,
      "--org",
      org.file,
      "--data",
      org.data,
    ],
    { cwd: org.folder, env, stdio: ["ignore", "pipe", "pipe"] },
  );
  return serviceOf(child);
}

/** A service that was started: waits until it listens. */
export async function serviceOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<RunningService> {
  let said = "";
  const ready = new Promise<string>((resolve, reject) => {
    const hear = (text: string) => {
      said += text;
      const url = /Ready at (\S+)/.exec(said)?.[1];
      if (url) resolve(url);
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("close", () => reject(new Error(`the service ended:\n${said}`)));
  });
  return { child, url: await ready, said: () => said };
}

/** Ends it at once, as a crash would. */
export async function kill({ child }: RunningService): Promise<void> {
  const closed = once(child, "exit");
  child.kill("SIGKILL");
  await closed;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** Calls the service with a token. */
export async function call(
  { url }: RunningService,
  token: string | null,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method: body ? "POST" : "GET",
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body ? { "content-type": "application/json" } : {}),
      ...headers,
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

export interface ShownJob {
  readonly id: string;
  readonly state: string;
  readonly steps: readonly {
    readonly member: string;
    readonly action: string;
    readonly state: string;
    readonly attempts: number;
    readonly changes: Readonly<Record<string, number>> | null;
    readonly error: string | null;
  }[];
}

/** Asks until the job is over. */
export async function ended(service: RunningService, token: string, id: string): Promise<ShownJob> {
  for (;;) {
    const { status, body } = await call(service, token, `/jobs/${id}`);
    const job = body as unknown as ShownJob;
    if (status === 200 && job.state !== "waiting" && job.state !== "running") return job;
    // Few enough of them to be answered: 240 a minute are.
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}
