import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GatewayLogRecord } from "../../local/gateway/index.ts";
import { type LocalRun, startLocalRun } from "../../local/localRun.ts";
import type { Step } from "../helpers/caller.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { call } from "./call.ts";
import { twoTenants } from "./twoTenants.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("artifacts: large files straight to S3 by MLflow's URLs, each team's own", function () {
  this.timeout(240_000);
  let run: LocalRun;
  const seen: GatewayLogRecord[] = [];
  let where: { readonly id: string; readonly path: string };

  before(async () => {
    run = await startLocalRun({
      dir: twoTenants(),
      central: "central",
      consumers: ["datascience", "speech"],
      port: 0,
      data: temporaryFolder(),
      venv: join(ROOT, ".venv"),
      s3: true,
      log: (record) => {
        if ("path" in record) seen.push(record);
      },
    });
  });
  after(() => run?.stop());

  const as = (profile: string) => run.credentials({ as: profile }).environment;
  const proxied = (method: string, kind: string) =>
    seen.filter((each) => each.method === method && each.path.includes(`/mlflow-artifacts/${kind}`)).length;

  it("files of every size and name come back byte-identical, the large ones past the gateway", async () => {
    seen.length = 0;
    const steps = await call("files.py", as("vision/ada"));
    assert.deepEqual(failed(steps), []);
    const [id, uri] = JSON.parse(steps.at(-1)?.message ?? "[]") as [string, string];
    where = { id, path: uri.replace("mlflow-artifacts:/", "") };
    assert.match(where.path, /^workspaces\/vision\//);
    // 5 MiB, 12 MiB, 50 MB, one in a folder, one in a tree; the smaller ones are sent through.
    assert.deepEqual([proxied("POST", "mpu/create"), proxied("POST", "mpu/complete")], [5, 5]);
    assert.equal(proxied("PUT", "artifacts/"), 5);
    assert.equal(proxied("GET", "artifacts/"), 0, "downloads come from S3");
    assert.deepEqual(new Map(JSON.parse(message(steps, "list")) as [string, number][]).get("fifty.bin"), 50_000_000);
    assert.deepEqual(JSON.parse(message(steps, "a folder of files")), ["a b.bin", "sub dir/c.bin", "sub dir/ü.txt"]);
  });

  it("a large file sent through the gateway is refused with 413, as API Gateway does", async () => {
    const without = { ...as("vision/ada"), MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: "999999999" };
    const steps = await call("files.py", without);
    assert.deepEqual(failed(steps), ["wöchentliche Notizen + 100% (ä,ß) 你好.bin 413", "fifty.bin 413"]);
  });

  it("an upload that broke off is resumed by another process, and one that lost a part leaves nothing behind", async () => {
    const [begun] = await call("interrupted.py", as("vision/ada"), "begin", where.path);
    const half = begun?.message ?? "";
    const [resumed] = await call("interrupted.py", as("vision/ada"), "resume", where.path, where.id, "-", half);
    assert.equal(resumed?.message, String(26 * 1024 * 1024));
    const [again] = await call("interrupted.py", as("vision/ada"), "broken", where.id);
    assert.equal(again?.message, String(33 * 1024 * 1024));
  });

  it("a scientist of another team reads and writes none of it, by any route, URL or key", async () => {
    const store = run.artifacts ?? assert.fail();
    const file = "resumed ä.bin";
    const steps = await call("other_tenant.py", as("speech/eve"), where.id, where.path, file, store.url, store.bucket);
    const own = ["own: there and back", "own: by its URL", "own: a part by its URL"];
    const opened = steps.filter(({ status, step }) => status === "ok" && !own.includes(step));
    // A name of dots is cut to its last part, which lies in his own folder.
    assert.deepEqual(
      opened.map(({ step }) => step),
      ["own: another team's path as the name of parts"],
    );
    assert.match(opened[0]?.message ?? "", /^\/[^/]+\/workspaces\/speech\//);
    assert.deepEqual(
      own.map((name) => steps.find(({ step }) => step === name)?.status),
      ["ok", "ok", "ok"],
    );
    assert.ok(steps.length > 45, `${steps.length} ways`);
    // Refused, and not for some other fault of the call.
    const odd = steps.filter(({ status }) => status !== "ok" && ![400, 403, 404].includes(Number(status)));
    assert.deepEqual(odd, []);
    const [whole] = await call("interrupted.py", as("vision/ada"), "whole", where.id);
    assert.equal(whole?.message, String(26 * 1024 * 1024));
  });

  it("the other team's own files come and go in the same way", async () => {
    const steps = await call("files.py", as("speech/eve"));
    assert.deepEqual(failed(steps), []);
  });
});

function failed(steps: readonly Step[]): readonly string[] {
  return steps
    .filter(({ status }) => status !== "ok")
    .map(({ step, status, message }) => `${step} ${status ?? message}`);
}

function message(steps: readonly Step[], name: string): string {
  return steps.find(({ step }) => step === name)?.message ?? "";
}
