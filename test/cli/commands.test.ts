import assert from "node:assert/strict";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENDPOINTS } from "../../authorizer/catalogue/index.ts";
import { declaredPlan } from "../helpers/declared.ts";
import { gatehouse } from "../helpers/gatehouse.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("the gatehouse command", function () {
  this.timeout(60_000);

  it("lists its commands, and says how to ask for more", async () => {
    const { code, stdout } = await gatehouse("--help");
    assert.equal(code, 0);
    for (const command of ["start", "credentials", "token", "check", "matrix", "explain", "plan", "doctor"])
      assert.match(stdout, new RegExp(`^  ${command} `, "m"));
  });

  for (const [args, expected] of [
    [["nonsense"], /unknown command 'nonsense'/],
    [["matrix", "--door", "window"], /Allowed choices are code, browser/],
    [["matrix", "--persona", "king"], /no persona `king`: there is reader, scientist, approver, admin, platform-admin/],
    [["plan", "--stack", "nowhere"], /no stack `nowhere`: there is central, datascience/],
    [["plan", "--dir", "docs"], /no Pulumi\.yaml/],
    [["matrix", "--stack", "datascience"], /datascience/],
    [["explain", "GET", "/version", "--as", "nobody"], /`nobody` is neither a persona/],
    [["token", "--as", "x", "--expires", "soon", "--data", "no-such-folder"], /`soon` is no duration/],
    [["credentials", "--as", "vision/ada", "--data", "no-such-folder"], /no local run uses no-such-folder: start one/],
    [["start", "--port", "70000"], /--port `70000` is no port/],
    [["start", "--postgres", "mysql://x/y"], /--postgres takes a URL such as postgresql:/],
    [["start", "--consumer", "nowhere"], /no stack `nowhere`: there is central, datascience/],
    [
      ["start", "--central", "datascience", "--consumer", "central"],
      /--central: the stack `datascience` is of kind consumer.*\n--consumer: the stack `central` is of kind central/,
    ],
    [["doctor", "--port", "first"], /--port `first` is no port/],
    [["check", "--dir", "docs"], /no stack in .*docs: give the program's folder with --dir/],
    [["check", "--dir", "no-such-folder"], /no stack in .*no-such-folder/],
    [
      ["explain", "GET", "/version", "--as", "reader", "--stack", "datascience"],
      /declares no door.*name a central stack/,
    ],
    [["diff", "--base", "no-such-file.json"], /no revision and no file `no-such-file\.json`/],
    [["diff", "--base", "HEAD", "--stack", "centrl"], /nothing to compare: neither side has centrl/],
    [["connect", "--consumer", "vision"], /--persona: is missing; .*\n--person: is missing; /],
  ] as const)
    it(`says what is wrong with \`${args.join(" ")}\` and ends with 2`, async () => {
      const { code, stderr } = await gatehouse(...args);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /^ {4}at /m, "no stack trace");
      assert.equal(code, 2);
    });

  it("prints the matrix as JSON with every route's full path", async () => {
    const { code, stdout } = await gatehouse("matrix", "--json");
    assert.equal(code, 0);
    const rows = JSON.parse(stdout) as {
      method: string;
      path: string;
      allowed: Record<string, Record<string, boolean>>;
    }[];
    assert.deepEqual(
      new Set(rows.map(({ method, path }) => `${method} ${path}`)),
      new Set(ENDPOINTS.map(({ method, path }) => `${method} ${path}`)),
    );
    const create = rows.find(({ path }) => path === "/api/2.0/mlflow/runs/create");
    assert.deepEqual(create?.allowed.code, {
      reader: false,
      scientist: true,
      approver: false,
      admin: true,
      "platform-admin": false,
    });
  });

  it("prints what one persona may call at one door, as a table and as Markdown", async () => {
    const args = ["matrix", "--persona", "approver", "--door", "code", "--route", "*/registered-models/alias"];
    const [table, markdown] = [await gatehouse(...args), await gatehouse(...args, "--format", "markdown")];
    for (const { stdout } of [table, markdown]) assert.equal(stdout.match(/registered-models\/alias/g)?.length, 3);
    assert.match(table.stdout, /3 endpoints/);
  });

  it("explains a refusal and an allowance", async () => {
    const alias = ["explain", "post", "/api/2.0/mlflow/registered-models/alias"];
    const refused = await gatehouse(...alias, "--as", "scientist");
    assert.match(refused.stdout, /^code door, scientist: refused$/m);
    assert.match(refused.stdout, /needs model_version:approve .* which scientist does not hold; approver, admin does/);
    const allowed = await gatehouse(
      ...alias,
      "--as",
      "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-approver",
      "--json",
    );
    const [answer] = JSON.parse(allowed.stdout) as { allowed: boolean; decidedBy: string }[];
    assert.deepEqual(
      [answer?.allowed, /^statement 1 of managed policy \d of approver$/.test(answer?.decidedBy ?? "")],
      [true, true],
    );
    const address = "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/api/2.0/mlflow/runs/get?run_id=1";
    const whole = await gatehouse("explain", "GET", address, "--as", "reader");
    assert.match(whole.stdout, /^code door, reader: allowed\n {2}route: {3}GET \/api\/2\.0\/mlflow\/runs\/get$/m);
    const odd = await gatehouse("explain", "GET", "/api/2.0//mlflow/runs/get", "--as", "admin");
    assert.match(odd.stdout, /empty segment.*only the plain spelling/);
  });

  it("checks every stack of the folder", async () => {
    const { code, stdout } = await gatehouse("check");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^central: proved: every document grants exactly the catalogue, and both doors agree$/m);
    assert.match(stdout, /^datascience: declares no doors/m);
  });

  it("reports all wrong settings at once", async () => {
    const dir = temporaryFolder();
    for (const file of [
      "Pulumi.yaml",
      "Pulumi.central.yaml",
      "index.ts",
      "components",
      "authorizer",
      "package.json",
      "cli",
      "docker",
    ])
      cpSync(join(ROOT, file), join(dir, file), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
    const file = join(dir, "Pulumi.central.yaml");
    writeFileSync(
      file,
      readFileSync(file, "utf8")
        .replace('"111111111111"', '"1111"')
        .replace("minAcu: 0.5", "minAku: 0.5")
        .replace("mlflow-gatehouse:tags", "mlflow-gatehose:tags")
        .replace("personas: [reader,", "personas: [raeder,"),
    );
    const { code, stderr } = await gatehouse("check", "--dir", dir, "--stack", "central");
    assert.equal(code, 2);
    for (const expected of [
      /account/,
      /minAku.*minAcu/,
      /raeder/,
      /gatehose:tags: nobody reads it; did you mean `mlflow-gatehouse:tags`/,
    ])
      assert.match(stderr, expected);
  });

  it("prints a plan without a secret", async () => {
    const { stdout } = await gatehouse("plan", "--stack", "central");
    const { secrets } = await declaredPlan("central");
    assert.ok((JSON.parse(stdout) as { resources: unknown[] }).resources.length > 100);
    for (const secret of secrets) assert.ok(!stdout.includes(secret));
  });

  it("says what a machine has", async () => {
    const { stdout } = await gatehouse("doctor", "--port", "0", "--json");
    const findings = JSON.parse(stdout) as { what: string; there: boolean; advice: string }[];
    for (const what of ["Node", "program", "Python environment", "MLflow"])
      assert.ok(findings.find((finding) => finding.what === what)?.there, what);
    for (const { there, advice } of findings) assert.ok(there || advice);
  });
});
