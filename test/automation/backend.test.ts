import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStack } from "../../automation/engine/operations.ts";
import { historyOf, outputsOf } from "../../automation/engine/reading.ts";
import { organizationOf } from "../../automation/organization/members.ts";
import { parseOrganization } from "../../automation/organization/read.ts";
import { startS3Server } from "../../local/artifactStore/server.ts";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { command, job } from "./commands.ts";
import { type SimulatedOrganization, SMALL, secretsIn, simulatedOrganization } from "./simulatedOrganization.ts";

const VENV = fileURLToPath(new URL("../../.venv", import.meta.url));
const BUCKET = "pulumi-state";

// The tests build on each other, as deployments do.
describe("an organization whose state is in an S3 bucket (moto's), under Pulumi's engine", function () {
  this.timeout(120_000);
  let org: SimulatedOrganization;
  let s3: Awaited<ReturnType<typeof startS3Server>>;
  const objects = temporaryFolder();

  before(async function () {
    const engine = engineOrSkip(this);
    s3 = await startS3Server({
      venv: VENV,
      directory: objects,
      region: "eu-west-1",
      logFile: join(temporaryFolder(), "s3.log"),
      buckets: [{ name: BUCKET, versions: false }],
    });
    org = await simulatedOrganization(engine, temporaryFolder(), 1, { program: SMALL });
    org.write((file) => {
      file.backend = `s3://${BUCKET}/mlflow?endpoint=${s3.url}&region=eu-west-1&s3ForcePathStyle=true`;
    });
    Object.assign(org.env, { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "a secret of the tests" });
  });
  after(async () => {
    org?.close();
    await s3?.stop();
  });

  const LOCKS = `${BUCKET}/mlflow/.pulumi/locks/organization/small/central`;
  const keys = async () => {
    const text = await (await fetch(`${s3.url}/${BUCKET}?list-type=2`)).text();
    return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
  };

  it("is deployed: the state is in the bucket, and locked as long as somebody changes it", async () => {
    org.cloud("central").pause = 300;
    const deployed = job(org, "deploy");
    while (org.cloud("central").created.size === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const meanwhile = await keys();
    const { ended, steps } = await deployed;
    org.cloud("central").pause = 0;
    assert.deepEqual(ended, ["central deploy done", "team-1 deploy done"], JSON.stringify(steps));
    assert.equal(meanwhile.filter((key) => `${BUCKET}/${key}`.startsWith(`${LOCKS}/`)).length, 1);
    const left = await keys();
    assert.deepEqual(
      left.filter((key) => key.includes("/locks/")),
      [],
    );
    for (const stack of ["central", "team-1"]) assert.ok(left.includes(`mlflow/.pulumi/stacks/small/${stack}.json`));
  });

  it("changes nothing the second time, sees drift, and knows what was done", async () => {
    const { steps } = await job(org, "deploy", "--only", "team-1");
    assert.deepEqual(
      steps.map(({ changes }) => changes),
      [{}],
    );
    const urn = [...org.cloud("team-1").created.keys()].find((each) => each.endsWith("::jobs")) ?? assert.fail();
    org.cloud("team-1").changedOutside.set(urn, { description: "made by hand" });
    const drift = await job(org, "drift", "--only", "team-1");
    org.cloud("team-1").changedOutside.clear();
    assert.deepEqual([drift.code, drift.steps.map(({ changes }) => changes)], [4, [{ update: 1 }]]);
    const history = JSON.parse((await command(org, "history", "team-1", "--json")).stdout) as {
      kind: string;
      result: string;
      changes: object;
    }[];
    assert.deepEqual(
      history.map(({ kind, result, changes }) => [kind, result, changes]),
      [
        ["update", "succeeded", {}],
        ["update", "succeeded", { create: 8 }],
      ],
    );
  });

  it("stays locked by a pulumi of another machine, says whose lock it is, until `gatehouse cancel`", async () => {
    const lock = { pid: 4711, username: "cleo", hostname: "elsewhere", timestamp: new Date().toISOString() };
    const put = { method: "PUT", body: JSON.stringify(lock) };
    assert.equal((await fetch(`${s3.url}/${LOCKS}/${randomUUID()}.json`, put)).status, 200);
    const { steps } = await job(org, "deploy", "--only", "central");
    assert.match(steps[0]?.error ?? "", /locked by 1 lock.*cleo@elsewhere \(pid 4711\)/s);
    assert.match((await command(org, "cancel", "--only", "central")).stdout, /^central: no lock any more$/m);
    assert.deepEqual((await job(org, "deploy", "--only", "central")).ended, ["central deploy done"]);
  });

  it("shows outputs with secrets covered, and holds none in clear, in the bucket or here", async () => {
    const { stdout } = await command(org, "outputs", "central");
    assert.deepEqual(JSON.parse(stdout), {
      consumers: ["team-1"],
      password: "[secret]",
      trackingUri: "https://mlflow.acme.example",
    });
    for (const folder of [objects, org.data]) {
      const { secrets, files, found } = secretsIn(org, folder);
      assert.ok(secrets === 2 && files > 5, `${secrets} ${files}`);
      assert.deepEqual(found, []);
    }
  });
});

describe("an organization whose state is on Pulumi Cloud", () => {
  it("tells pulumi the stack's full name, and the token by the environment alone", async () => {
    const folder = temporaryFolder();
    const [pulumi, heard] = [join(folder, "pulumi"), join(folder, "heard")];
    writeFileSync(
      pulumi,
      `#!/bin/sh
echo "$PULUMI_BACKEND_URL $([ "$PULUMI_ACCESS_TOKEN" = pul-token ] && echo token): $*" >> '${heard}'
case "$*" in *history*) echo '[]' ;; *) echo '{}' ;; esac
`,
      { mode: 0o755 },
    );
    const [member] = organizationOf(
      parseOrganization(
        'version: 1\nbackend: https://api.pulumi.com\nstackOrganization: acme\nregion: eu-west-1\ncentral: {account: "111111111111"}\n',
        "",
      ),
      "small",
      "/org.yaml",
    ).members;
    assert.ok(member);
    const organization = { environment: { PULUMI_BACKEND_URL: "https://api.pulumi.com" }, secretsProvider: undefined };
    const engine = {
      data: join(folder, "data"),
      program: SMALL,
      pulumi: { command: pulumi, version: null },
      organization,
    };
    process.env.PULUMI_ACCESS_TOKEN = "pul-token";
    try {
      assert.deepEqual(await outputsOf(engine, member), {});
      assert.deepEqual(await historyOf(engine, member), []);
      await openStack(engine, member);
    } finally {
      delete process.env.PULUMI_ACCESS_TOKEN;
    }
    const lines = readFileSync(heard, "utf8").trim().split("\n");
    for (const line of lines)
      assert.match(line, /^https:\/\/api\.pulumi\.com token: .*--stack acme\/small\/central( |$)/);
    assert.ok(lines.length >= 3);
    const kept = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { parentPath, name } of kept.filter((each) => each.name !== "pulumi"))
      assert.ok(!readFileSync(join(parentPath, name), "utf8").includes("pul-token"), name);
    assert.ok(!readFileSync(heard, "utf8").includes("pul-token"));
  });
});
