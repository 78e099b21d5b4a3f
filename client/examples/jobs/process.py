"""A processing job: judges the newest version of a registered model on data of its own, and writes a report."""

import argparse
import json
import os
from pathlib import Path

import mlflow
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_error


def main() -> None:
    """Judge the newest version; the report goes where a processing job's output is collected."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output"))
    given = parser.parse_args()

    versions = mlflow.MlflowClient().search_model_versions(f"name = '{given.model}'")
    newest = max(versions, key=lambda version: int(version.version))
    model = mlflow.pyfunc.load_model(f"models:/{given.model}/{newest.version}")
    x, y = load_diabetes(return_X_y=True, as_frame=True)
    report = {
        "model": given.model,
        "version": newest.version,
        "mean absolute error": mean_absolute_error(y, model.predict(x)),
    }
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "report.json").write_text(json.dumps(report), encoding="utf-8")
    print(json.dumps(report), os.environ.get("MLFLOW_WORKSPACE", ""))


if __name__ == "__main__":
    main()
