import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { LocalRun } from "../../local/localRun.ts";
import { DATA, localRun, ROOT } from "./run.ts";

const NAME = "naïve (50 %) a+b";
const PLAIN = "forest-1";

describe("seen working: clients that are not Python", function () {
  this.timeout(180_000);
  let run: LocalRun;
  before(async () => {
    run = await localRun();
    for (const name of [NAME, PLAIN]) await create(name);
  });

  const create = async (name: string) => {
    const made = await fetch(`${run.urls.browser}/ajax-api/2.0/mlflow/experiments/create`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await run.token({ as: "ada@acme.example" })}`,
        "content-type": "application/json",
        "x-mlflow-workspace": "vision",
      },
      body: JSON.stringify({ name }),
    });
    assert.ok(made.ok, await made.text());
  };

  /** Runs a documented example as somebody, with nothing but what `gatehouse credentials` prints. */
  const example = (command: string, args: readonly string[], as: string, more: Record<string, string> = {}) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const { environment } = run.credentials({ as });
      const child = spawn(command, args, {
        cwd: ROOT,
        env: { PATH: process.env.PATH, HOME: DATA, AWS_EC2_METADATA_DISABLED: "true", ...environment, ...more },
      });
      let [out, err] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
      child.on("close", (code) => resolve({ code, out, err }));
    });
  const node = (as: string, name: string) => example(process.execPath, [join("docs/examples", "node.mjs"), name], as);
  const answers = (out: string) =>
    out
      .trim()
      .split(/\n(?=\{)/)
      .map((line) => JSON.parse(line) as { experiments?: { name: string }[]; experiment?: { name: string } });

  it("Node with AWS's signer: searches, and finds a name of spaces, accents and signs", async () => {
    const { code, out, err } = await node("vision/bo", NAME);
    assert.equal(code, 0, err);
    const [found, one] = answers(out);
    assert.ok(found?.experiments?.some(({ name }) => name === NAME));
    assert.equal(one?.experiment?.name, NAME);
  });

  it("curl and the AWS CLI: the same by a shell script, whose keys stand in no list of processes", async function () {
    if (spawnSync("aws", ["--version"]).status !== 0) {
      console.log("      skipped: there is no AWS CLI on this machine");
      this.skip();
    }
    const { code, out, err } = await example("bash", ["docs/examples/curl.sh", PLAIN], "vision/bo");
    assert.equal(code, 0, `${out}\n${err}`);
    const [found, one] = answers(out);
    assert.ok(found?.experiments?.some(({ name }) => name === NAME));
    assert.equal(one?.experiment?.name, PLAIN);
  });

  it("are refused another's name by the STS", async () => {
    const name = { GATEHOUSE_SESSION_NAME: "ada@acme.example" };
    const refused = await example(process.execPath, ["docs/examples/node.mjs"], "vision/bo", name);
    assert.notEqual(refused.code, 0);
    assert.match(refused.err, /not authorized to perform: sts:AssumeRole/);
  });
});
