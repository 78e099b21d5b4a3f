"""AWS's own plugin for MLflow, which SageMaker's images carry, installed beside ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from capture import Answer, CaptureServer
from expectations import assert_signed, assert_unsigned

ARN = "arn:aws:sagemaker:eu-west-1:222222222222:mlflow-tracking-server/teams-own"
PLUGIN = "sagemaker-mlflow==0.5.0"

# What a notebook does, and which store an ARN leads to.
CODE = f"""
import json, sys
import sagemaker_mlflow, mlflow, requests
from mlflow.tracking._tracking_service.utils import _get_store
from mlflow_gatehouse import GatehouseAuth

mlflow.MlflowClient().log_metric("1" * 32, "loss", 0.1)
requests.get(sys.argv[1], auth=GatehouseAuth(), timeout=10)
mlflow.set_tracking_uri("{ARN}")
store = _get_store()
requests.get(sys.argv[2], auth=GatehouseAuth(), timeout=10)
print(json.dumps([type(store).__module__, store.get_host_creds().auth]))
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sagemaker-mlflow")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--retries", "1", "--target", str(folder)]
    ended = subprocess.run([*pip, PLUGIN], capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        pytest.skip(f"{PLUGIN} can't be installed here, so nothing is said of it: {ended.stderr.strip()[-200:]}")
    return folder


@pytest.mark.usefixtures("own_keys")
def test_ours_signs_what_goes_to_the_registry_and_arns_stay_aws_own(
    plugin: Path, server: CaptureServer, elsewhere: CaptureServer
) -> None:
    server.answer = lambda request: Answer(200, b"{}")
    environment = {**os.environ, "PYTHONPATH": str(plugin)}
    told = subprocess.run(
        [sys.executable, "-c", CODE, f"{server.url}/x", f"{elsewhere.url}/x"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    assert json.loads(told.stdout.splitlines()[-1]) == ["sagemaker_mlflow.mlflow_sagemaker_store", "arn"]
    assert [request.path for request in server.received][-2:] == ["/api/2.0/mlflow/runs/log-metric", "/x"]
    for request in server.received:
        assert_signed(request)
    for request in elsewhere.received:
        assert_unsigned(request)
