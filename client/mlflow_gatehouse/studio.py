"""Sets a JupyterLab space up: the settings of its profile, for kernels, terminals and AWS's tools. It can run again."""

import os
import re
import shlex
import sys
from pathlib import Path

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from mlflow_gatehouse.environment import parse, settings_file
from mlflow_gatehouse.errors import CredentialsError
from mlflow_gatehouse.process import PROFILE

_ROLE = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/([^/]+)/")
_KERNEL = """# Written by mlflow-gatehouse: lets `import mlflow` find the registry.
try:
    from mlflow_gatehouse.kernel import load
except ImportError:
    pass
else:
    load()
    del load
"""


def set_up(parameters: str) -> list[Path]:
    """Fetch this execution role's settings and write what needs them; returns the files.

    Args:
        parameters: prefix in the Parameter Store; the parameter is `<prefix>/<name of the execution role>`.

    Raises:
        CredentialsError: the role or its parameter can't be read.
        SettingsError: the parameter holds something else than settings.
    """
    name = f"{parameters.rstrip('/')}/{own_role()}"
    return write(_parameter(name), name, Path.home())


def own_role() -> str:
    """The name of the role that this process runs as, which says the profile.

    Raises:
        CredentialsError: there is none.
    """
    try:
        arn = botocore.session.get_session().create_client("sts").get_caller_identity()["Arn"]
    except (BotoCoreError, ClientError) as error:
        raise CredentialsError(f"who this is can't be found out: {error}") from None
    match = _ROLE.match(arn)
    if not match:
        raise CredentialsError(f"{arn} is no session of an execution role")
    return match[1]


def write(text: str, origin: str, home: Path) -> list[Path]:
    """Write settings file, IPython's startup file, an AWS profile, and a line for terminals."""
    settings = parse(text, origin)
    plain = "".join(f"{name}={value}\n" for name, value in sorted(settings.items()))
    exports = "".join(
        f": ${{{name}:={shlex.quote(value)}}}; export {name}\n" for name, value in sorted(settings.items())
    )
    file = settings_file({}) if home == Path.home() else home / ".config/mlflow-gatehouse/environment"
    shell = file.with_suffix(".sh")
    return [
        _private(file, plain),
        _private(shell, exports),
        _private(home / ".ipython/profile_default/startup/00-mlflow-gatehouse.py", _KERNEL),
        _block(home / ".bashrc", f"[ -r {shlex.quote(str(shell))} ] && . {shlex.quote(str(shell))}"),
        _block(
            home / ".aws/config",
            f"[profile {PROFILE}]\ncredential_process = {shlex.quote(sys.executable)} -m mlflow_gatehouse credentials",
        ),
    ]


def _parameter(name: str) -> str:
    try:
        answer = botocore.session.get_session().create_client("ssm").get_parameter(Name=name)
    except (BotoCoreError, ClientError) as error:
        raise CredentialsError(
            f"the settings of this profile can't be read from the parameter {name}: {error}; deploy the consumer stack "
            "again, and check that the execution role may read it"
        ) from None
    return str(answer["Parameter"]["Value"])


def _private(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        # A new file that takes the old one's place: no reader sees half of it.
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)
    return file


def _block(file: Path, text: str) -> Path:
    """Put our lines between two marks, in place of those of last time; what else is in the file stays."""
    begin, end = "# >>> mlflow-gatehouse >>>", "# <<< mlflow-gatehouse <<<"
    present = file.read_text(encoding="utf-8") if file.exists() else ""
    ours = f"{begin}\n{text}\n{end}\n"
    pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}\n", re.DOTALL)
    if pattern.search(present):
        return _private(file, pattern.sub(lambda _: ours, present, count=1))
    separator = "" if not present or present.endswith("\n") else "\n"
    return _private(file, f"{present}{separator}{ours}")
