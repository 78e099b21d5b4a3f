"""A training job: the script that SageMaker starts in a container of its own, with nothing but the job's role.

The environment says all that it needs, as in docs/studio.md; hyperparameters come as arguments.
"""

import argparse
import os
from pathlib import Path

import mlflow
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split


def main() -> None:
    """Train one model, log it, and leave it where SageMaker collects a job's model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alpha", type=float, default=0.1)
    parser.add_argument("--experiment", default=os.environ.get("MLFLOW_EXPERIMENT_NAME", "diabetes jobs"))
    parser.add_argument("--register", metavar="MODEL", help="register what was trained as a version of this model")
    # A tuning job adds hyperparameters of its own.
    given, _ = parser.parse_known_args()

    x, y = load_diabetes(return_X_y=True, as_frame=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
    mlflow.set_experiment(given.experiment)
    with mlflow.start_run() as run:
        model = Ridge(alpha=given.alpha).fit(x_train, y_train)
        error = mean_absolute_error(y_test, model.predict(x_test))
        mlflow.log_param("alpha", given.alpha)
        mlflow.log_metric("mean absolute error", error)
        for name in ("TRAINING_JOB_NAME", "TUNING_JOB_NAME"):
            if job := os.environ.get(name):
                mlflow.set_tag(f"sagemaker.{name.lower()}", job)
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=mlflow.models.infer_signature(x_test, model.predict(x_test)),
            pip_requirements=["scikit-learn"],
            registered_model_name=given.register,
        )
    # A tuning job finds its objective in the log: see launch.py.
    print(f"run={run.info.run_id} mean_absolute_error={error:.4f};")
    if address := os.environ.get("MLFLOW_UI_URL"):
        print(f"{address}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}")
    if folder := os.environ.get("SM_MODEL_DIR"):
        Path(folder, "run_id").write_text(run.info.run_id, encoding="utf-8")


if __name__ == "__main__":
    main()
