import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { parse, stringify } from "yaml";
import { welcome } from "../../cli/screen/welcome.ts";
import { type LocalRun, startLocalRun } from "../../local/localRun.ts";
import { PYTHON } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { type Ended, ended } from "../jupyter/space.ts";
import { ROOT } from "../seen/run.ts";

const GITHUB = "token.actions.githubusercontent.com";
const ROLE = "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-ci-train";

/** The project with a workflow of CI and a nightly job. */
function project(): string {
  const dir = temporaryFolder();
  for (const entry of readdirSync(ROOT).filter((each) => !each.startsWith("."))) {
    if (/^Pulumi.*\.yaml$/.test(entry)) copyFileSync(join(ROOT, entry), join(dir, entry));
    else symlinkSync(join(ROOT, entry), join(dir, entry));
  }
  const change = (stack: string, key: string, edit: (value: Record<string, object>) => object) => {
    const file = join(dir, `Pulumi.${stack}.yaml`);
    const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, Record<string, object>> };
    const name = `mlflow-gatehouse:${key}`;
    writeFileSync(file, stringify({ config: { ...config, [name]: edit(config[name] ?? {}) } }));
  };
  change("central", "consumers", ({ vision }) => ({
    vision: {
      ...vision,
      github: { train: { repository: "acme/vision", ref: "refs/heads/main", persona: "scientist" } },
    },
  }));
  change("datascience", "jobs", () => ({ nightly: { persona: "scientist", workspace: "vision" } }));
  return dir;
}

/** What a step of a job does: nothing in it knows of credentials. */
const STEP = `
import mlflow, sys
mlflow.set_experiment(sys.argv[1])
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.1)
print(mlflow.MlflowClient().get_run(run.info.run_id).info.user_id)
`;

describe("CI and nightly jobs at the code door", function () {
  this.timeout(120_000);
  let run: LocalRun;
  let sign: (claims: JWTPayload) => Promise<string>;
  const data = mkdtempSync(join(tmpdir(), "gatehouse-ci-"));

  before(async () => {
    const [{ publicKey, privateKey }, stranger] = [await generateKeyPair("RS256"), await generateKeyPair("RS256")];
    sign = ({ stranger: wrong, ...claims }) =>
      new SignJWT({ iss: `https://${GITHUB}`, aud: "sts.amazonaws.com", ...claims })
        .setProtectedHeader({ alg: "RS256", kid: "github" })
        .setIssuedAt()
        .setExpirationTime((claims.exp ?? "10m") as string)
        .sign(wrong ? stranger.privateKey : privateKey);
    run = await startLocalRun({
      dir: project(),
      central: "central",
      consumers: ["datascience"],
      port: 0,
      data,
      venv: join(ROOT, ".venv"),
      webIdentities: { [GITHUB]: { keys: [{ ...(await exportJWK(publicKey)), kid: "github", alg: "RS256" }] } },
    });
  });
  after(async () => {
    await (run as LocalRun | undefined)?.stop();
  });

  const step = (experiment: string, environment: Readonly<Record<string, string>>): Promise<Ended> =>
    ended(
      spawn(PYTHON, ["-c", STEP, experiment], {
        cwd: data,
        env: {
          PATH: `${ROOT}.venv/bin:/usr/bin:/bin`,
          HOME: data,
          AWS_EC2_METADATA_DISABLED: "true",
          MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
          ...environment,
        },
      }),
    );
  /** A workflow's job, as `aws-actions/configure-aws-credentials` and botocore take the role: by a file with GitHub's token. */
  const workflow = async (token: string): Promise<Ended> => {
    const file = join(mkdtempSync(join(data, "job-")), "token");
    writeFileSync(file, token);
    return step("of CI", {
      AWS_WEB_IDENTITY_TOKEN_FILE: file,
      AWS_ROLE_ARN: ROLE,
      AWS_ROLE_SESSION_NAME: "GitHubActions",
      AWS_ENDPOINT_URL_STS: run.urls.sts,
      AWS_REGION: run.region,
      MLFLOW_TRACKING_URI: run.urls.code,
      MLFLOW_TRACKING_AUTH: "gatehouse",
      MLFLOW_WORKSPACE: "vision",
    });
  };
  const MAIN = { sub: "repo:acme/vision:ref:refs/heads/main" };

  it("a workflow of the named repository and branch logs as the service that it is", async () => {
    const { code, out, err } = await workflow(await sign(MAIN));
    assert.equal(code, 0, err.slice(-3000));
    assert.equal(lastLine(out), "svc:gatehouse-vision-ci-train");
  });

  const asked = async (token: string, more: Readonly<Record<string, string>> = {}): Promise<string> => {
    const body = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: ROLE,
      RoleSessionName: "GitHubActions",
      WebIdentityToken: token,
      ...more,
    });
    const answer = await fetch(run.urls.sts, { method: "POST", body });
    return `${answer.status} ${/<Code>(\w+)</.exec(await answer.text())?.[1] ?? ""}`;
  };
  const refused: Readonly<Record<string, [claims: JWTPayload, answer: string]>> = {
    "another branch": [{ sub: "repo:acme/vision:ref:refs/heads/feature" }, "403 AccessDenied"],
    "a pull request": [{ sub: "repo:acme/vision:pull_request" }, "403 AccessDenied"],
    "a fork": [{ sub: "repo:mallory/vision:ref:refs/heads/main" }, "403 AccessDenied"],
    "another audience": [{ ...MAIN, aud: "https://github.com/acme" }, "403 AccessDenied"],
    "another issuer": [{ ...MAIN, iss: "https://evil.example" }, "400 InvalidIdentityToken"],
    "somebody else's key": [{ ...MAIN, stranger: true }, "400 InvalidIdentityToken"],
    "last hour": [{ ...MAIN, exp: Math.floor(Date.now() / 1000) - 3600 }, "400 ExpiredTokenException"],
  };
  for (const [what, [claims, answer]] of Object.entries(refused))
    it(`a token of ${what} opens no role`, async () => assert.equal(await asked(await sign(claims)), answer));
  it("no other role opens, and no session lasts longer than the role allows", async () => {
    const token = await sign(MAIN);
    const persona = ROLE.replace("ci-train", "scientist");
    assert.equal(await asked(token, { RoleArn: persona }), "403 AccessDenied");
    assert.equal(await asked(token, { DurationSeconds: "7200" }), "400 ValidationError");
    assert.equal(await asked("not.a.token"), "400 InvalidIdentityToken");
    const [head, claims = "", signature] = token.split(".");
    const forged = Buffer.from(claims, "base64url").toString().replace("main", "evil");
    const changed = [head, Buffer.from(forged).toString("base64url"), signature].join(".");
    assert.equal(await asked(changed), "400 InvalidIdentityToken");
  });

  it("a nightly job has credentials of its own here, and logs as itself", async () => {
    assert.match(
      welcome(run, { data: ".gatehouse", elapsed: "1 s" }),
      /vision\/job-nightly +scientist +job-nightly\.vision/,
    );
    const { environment } = run.credentials({ as: "vision/job-nightly" });
    const { code, out, err } = await step("of the night", environment);
    assert.equal(code, 0, err.slice(-3000));
    assert.equal(lastLine(out), "job-nightly.vision");
    assert.ok(!run.users.some(({ name }) => name.startsWith("job-")));
  });
});

const lastLine = (text: string) => text.trim().split("\n").at(-1);
