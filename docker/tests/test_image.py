"""What the image's build downloads, and from where."""

import re
import subprocess
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[1]
INSTRUCTIONS = re.sub(r"^#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ").splitlines()
LOCKS = sorted(DOCKER.glob("requirements*.txt"))


def rds_ca(folder: Path) -> str:
    """The step that puts the certificate authorities into the image, in a folder of this machine."""
    (step,) = [line for line in INSTRUCTIONS if line.startswith("RUN cd /tmp/rds-ca")]
    return step.removeprefix("RUN ").replace("/tmp/rds-ca", str(folder)).replace("/opt/mlflow", str(folder))


def test_nothing_is_downloaded_without_a_hash() -> None:
    assert not [line for line in INSTRUCTIONS if re.search(r"^ADD|\b(?:curl|wget)\b|https?://", line)]
    downloads = re.findall(r"pip (?:install|download|wheel)[^&;]*", " ; ".join(INSTRUCTIONS))
    assert len(downloads) == 5, downloads
    for each in downloads:
        # What is here already: our own package, built by what a lock has installed.
        local = "--no-index" in each or each.startswith("pip wheel --no-deps --no-build-isolation ")
        assert local or "--require-hashes" in each, each


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_pin_each_package_by_hash(lock: Path) -> None:
    assert lock.name in (DOCKER / "Dockerfile").read_text()
    assert f"!{lock.name}" in (DOCKER / ".dockerignore").read_text().splitlines()
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(), flags=re.M).replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line.strip()]
    assert packages
    for package in packages:
        assert re.match(r"[\w.-]+(?:\[[\w,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", package), package


def test_a_bundle_of_ones_own_comes_first(tmp_path: Path) -> None:
    bundle = "-----BEGIN CERTIFICATE-----\nbase64\n-----END CERTIFICATE-----\n"
    (tmp_path / "opt").mkdir()
    (tmp_path / "rds-ca.pem").write_text(bundle)
    command = rds_ca(tmp_path).replace(f"{tmp_path}/rds-ca.pem", f"{tmp_path}/opt/rds-ca.pem")
    subprocess.run(["sh", "-c", command], check=True)
    made = tmp_path / "opt" / "rds-ca.pem"
    assert made.read_text() == bundle
    assert made.stat().st_mode & 0o777 == 0o444

    (tmp_path / "rds-ca.pem").write_text("<html>not found</html>")
    assert subprocess.run(["sh", "-c", command], check=False).returncode != 0
