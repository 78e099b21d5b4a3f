import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { gatehouse, startGatehouse } from "../helpers/gatehouse.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

describe("seen working: gatehouse start", function () {
  this.timeout(120_000);

  const alive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  it("runs until Ctrl-C, hands out credentials and tokens, keeps its state, and leaves nothing behind", async () => {
    const data = join(temporaryFolder(), "data");
    const start = ["start", "--port", "0", "--data", data];
    const first = startGatehouse(start);
    await first.says("Ready in");
    const { mlflowPid } = JSON.parse(readFileSync(join(data, "run.json"), "utf8")) as { mlflowPid: number };
    assert.equal(statSync(data).mode & 0o077, 0, "nobody else reads the data folder");

    const environment = await gatehouse("credentials", "--as", "vision/ada", "--data", data);
    assert.equal(environment.code, 0, environment.stderr);
    assert.match(environment.stdout, /^export AWS_SESSION_TOKEN='[^']+'$/m);
    assert.match(
      environment.stdout,
      /^export GATEHOUSE_ROLE_ARN='arn:aws:iam::111111111111:role\/gatehouse\/gatehouse-vision-scientist'$/m,
    );
    const helper = await gatehouse(
      "credentials",
      "--as",
      "vision/bo",
      "--persona",
      "reader",
      "--format",
      "process",
      "--data",
      data,
    );
    assert.deepEqual(Object.keys(JSON.parse(helper.stdout) as object), [
      "Version",
      "AccessKeyId",
      "SecretAccessKey",
      "SessionToken",
      "Expiration",
    ]);
    const foreign = await gatehouse("credentials", "--as", "vision/bo", "--persona", "scientist", "--data", data);
    assert.deepEqual([foreign.code, /not authorized to perform: sts:AssumeRole/.test(foreign.stderr)], [2, true]);
    const token = await gatehouse("token", "--as", "ada@acme.example", "--expires", "90s", "--data", data);
    const claims = JSON.parse(Buffer.from(token.stdout.split(".")[1] ?? "", "base64url").toString()) as {
      exp: number;
      iat: number;
    };
    assert.equal(claims.exp - claims.iat, 90);
    const nobody = await gatehouse("token", "--as", "nobody", "--data", data);
    assert.match(nobody.stderr, /no user "nobody"; there are:/);

    const second = await gatehouse(...start);
    assert.deepEqual([second.code, /uses .*: end it, or give another folder/.test(second.stderr)], [2, true]);

    first.child.kill("SIGINT");
    const { code, stdout } = await first.ended;
    assert.deepEqual([code, stdout.includes("stopped; the state is kept")], [0, true]);
    assert.ok(!alive(mlflowPid), "MLflow is gone");

    // A killed run can't end its MLflow; the next one does.
    const killed = startGatehouse(start);
    await killed.says("MLflow answers");
    const orphan = (JSON.parse(readFileSync(join(data, "run.json"), "utf8")) as { mlflowPid: number }).mlflowPid;
    killed.child.kill("SIGKILL");
    await killed.ended;
    assert.ok(alive(orphan));
    const third = startGatehouse(start);
    await third.says("resources declared");
    third.child.kill("SIGTERM");
    assert.equal((await third.ended).code, 2);
    assert.ok(!alive(orphan), "the orphan is gone");

    const reset = startGatehouse([...start, "--reset"]);
    await reset.says("resources declared");
    reset.child.kill("SIGINT");
    await reset.ended;
  });

  it("says which ports are taken before it starts anything", async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) =>
      holder.listen(0, "127.0.0.1", () => {
        const address = holder.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      }),
    );
    const data = join(temporaryFolder(), "data");
    const { code, stderr, stdout } = await gatehouse("start", "--port", String(Math.min(port, 65531)), "--data", data);
    holder.close();
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, new RegExp(`in use on 127\\.0\\.0\\.1: .*${port}.*--port`));
  });

  it("deletes nothing that isn't a data folder", async () => {
    const folder = join(temporaryFolder(), "precious");
    mkdirSync(folder);
    writeFileSync(join(folder, "thesis.txt"), "years of work");
    const { code, stderr } = await gatehouse("start", "--port", "0", "--data", folder, "--reset");
    assert.deepEqual([code, /is not a data folder/.test(stderr)], [2, true]);
    assert.ok(existsSync(join(folder, "thesis.txt")));
  });
});
