#!/bin/bash
# Lifecycle configuration of a JupyterLab space: puts the tile "MLflow" into the launcher and lets every kernel find the registry.
# Needs no internet: the package comes from the account's bucket, the settings from the account's Parameter Store. It may run any number of times.
#
# Whoever deploys it sets, above this line:
#   GATEHOUSE_WHEEL         s3://<bucket>/<key>/mlflow_gatehouse-<version>-py3-none-any.whl
#   GATEHOUSE_WHEEL_SHA256  of that file, in hex: another file is not installed
#   GATEHOUSE_PARAMETERS    prefix of the parameters, one for each execution role: <prefix>/<role name>
#   AWS_REGION              of this account
set -euo pipefail

: "${GATEHOUSE_WHEEL:?}" "${GATEHOUSE_WHEEL_SHA256:?}" "${GATEHOUSE_PARAMETERS:?}" "${AWS_REGION:?}"
export AWS_REGION AWS_DEFAULT_REGION="$AWS_REGION" GATEHOUSE_WHEEL GATEHOUSE_WHEEL_SHA256 GATEHOUSE_PARAMETERS
python=${GATEHOUSE_PYTHON:-python}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Installed already, from these very bytes: nothing to fetch.
marker=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/mlflow_gatehouse.sha256
if [ "$(cat "$marker" 2>/dev/null)" != "$GATEHOUSE_WHEEL_SHA256" ]; then
  "$python" - "$folder" <<'PYTHON'
import hashlib, os, pathlib, sys, urllib.parse
import boto3

url = urllib.parse.urlsplit(os.environ["GATEHOUSE_WHEEL"])
file = pathlib.Path(sys.argv[1], pathlib.PurePosixPath(url.path).name)
boto3.client("s3").download_file(url.netloc, url.path.lstrip("/"), str(file))
digest = hashlib.sha256(file.read_bytes()).hexdigest()
if digest != os.environ["GATEHOUSE_WHEEL_SHA256"]:
    sys.exit(f"{os.environ['GATEHOUSE_WHEEL']} has the SHA-256 {digest}, not the one that was deployed: it is not installed")
PYTHON
  # What it needs is in SageMaker's images, so nothing is looked for anywhere.
  "$python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall "$folder"/*.whl
  echo "$GATEHOUSE_WHEEL_SHA256" >"$marker"
fi

"$python" -m mlflow_gatehouse studio --parameters "$GATEHOUSE_PARAMETERS"
