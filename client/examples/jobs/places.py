"""Where a job of the team runs, as whom, and what its code needs: read from the outputs of the team's stack."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3


@dataclass(frozen=True)
class Place:
    """A profile's or job's own corner of the team's account."""

    role: str
    # Begins the name of each of its jobs: others are refused.
    prefix: str
    bucket: str
    own_folder: str
    subnets: list[str]
    security_group: str
    # Folder and file name of the client's package.
    packages: str
    wheel: str
    client: Mapping[str, str]

    def folder(self, name: str) -> str:
        """A folder of its own in the team's bucket, as URI."""
        return f"s3://{self.bucket}/{self.own_folder}/{name}"

    def upload_scripts(self, folder: Path, name: str) -> str:
        """Put the scripts of a folder where SageMaker's training toolkit takes them from; returns the URI."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for script in sorted(folder.glob("*.py")):
                tar.add(script, arcname=script.name)
        key = f"{self.own_folder}/jobs/{name}/sourcedir.tar.gz"
        boto3.client("s3").put_object(Bucket=self.bucket, Key=key, Body=archive.getvalue())
        return f"s3://{self.bucket}/{key}"


def place_of(team: Mapping[str, Any], *, profile: str | None, job: str | None) -> Place:
    """The corner of a profile, or of a job that is nobody's.

    Raises:
        SystemExit: the team has none of that name.
    """
    name, roles, environments = (
        (profile, team["executionRoleArns"], team["clientEnvironment"])
        if profile
        else (job, team["jobRoleArns"], team["jobEnvironment"])
    )
    if name not in roles:
        raise SystemExit(f"the team has no {'profile' if profile else 'job'} {name}: there is {', '.join(roles)}")
    corner = profile or f"job-{job}"
    where = team["jobPlace"]
    packages, wheel = where["client"].rsplit("/", 1)
    return Place(
        role=roles[name],
        prefix=f"{corner}--",
        bucket=where["bucket"],
        own_folder=f"people/{corner}",
        subnets=where["subnetIds"],
        security_group=where["securityGroupId"],
        packages=f"{packages}/",
        wheel=wheel,
        client=environments[name],
    )


def environment(place: Place, *, experiment: str, ui: str | None) -> dict[str, str]:
    """What a job has in its environment.

    MLFLOW_TRACKING_URI, MLFLOW_TRACKING_AUTH, MLFLOW_WORKSPACE, the role to take in the registry's account and the name
    to take it under come from the stack. MLFLOW_TRACKING_AWS_SIGV4 isn't among them: MLflow's own signer can't upload a
    file, and assumes no role.
    """
    return {**place.client, "MLFLOW_EXPERIMENT_NAME": experiment, **({"MLFLOW_UI_URL": ui} if ui else {})}
