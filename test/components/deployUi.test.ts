import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { PYTHON } from "../helpers/python.ts";

const FOLDER = fileURLToPath(new URL("../../components/cognitoUi/deploy", import.meta.url));
const EVENT = { appId: "app1", branchName: "main", bucket: "site", key: "abc.zip" };

/** Amplify Hosting's and S3's APIs, as far as the function calls them, and what was called. Source: Amplify API reference. */
class Aws {
  readonly calls: string[] = [];
  uploaded = "";
  /** What a job says each time that it is asked; the last stays. */
  readonly jobs: Record<string, string[]> = {};
  uploadStatus = 200;
  #server: Server | undefined;
  url = "";

  async open(): Promise<void> {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const [status, body] = this.#answer(request.method ?? "", request.url ?? "", Buffer.concat(chunks).toString());
        response.writeHead(status, { "content-type": "application/json" }).end(body);
      });
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server?.close();
  }

  #summary(jobId: string): object {
    const states = this.jobs[jobId] ?? [];
    const status = states.length > 1 ? states.shift() : states[0];
    return {
      jobArn: "arn:aws:amplify:job",
      jobId,
      commitId: "",
      commitMessage: "",
      commitTime: 0,
      startTime: 0,
      status,
    };
  }

  #answer(method: string, target: string, body: string): readonly [number, string] {
    const path = target.split("?")[0] ?? "";
    const jobs = "/apps/app1/branches/main/jobs";
    const deployments = "/apps/app1/branches/main/deployments";
    if (path === "/upload") {
      this.calls.push("upload");
      this.uploaded = body;
      return [this.uploadStatus, ""];
    }
    if (path === "/site/abc.zip") return [200, "the site's files"];
    if (method === "GET" && path === jobs)
      return [200, JSON.stringify({ jobSummaries: Object.keys(this.jobs).map((id) => this.#summary(id)) })];
    if (method === "POST" && path === deployments) {
      this.calls.push("create");
      this.jobs["9"] ??= ["PENDING", "RUNNING", "SUCCEED"];
      return [200, JSON.stringify({ fileUploadUrls: {}, zipUploadUrl: `${this.url}/upload?secret`, jobId: "9" })];
    }
    if (method === "POST" && path === `${deployments}/start`) {
      this.calls.push(`start ${(JSON.parse(body) as { jobId: string }).jobId}`);
      return [200, JSON.stringify({ jobSummary: this.#summary("9") })];
    }
    const [, id = "", stop] = new RegExp(`^${jobs}/(\\w+)(/stop)?$`).exec(path) ?? [];
    if (stop) {
      this.calls.push(`stop ${id}`);
      this.jobs[id] = ["CANCELLED"];
      return [200, JSON.stringify({ jobSummary: this.#summary(id) })];
    }
    if (id) return [200, JSON.stringify({ job: { summary: this.#summary(id), steps: [] } })];
    return [404, JSON.stringify({ message: path })];
  }
}

describe("function that deploys the built UI to Amplify Hosting", function () {
  this.timeout(30_000);
  let aws: Aws;
  beforeEach(async () => {
    aws = new Aws();
    await aws.open();
  });
  afterEach(() => aws.close());

  /** Calls the function as Lambda would, with boto3 pointed to this machine. */
  const deploy = () =>
    new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const script = `import json, sys, index; index.POLL_SECONDS = 0.01; print(json.dumps(index.handler(json.loads(sys.argv[1]), None)))`;
      const child = spawn(PYTHON, ["-B", "-c", script, JSON.stringify(EVENT)], {
        cwd: FOLDER,
        env: {
          PATH: process.env.PATH,
          AWS_ENDPOINT_URL: aws.url,
          AWS_REGION: "eu-west-1",
          AWS_DEFAULT_REGION: "eu-west-1",
          AWS_ACCESS_KEY_ID: "a",
          AWS_SECRET_ACCESS_KEY: "b",
          AWS_MAX_ATTEMPTS: "1",
        },
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk));
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });

  it("hands the files over, starts the job and waits until it is served", async () => {
    const { code, stdout, stderr } = await deploy();
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { jobId: "9", status: "SUCCEED" });
    assert.equal(aws.uploaded, "the site's files");
    assert.deepEqual(aws.calls, ["create", "upload", "start 9"]);
  });

  it("waits for a deployment that runs, and ends one that an interrupted call left behind", async () => {
    aws.jobs["7"] = ["RUNNING", "RUNNING", "SUCCEED"];
    aws.jobs["8"] = ["CREATED"];
    const { code, stderr } = await deploy();
    assert.equal(code, 0, stderr);
    assert.deepEqual(aws.calls, ["stop 8", "create", "upload", "start 9"]);
  });

  it("fails with a sentence when Amplify does", async () => {
    aws.jobs["9"] = ["SUCCEED", "RUNNING", "RUNNING", "FAILED"];
    const { code, stderr } = await deploy();
    assert.equal(code, 1);
    assert.match(stderr, /Amplify ended job 9 with FAILED: see its log in the Amplify console, then deploy again/);
  });

  it("ends the job when the upload fails, and says nothing of its address, which is a key", async () => {
    aws.uploadStatus = 403;
    const { code, stderr } = await deploy();
    assert.equal(code, 1);
    assert.match(stderr, /the upload was answered 403.*deploy again/s);
    assert.doesNotMatch(stderr, /upload\?secret/);
    assert.deepEqual(aws.calls, ["create", "upload", "stop 9"]);
  });
});
