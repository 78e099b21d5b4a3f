"""MLflow's own SigV4 signing, for what it can do, with credentials of boto3's AssumeRole: a job without our package."""

import os
import sys

import boto3
from steps import step

role, person = sys.argv[1:3]


def assume() -> None:
    session = boto3.client("sts", region_name=os.environ["AWS_REGION"]).assume_role(
        RoleArn=role, RoleSessionName=person
    )
    credentials = session["Credentials"]
    os.environ["AWS_ACCESS_KEY_ID"] = credentials["AccessKeyId"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = credentials["SecretAccessKey"]
    os.environ["AWS_SESSION_TOKEN"] = credentials["SessionToken"]


step("assume the persona role", assume)
# A session of its own: boto3's default one keeps the credentials of the execution role.
step(
    "name oneself",
    lambda: boto3.Session(region_name=os.environ["AWS_REGION"]).client("sts").get_caller_identity()["Arn"],
)
os.environ["MLFLOW_TRACKING_AWS_SIGV4"] = "true"
os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"]

import mlflow  # noqa: E402


def train() -> str:
    mlflow.set_experiment("signed-by-mlflow")
    with mlflow.start_run() as run:
        mlflow.log_params({"a": 1, "b": 2})
        mlflow.log_metric("loss", 0.1)
        return run.info.run_id


run_id = step("log a run", train)
step(
    "search runs",
    lambda: len(mlflow.search_runs(experiment_names=["signed-by-mlflow"], filter_string="metrics.loss < 1")),
)
step("read the run", lambda: mlflow.get_run(run_id).data.metrics["loss"])
# What it signs wrongly: it sends a space as `+` and signs the plus.
step("find an experiment with a space in its name", lambda: mlflow.get_experiment_by_name("first light"))
