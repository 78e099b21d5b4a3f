import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Asked, type Connection, connection } from "../../cli/connect/connection.ts";
import { connectText } from "../../cli/connect/text.ts";
import type { Plan } from "../../plan/plan.ts";
import { declaredPlan } from "../helpers/declared.ts";
import { gatehouse } from "../helpers/gatehouse.ts";
import { PYTHON } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const ROLE = "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-scientist";
const CI = "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-ci-train";
const ADA: Asked = { consumer: "vision", via: "identityCenter", persona: "scientist", person: "ada@acme.example" };

/** What botocore makes of a profile: where it would log in, and which role it would take. */
const READ = `
import json, sys, botocore.session
session = botocore.session.Session(profile=sys.argv[1])
full = session.full_config["profiles"]
own = full[sys.argv[1]]
json.dump({"own": own, "login": full[own["source_profile"]], "sso": session.full_config["sso_sessions"]}, sys.stdout)
`;

describe("gatehouse connect", function () {
  this.timeout(60_000);
  let plan: Plan;
  before(async () => {
    const central = await declaredPlan("central");
    plan = {
      ...central,
      outputs: {
        ...central.outputs,
        permissionSets: { vision: { account: "222222222222", permissionSets: { MlScientist: "scientist" } } },
        ciRoleArns: { vision: { train: { arn: CI, persona: "scientist" } } },
        externalIds: { vision: "vision-8f2c1a" },
      },
    };
  });
  const found = (asked: Asked): Connection => {
    const answer = connection(plan, asked);
    if ("problems" in answer) throw new Error(answer.problems.join("\n"));
    return answer;
  };

  it("prints profiles that botocore reads: log in to the team's account, take the role under one's own name", () => {
    const text = connectText(found(ADA));
    const file = join(temporaryFolder(), "config");
    writeFileSync(file, text.slice(0, text.indexOf("# 2.")));
    const read = JSON.parse(
      execFileSync(PYTHON, ["-c", READ, "gatehouse-vision-scientist"], {
        encoding: "utf8",
        env: { AWS_CONFIG_FILE: file, PATH: "/usr/bin:/bin" },
      }),
    ) as Record<string, Record<string, unknown>>;
    assert.deepEqual(read.own, {
      source_profile: "gatehouse-vision-scientist-login",
      role_arn: ROLE,
      role_session_name: "ada@acme.example",
      external_id: "vision-8f2c1a",
      region: "eu-west-1",
    });
    assert.deepEqual(read.login, {
      sso_session: "gatehouse",
      sso_account_id: "222222222222",
      sso_role_name: "MlScientist",
      region: "eu-west-1",
    });
    assert.ok(read.sso?.gatehouse);
  });

  it("prints a shell's environment with the registry's address", () => {
    const text = connectText(found(ADA));
    const lines = text.split("\n").filter((line) => line.startsWith("export "));
    const said = execFileSync("bash", ["-c", `${lines.join("\n")}\nprintf %s "$MLFLOW_TRACKING_URI $AWS_PROFILE"`], {
      encoding: "utf8",
    });
    assert.equal(said, `${String(plan.outputs.trackingUri)} gatehouse-vision-scientist`);
  });

  it("prints a workflow's job that asks GitHub for a token, without any secret", () => {
    const text = connectText(found({ consumer: "vision", via: "github", workflow: "train" }));
    const job = parse(text) as {
      permissions: Record<string, string>;
      env: Record<string, string>;
      steps: { with?: Record<string, string> }[];
    };
    assert.equal(job.permissions["id-token"], "write");
    assert.equal(job.env.MLFLOW_TRACKING_URI, plan.outputs.trackingUri);
    assert.equal(job.steps[0]?.with?.["role-to-assume"], CI);
    assert.doesNotMatch(text, /secret/i);
  });

  it("says everything that stands against it, and what to add where", async () => {
    const answer = connection(plan, { ...ADA, persona: "king", person: "Ada" });
    assert.ok("problems" in answer);
    assert.match(
      answer.problems.join("\n"),
      /`king` is no persona of vision; there is admin, approver, reader, scientist\n.*`Ada` is no person/,
    );
    const ended = await gatehouse(
      "connect",
      "--consumer",
      "vision",
      "--persona",
      "reader",
      "--person",
      "bo@acme.example",
    );
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /add one to consumers\.vision\.permissionSets in the central stack/);
    const none = await gatehouse("connect", "--consumer", "audio", "--workflow", "x");
    assert.match(none.stderr, /lists no consumer `audio`; it lists vision/);
  });
});
