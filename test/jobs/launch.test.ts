import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientWheel } from "../../components/studioDomain/wheel.ts";
import type { LocalRun } from "../../local/localRun.ts";
import { rolesOf } from "../../local/sts/roles.ts";
import { PYTHON } from "../helpers/python.ts";
import { openShortSessions, type ShortSessions } from "../jupyter/shortSessions.ts";
import { type Ended, ended } from "../jupyter/space.ts";
import { DATA, localRun, ROOT } from "../seen/run.ts";
import { bring, container, prepareTraining, toolkitCommand } from "./container.ts";
import { type Job, type TeamAccount, teamAccount } from "./teamAccount.ts";

const JOBS = join(ROOT, "client/examples/jobs");
const ALIAS = "ada";
/** A Python with `sagemaker-train`: too heavy for the project's own environment. */
const SDK = process.env.GATEHOUSE_SAGEMAKER_PYTHON || PYTHON;

const EACH = `
import json, runpy, sys
sys.path.insert(0, ".")
for sys.argv in json.loads(sys.argv[1]):
    runpy.run_path("launch.py", run_name="__main__")
`;

describe("Jobs that SageMaker's SDK starts", function () {
  this.timeout(180_000);
  let run: LocalRun;
  let account: TeamAccount;
  let sessions: ShortSessions;
  const team = join(DATA, "team.json");

  before(async function () {
    const found = spawnSync(SDK, ["-c", "import sagemaker.train.model_trainer, sagemaker.core.processing"]);
    if (found.status !== 0) {
      console.log(
        "      skipped: no SageMaker SDK here; set GATEHOUSE_SAGEMAKER_PYTHON to a Python with `sagemaker-train`",
      );
      this.skip();
    }
    run = await localRun();
    const [consumer] = run.plans.consumers;
    const outputs = consumer?.outputs as {
      executionRoleArns: Record<string, string>;
      jobPlace: { bucket: string; client: string };
      clientEnvironment: Record<string, Record<string, string>>;
    };
    const roleArn = outputs.executionRoleArns[ALIAS] ?? assert.fail();
    const role = rolesOf(run.plans.consumers).get(roleArn) ?? assert.fail();
    const { bucket, client } = outputs.jobPlace;
    account = await teamAccount({ role, bucket, region: run.region });
    account.objects.set(client.replace(`s3://${bucket}/`, ""), clientWheel().bytes);
    sessions = await openShortSessions(run, DATA, roleArn);
    const environment = { ...outputs.clientEnvironment[ALIAS], MLFLOW_TRACKING_URI: run.urls.code };
    writeFileSync(team, JSON.stringify({ ...outputs, clientEnvironment: { [ALIAS]: environment } }));
    await launch(
      ["train", "--register", "by launch", "--ui", "https://mlflow.acme.example"],
      ["tune", "--jobs", "2", "--experiment", "tuned"],
      ["process", "--register", "by launch"],
    );
  });
  after(async () => {
    await Promise.all([account?.close(), sessions?.close()]);
  });

  /** The launcher once for each list of arguments, in one process: the SDK alone takes ten seconds to load. */
  const launch = async (...each: readonly (readonly string[])[]): Promise<void> => {
    const image = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/ml:1";
    const calls = each.map((args) => ["launch.py", ...args, "--team", team, "--as", ALIAS, "--image", image]);
    const { code, out, err } = await ended(
      spawn(SDK, ["-c", EACH, JSON.stringify(calls)], {
        cwd: JOBS,
        env: {
          PATH: process.env.PATH,
          HOME: DATA,
          PYTHONDONTWRITEBYTECODE: "1",
          AWS_REGION: run.region,
          AWS_DEFAULT_REGION: run.region,
          AWS_ENDPOINT_URL: account.origin,
          AWS_ACCESS_KEY_ID: "ASIAEXAMPLE",
          AWS_SECRET_ACCESS_KEY: "of the test",
          AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
          AWS_EC2_METADATA_DISABLED: "true",
        },
      }),
    );
    assert.equal(code, 0, `${err.slice(-3000)}\n${out.slice(-1000)}\nrefused: ${account.refused.join("; ")}`);
  };
  const asked = (operation: string) => account.jobs.get(operation) ?? assert.fail(`no ${operation} was sent`);
  const boxOf = (environment: unknown, more: Readonly<Record<string, string>> = {}) =>
    container({
      account,
      data: DATA,
      environment: environment as Record<string, string>,
      given: { AWS_CONTAINER_CREDENTIALS_FULL_URI: sessions.keysUrl, AWS_ENDPOINT_URL_STS: sessions.stsUrl, ...more },
      ports: [run.urls.code, sessions.keysUrl, sessions.stsUrl].map((url) => new URL(url).port),
    });
  const done = ({ code, out, err }: Ended) => {
    assert.equal(code, 0, `${out.slice(-2000)}\n${err.slice(-4000)}`);
    return out;
  };

  it("a training job trains as the person, in the registry's account", async () => {
    const job = asked("CreateTrainingJob");
    assert.match(String(job.TrainingJobName), /^ada--train-/);
    const { ContainerEntrypoint: entry, ContainerArguments: args } = job.AlgorithmSpecification as {
      ContainerEntrypoint: string[];
      ContainerArguments: string[];
    };
    const box = boxOf(job.Environment, { TRAINING_JOB_NAME: String(job.TrainingJobName) });
    prepareTraining(account, box, job, job.HyperParameters as object);
    const out = done(await box.run([...entry, ...args]));
    const [, id] = /run=(\w+) mean_absolute_error=/.exec(out) ?? assert.fail(out);
    assert.match(out, new RegExp(`https://mlflow\\.acme\\.example/#/experiments/\\d+/runs/${id}`));
    const { run: found } = await mlflow<{ run: { info: { user_id: string }; data: { tags: Tag[] } } }>(
      `runs/get?run_id=${id}`,
    );
    assert.equal(found.info.user_id, "ada@acme.example");
    assert.equal(tag(found, "sagemaker.training_job_name"), job.TrainingJobName);
    const file = done(await box.run(["python3", "-c", "import mlflow_gatehouse; print(mlflow_gatehouse.__file__)"]));
    // The package that the team's stack put into its bucket, not the one that is installed here.
    assert.match(String(file), /packages\/mlflow_gatehouse-[\d.]+-py3-none-any\.whl\//);
    assert.equal(readFileSync(box.path("/opt/ml/model/run_id"), "utf8"), id);
  });

  it("a tuning job's training jobs find themselves in one experiment, and its metric in their logs", async () => {
    const job = asked("CreateHyperParameterTuningJob");
    const { TrainingJobDefinition: definition, HyperParameterTuningJobConfig: config } = job as {
      TrainingJobDefinition: Job;
      HyperParameterTuningJobConfig: Job;
    };
    const name = String(job.HyperParameterTuningJobName);
    assert.match(name, /^ada--/);
    const [metric] = (definition.AlgorithmSpecification as { MetricDefinitions: { Name: string; Regex: string }[] })
      .MetricDefinitions;
    const objective = config.HyperParameterTuningJobObjective as { MetricName: string; Type: string };
    assert.deepEqual([objective.MetricName, objective.Type], [metric?.Name, "Minimize"]);
    const [range] = (
      config.ParameterRanges as { ContinuousParameterRanges: { Name: string; MinValue: string; MaxValue: string }[] }
    ).ContinuousParameterRanges;
    const train = async (alpha: string | undefined) => {
      const fixed = definition.StaticHyperParameters as Record<string, string>;
      const hyperparameters = { ...fixed, [String(range?.Name)]: String(alpha) };
      const box = boxOf(definition.Environment);
      prepareTraining(account, box, definition, hyperparameters);
      const out = done(await box.run(toolkitCommand(account, box, hyperparameters), "/opt/ml/code"));
      return new RegExp(String(metric?.Regex)).exec(out)?.[1] ?? assert.fail(out);
    };
    const errors = await Promise.all([range?.MinValue, range?.MaxValue].map(train));
    assert.notEqual(errors[0], errors[1]);
    const { experiment } = await mlflow<{ experiment: { experiment_id: string } }>(
      "experiments/get-by-name?experiment_name=tuned",
    );
    const { runs } = await mlflow<{ runs: { data: { tags: Tag[] } }[] }>("runs/search", {
      experiment_ids: [experiment.experiment_id],
    });
    assert.deepEqual(
      runs.map((each) => tag(each, "sagemaker.tuning_job_name")),
      [name, name],
    );
  });

  it("a processing job judges a registered model and leaves its report", async () => {
    const job = asked("CreateProcessingJob");
    assert.match(String(job.ProcessingJobName), /^ada--process-/);
    const box = boxOf(job.Environment);
    const inputs = job.ProcessingInputs as { S3Input: { S3Uri: string; LocalPath: string } }[];
    for (const { S3Input } of inputs) bring(account, S3Input.S3Uri, box.path(S3Input.LocalPath));
    const { ContainerEntrypoint: entry, ContainerArguments: args } = job.AppSpecification as {
      ContainerEntrypoint: string[];
      ContainerArguments: string[];
    };
    done(await box.run([...entry, ...args]));
    const report = JSON.parse(readFileSync(box.path("/opt/ml/processing/output/report.json"), "utf8")) as object;
    assert.deepEqual(Object.keys(report), ["model", "version", "mean absolute error"]);
  });

  it("asks for nothing that the person's role is refused", () => assert.deepEqual(account.refused, []));

  it("knows no registry and no account: its scripts name none", () => {
    for (const script of ["launch.py", "places.py", "session.py", "train.py", "process.py"]) {
      assert.ok(existsSync(join(JOBS, script)));
      assert.doesNotMatch(readFileSync(join(JOBS, script), "utf8"), /arn:aws|\d{12}|execute-api|https?:\/\//);
    }
    execFileSync(PYTHON, ["-m", "compileall", "-q", JOBS], { env: { PYTHONPYCACHEPREFIX: DATA } });
  });

  /** What MLflow says to the person at the browser door. */
  async function mlflow<T>(path: string, body?: object): Promise<T> {
    const answer = await fetch(`${run.urls.browser}/ajax-api/2.0/mlflow/${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        authorization: `Bearer ${await run.token({ as: "ada@acme.example" })}`,
        "content-type": "application/json",
        "x-mlflow-workspace": "vision",
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    assert.ok(answer.ok, await answer.clone().text());
    return (await answer.json()) as T;
  }
});

interface Tag {
  readonly key: string;
  readonly value: string;
}

function tag(run: { readonly data: { readonly tags: readonly Tag[] } }, key: string): string | undefined {
  return run.data.tags.find((each) => each.key === key)?.value;
}
