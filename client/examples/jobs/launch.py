"""Starts train.py as a training or tuning job, or process.py as a processing job, by SageMaker's SDK.

    pulumi stack output --stack datascience --json > team.json
    python launch.py train --team team.json --as ada --image "$IMAGE" --experiment "diabetes jobs" --register diabetes

Needs sagemaker-train 1.27 or later (version 3 of SageMaker's Python SDK). Which registry it is, in which account, and
whether a role is assumed on the way there, is in the team's settings alone: no script knows.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from places import Place, environment, place_of
from session import open_session

HERE = Path(__file__).parent
OBJECTIVE = {"Name": "mean absolute error", "Regex": r"mean_absolute_error=([0-9.]+);"}


def main() -> None:
    """Read the command line and start the job."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--team", type=Path, required=True, help="outputs of the consumer stack, as JSON")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--as", dest="profile", help="a profile of the team: the job runs as this person")
    who.add_argument("--job", help="a job of the team's settings that is nobody's")
    parser.add_argument("--image", required=True, help="an image with mlflow and scikit-learn")
    parser.add_argument("--instance-type", default="ml.m5.large")
    parser.add_argument("--experiment", default="diabetes jobs")
    parser.add_argument("--ui", help="address of MLflow's UI, for links in the log, if another than the stack's")
    parser.add_argument("--register", metavar="MODEL", help="train: register as this model; process: judge this model")
    parser.add_argument("--jobs", type=int, default=6, help="tune: how many training jobs")
    parser.add_argument("--wait", action="store_true", help="until the job has ended, with its log")
    given = parser.parse_args()
    if given.kind == "process" and not given.register:
        parser.error("process: --register names the model to judge")
    team = json.loads(given.team.read_text(encoding="utf-8"))
    place = place_of(team, profile=given.profile, job=given.job)
    KINDS[given.kind](given, place, environment(place, experiment=given.experiment, ui=given.ui))


def train(given: argparse.Namespace, place: Place, env: Mapping[str, str]) -> None:
    """One training job; its hyperparameters are train.py's arguments."""
    _trainer(given, place, env, str(HERE)).train(_packages(place), wait=given.wait, logs=given.wait)


def tune(given: argparse.Namespace, place: Place, env: Mapping[str, str]) -> None:
    """Several training jobs, each with an alpha of its own, all in one experiment and tagged with the tuning job.

    The API of tuning jobs takes no entry point: the image must hold SageMaker's training toolkit, as AWS's own do.
    """
    from sagemaker.core.parameter import ContinuousParameter
    from sagemaker.train.tuner import HyperparameterTuner

    # 32 characters at most, and the person's own prefix.
    name = f"{place.prefix}{int(time.time()):x}"
    trainer = _trainer(given, place, {**env, "TUNING_JOB_NAME": name}, place.upload_scripts(HERE, name))
    HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name=OBJECTIVE["Name"],
        metric_definitions=[OBJECTIVE],
        objective_type="Minimize",
        hyperparameter_ranges={"alpha": ContinuousParameter(0.01, 1, scaling_type="Logarithmic")},
        max_jobs=given.jobs,
        max_parallel_jobs=2,
    ).tune(_packages(place), job_name=name, wait=given.wait)


def process(given: argparse.Namespace, place: Place, env: Mapping[str, str]) -> None:
    """One processing job: process.py, whose report is collected into the person's folder."""
    from sagemaker.core.network import NetworkConfig
    from sagemaker.core.processing import ScriptProcessor
    from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output

    packages = "/opt/ml/processing/input/packages"
    report = "/opt/ml/processing/output"
    ScriptProcessor(
        command=["python3"],
        image_uri=given.image,
        role=place.role,
        instance_type=given.instance_type,
        instance_count=1,
        max_runtime_in_seconds=3600,
        base_job_name=f"{place.prefix}process",
        env={**env, "PYTHONPATH": f"{packages}/{place.wheel}"},
        network_config=NetworkConfig(subnets=place.subnets, security_group_ids=[place.security_group]),
        sagemaker_session=open_session(place),
    ).run(
        code=str(HERE / "process.py"),
        arguments=["--model", given.register, "--output", report],
        inputs=[
            ProcessingInput(
                input_name="packages",
                s3_input=ProcessingS3Input(
                    s3_uri=place.packages, local_path=packages, s3_data_type="S3Prefix", s3_input_mode="File"
                ),
            )
        ],
        outputs=[
            ProcessingOutput(
                output_name="report",
                s3_output=ProcessingS3Output(
                    s3_uri=place.folder("reports"), local_path=report, s3_upload_mode="EndOfJob"
                ),
            )
        ],
        wait=given.wait,
        logs=given.wait,
    )


def _packages(place: Place) -> list:
    from sagemaker.core.training.configs import InputData

    return [InputData(channel_name="packages", data_source=place.packages)]


def _trainer(given: argparse.Namespace, place: Place, env: Mapping[str, str], source: str):
    from sagemaker.core.training.configs import Compute, Networking, OutputDataConfig, SourceCode, StoppingCondition
    from sagemaker.train.model_trainer import ModelTrainer

    # A wheel is read where it lies: nothing is installed, so the job needs no internet.
    packages = f"/opt/ml/input/data/packages/{place.wheel}"
    return ModelTrainer(
        training_image=given.image,
        source_code=SourceCode(source_dir=source, entry_script="train.py"),
        hyperparameters={"alpha": 0.1, **({"register": given.register} if given.register else {})},
        environment={**env, "PYTHONPATH": packages},
        output_data_config=OutputDataConfig(s3_output_path=place.folder("models")),
        compute=Compute(instance_type=given.instance_type, instance_count=1, volume_size_in_gb=10),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
        networking=Networking(subnets=place.subnets, security_group_ids=[place.security_group]),
        role=place.role,
        base_job_name=f"{place.prefix}train",
        sagemaker_session=open_session(place),
    )


KINDS: dict[str, Callable[[argparse.Namespace, Place, Mapping[str, str]], None]] = {
    "train": train,
    "tune": tune,
    "process": process,
}

if __name__ == "__main__":
    main()
