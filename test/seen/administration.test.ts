import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { LocalRun } from "../../local/localRun.ts";
import { gatehouse } from "../helpers/gatehouse.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { call, DATA, localRun } from "./run.ts";

describe("seen working: administrators change people and access without a deployment", function () {
  this.timeout(180_000);
  let run: LocalRun;
  const folder = temporaryFolder();
  before(async () => {
    run = await localRun();
  });
  after(async () => {
    await gatehouse("policy", "set", written("none.yaml", "groups: {}\nmayNot: {}\nrevoked: {}\n"), "--data", DATA);
  });

  const command = async (...args: string[]) => {
    const ended = await gatehouse(...args, "--data", DATA);
    assert.equal(ended.code, 0, `${args.join(" ")}: ${ended.stderr}`);
    return ended;
  };
  const json = async <T>(...args: string[]) => JSON.parse((await command(...args, "--json")).stdout) as T;
  function written(name: string, content: string): string {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  }

  const search = async (person: string) => {
    const response = await fetch(`${run.urls.browser}/ajax-api/2.0/mlflow/experiments/search`, {
      method: "POST",
      headers: { authorization: `Bearer ${await run.token({ as: person })}`, "content-type": "application/json" },
      body: JSON.stringify({ max_results: 1 }),
    });
    return { status: response.status, text: await response.text() };
  };
  /** Until a door says what is wanted, at most as long as both may take to follow. */
  const within = async (seconds: number, what: () => Promise<boolean>) => {
    const end = Date.now() + seconds * 1000;
    while (!(await what())) {
      assert.ok(Date.now() < end, `not within ${seconds} seconds`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };

  it("makes users of a file, says what it would do, and does nothing twice", async () => {
    const file = written(
      "people.csv",
      "person,email,persona,groups,enabled\nnew@acme.example,,scientist,team-vision,\nzoe@acme.example,zoe@acme.example,reader,,true\n",
    );
    interface Said {
      readonly changes: readonly { readonly name: string; readonly what: string }[];
    }
    const dry = await json<Said>("users", "import", file, "--dry-run");
    const lists = () =>
      json<readonly { readonly name: string; readonly groups: string[]; readonly enabled: boolean }[]>("users", "list");
    assert.ok(!(await lists()).some(({ name }) => name === "zoe@acme.example"));
    const done = await json<Said>("users", "import", file);
    assert.deepEqual(done.changes, dry.changes);
    assert.deepEqual((await json<Said>("users", "import", file)).changes, []);
    const made = (await lists()).find(({ name }) => name === "new@acme.example");
    assert.deepEqual([made?.groups, made?.enabled], [["scientists", "team-vision"], true]);
    const mail = readFileSync(join(DATA, "mail.log"), "utf8");
    assert.match(mail, /"to":"new@acme.example"/);
    const log = JSON.stringify([dry, done, await command("users", "list")]);
    for (const { text } of mail
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { text: string }))
      for (const word of text.split(/\s+/).filter((each) => each.length >= 12))
        assert.ok(!log.includes(word), "a password in a log");
  });

  it("refuses a file with all its faults at once, and changes nothing", async () => {
    const file = written("wrong.csv", "person,persona\nAda,scientist\nbo@acme.example,king\n");
    const { code, stderr } = await gatehouse("users", "import", file, "--data", DATA);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /Ada/);
    assert.match(stderr, /king/);
  });

  it("gives a persona, disables, and ends logins by that", async () => {
    await command("users", "set", "zoe@acme.example", "--persona", "scientist", "--group", "team-vision");
    const first = await search("zoe@acme.example");
    assert.equal(first.status, 200, first.text);
    await command("users", "disable", "zoe@acme.example");
    const enabled = async () => {
      const users = await json<readonly { readonly name: string; readonly enabled: boolean }[]>("users", "list");
      return users.find(({ name }) => name.startsWith("zoe"))?.enabled;
    };
    assert.equal(await enabled(), false);
    await command("users", "enable", "zoe@acme.example");
    assert.equal(await enabled(), true);
    assert.equal((await search("zoe@acme.example")).status, 200);
  });

  it("shuts a person out at both doors within the time that the policy is kept, and lets him in again", async () => {
    const ada = "ada@acme.example";
    const atCode = async () => {
      const { environment } = run.credentials({ as: "vision/ada" });
      const [step] = await call("search.py", environment);
      return step?.status === "ok" ? "ok" : (step?.message ?? "");
    };
    const first = await search(ada);
    assert.equal(first.status, 200, first.text);
    assert.equal(await atCode(), "ok");
    await command("policy", "revoke", ada);
    await within(35, async () => (await search(ada)).status === 403);
    // Whichever of the authorizer and MLflow reads it first.
    assert.match((await search(ada)).text, /revoked|shut out/);
    await within(35, async () => /PERMISSION_DENIED.*has been shut out/.test(await atCode()));
    assert.equal((await search("bo@acme.example")).status, 200, "nobody else is shut out");
    await command("policy", "restore", ada);
    await within(35, async () => (await search(ada)).status === 200);
    await within(35, async () => (await atCode()) === "ok");
  });

  it("refuses what would widen, or name what isn't there, with all faults at once", async () => {
    const file = written("wide.yaml", "mayNot: {king: ['run:delete'], reader: ['run:fly']}\nrevoked: {Ada: today}\n");
    const { code, stderr } = await gatehouse("policy", "set", file, "--data", DATA);
    assert.equal(code, 2);
    for (const word of ["king", "run:fly", "Ada"]) assert.match(stderr, new RegExp(word));
  });

  it("counts no item that something else wrote, and replaces it only by a file that says who is revoked", async () => {
    const { region, tablesUrl, credentials } = run.administration();
    const { item } = await json<{ item: number }>("policy", "show");
    const client = new DynamoDBClient({ region, endpoint: tablesUrl, credentials });
    const forged = {
      id: { S: "access" },
      version: { N: String(item + 1) },
      digest: { S: "0" },
      document: { S: '{"version":1}' },
    };
    await client.send(new PutItemCommand({ TableName: "gatehouse-access-policy", Item: forged }));
    client.destroy();
    const silent = written("silent.yaml", "groups: {}\n");
    const refused = await gatehouse("policy", "set", silent, "--data", DATA);
    assert.match(refused.stderr, /has to name `revoked`/);
    assert.equal(refused.code, 2);
    const told = await json<{ item: number }>(
      "policy",
      "set",
      written("whole.yaml", "mayNot: {scientist: ['run:delete']}\nrevoked: {}\n"),
    );
    assert.equal(told.item, item + 2);
  });
});
