"""The lifecycle configuration as a process in an environment of its own, against S3, SSM and STS of moto."""

import hashlib
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

CLIENT = Path(__file__).parents[1]
ROLE, BUCKET, REGION = "gatehouse-vision-ada", "vision-packages", "eu-west-1"
SETTINGS = "\n".join(
    [
        "MLFLOW_TRACKING_URI=https://abc.execute-api.eu-west-1.amazonaws.com/prod",
        "MLFLOW_TRACKING_AUTH=gatehouse",
        "MLFLOW_WORKSPACE=vision",
        "GATEHOUSE_SESSION_NAME=ada@acme.example",
        "AWS_REGION=eu-west-1",
    ]
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    copy = tmp_path_factory.mktemp("source") / "client"
    subprocess.run(["cp", "-r", str(CLIENT), str(copy)], check=True)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*build, "-w", str(folder), str(copy)], check=True)
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    s3 = boto3.client("s3", region_name=REGION, endpoint_url=address, **keys)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield address
    server.stop()


@pytest.fixture
def space(tmp_path: Path, aws: str, wheel: Path) -> dict[str, str]:
    """The environment of a space: a home, a Python with SageMaker's packages, and the execution role's keys."""

    def client(name: str):
        return boto3.client(
            name,
            aws_access_key_id="a",
            aws_secret_access_key="b",
            region_name=REGION,
            endpoint_url=aws,
        )

    s3 = client("s3")
    s3.upload_file(str(wheel), BUCKET, f"packages/{wheel.name}")
    client("ssm").put_parameter(Name=f"/gatehouse/client/{ROLE}", Value=SETTINGS, Type="String", Overwrite=True)
    keys = client("sts").assume_role(RoleArn=f"arn:aws:iam::123456789012:role/{ROLE}", RoleSessionName="SageMaker")
    keys = keys["Credentials"]

    python = tmp_path / "conda"
    venv.create(python, with_pip=False, symlinks=True)
    # What the image holds, this project's environment has, but for the package itself.
    site = next(python.glob("lib/python*/site-packages"))
    packages = sysconfig.get_path("purelib")
    (site / "image.pth").write_text(f"import sys; sys.path.append({packages!r})\n")
    home = tmp_path / "space"
    home.mkdir()
    (home / ".bashrc").write_text("alias ll='ls -l'")
    return {
        "HOME": str(home),
        "PATH": f"{python}/bin:/usr/bin:/bin",
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": aws,
        "AWS_EC2_METADATA_DISABLED": "true",
        "GATEHOUSE_WHEEL": f"s3://{BUCKET}/packages/{wheel.name}",
        "GATEHOUSE_WHEEL_SHA256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "GATEHOUSE_PARAMETERS": "/gatehouse/client",
        # No package index can be reached.
        "PIP_INDEX_URL": "http://127.0.0.1:1/",
    }


def start(space: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CLIENT / "lifecycle/on-start.sh")], env=space, capture_output=True, text=True, timeout=60
    )


def files(space: dict[str, str]) -> dict[str, str]:
    home = Path(space["HOME"])
    return {str(file.relative_to(home)): file.read_text() for file in home.rglob("*") if file.is_file()}


def test_it_sets_a_space_up_without_internet_and_may_run_again(space: dict[str, str]) -> None:
    began = time.monotonic()
    first = start(space)
    assert first.returncode == 0, first.stderr
    assert time.monotonic() - began < 20
    written = files(space)
    assert "MLFLOW_WORKSPACE=vision\n" in written[".config/mlflow-gatehouse/environment"]
    assert written[".bashrc"].startswith("alias ll='ls -l'\n# >>> mlflow-gatehouse >>>\n")

    # The second start needs neither the bucket nor the package's file.
    second = start({**space, "GATEHOUSE_WHEEL": "s3://gone/x.whl"})
    assert second.returncode == 0, second.stderr
    assert files(space) == written

    # A terminal, a kernel and boto3 find what they need.
    clean = {"HOME": space["HOME"], "PATH": space["PATH"]}
    shown = subprocess.run(
        ["bash", "-ic", "echo $MLFLOW_TRACKING_URI"], env=clean, capture_output=True, text=True, timeout=20
    )
    assert shown.stdout.strip() == "https://abc.execute-api.eu-west-1.amazonaws.com/prod"
    code = "import os; print(os.environ['GATEHOUSE_SESSION_NAME'], os.environ['AWS_DEFAULT_REGION'])"
    kernel = subprocess.run(
        ["python", "-m", "IPython", "-c", code], env=clean, capture_output=True, text=True, timeout=60
    )
    assert kernel.stdout.strip().endswith("ada@acme.example eu-west-1"), kernel.stderr
    profile = subprocess.run(
        ["python", "-c", "import boto3; print(boto3.Session(profile_name='gatehouse').profile_name)"],
        env=clean,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert profile.stdout.strip() == "gatehouse"
    tile = (
        "from importlib.metadata import entry_points as e; "
        "print([p.value for p in e(group='jupyter_serverproxy_servers')])"
    )
    found = subprocess.run(["python", "-c", tile], env=clean, capture_output=True, text=True, timeout=30)
    assert "mlflow_gatehouse.jupyter:tile" in found.stdout


def test_another_file_than_the_deployed_one_is_not_installed(space: dict[str, str]) -> None:
    result = start({**space, "GATEHOUSE_WHEEL_SHA256": "0" * 64})
    assert result.returncode != 0
    assert "not the one that was deployed" in result.stderr
    assert list(Path(space["HOME"]).rglob("environment")) == []


def test_a_role_without_settings_is_told(space: dict[str, str]) -> None:
    result = start({**space, "GATEHOUSE_PARAMETERS": "/elsewhere"})
    assert result.returncode == 1
    assert f"/elsewhere/{ROLE}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_parameter_sets_nothing_but_settings(space: dict[str, str], aws: str) -> None:
    boto3.client(
        "ssm", aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION, endpoint_url=aws
    ).put_parameter(
        Name=f"/hostile/{ROLE}",
        Value="LD_PRELOAD=/tmp/x.so\nMLFLOW_WORKSPACE=$(touch pwned)",
        Type="String",
        Overwrite=True,
    )
    result = start({**space, "GATEHOUSE_PARAMETERS": "/hostile"})
    assert result.returncode == 2
    assert "line 1" in result.stderr
    assert list(Path(space["HOME"]).rglob("environment")) == []
