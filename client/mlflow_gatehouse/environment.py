"""The settings of a Studio profile: the lifecycle configuration writes them; kernels and the proxy read them."""

import os
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from mlflow_gatehouse.errors import SettingsError

# What a settings file may set: nothing that runs code, like PYTHONPATH or LD_PRELOAD, and no keys.
_NAME = re.compile(r"(?:MLFLOW|GATEHOUSE)_[A-Z0-9_]+|AWS_REGION|AWS_DEFAULT_REGION", re.ASCII)
_DEFAULT = Path("~/.config/mlflow-gatehouse/environment")


def settings_file(environ: Mapping[str, str] | None = None) -> Path:
    """Where the settings are: GATEHOUSE_ENVIRONMENT_FILE, else `~/.config/mlflow-gatehouse/environment`."""
    source = os.environ if environ is None else environ
    return Path(source.get("GATEHOUSE_ENVIRONMENT_FILE") or _DEFAULT).expanduser()


def configure(environ: MutableMapping[str, str] | None = None) -> dict[str, str]:
    """Set what the settings file says and the environment doesn't say already; returns what was set.

    boto3 reads AWS_DEFAULT_REGION but not AWS_REGION, so the one is taken from the other.

    Raises:
        SettingsError: a line of the file isn't a setting; nothing was set then.
    """
    target = os.environ if environ is None else environ
    said = read_file(settings_file(target))
    added = {name: value for name, value in said.items() if not target.get(name)}
    region = target.get("AWS_REGION") or added.get("AWS_REGION")
    if region and not target.get("AWS_DEFAULT_REGION"):
        added.setdefault("AWS_DEFAULT_REGION", region)
    target.update(added)
    return added


def read_file(path: Path) -> dict[str, str]:
    """The lines `NAME=value` of a file; none where there is no file.

    Raises:
        SettingsError: a line isn't one, or names a variable that no settings file may set.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be read: {error}") from None
    return parse(text, str(path))


def parse(text: str, origin: str) -> dict[str, str]:
    """Settings out of a text; all problems are reported at once.

    Raises:
        SettingsError: as for `read_file`.
    """
    settings, problems = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not _NAME.fullmatch(name):
            problems.append(f"{origin}, line {number}: only MLFLOW_*=, GATEHOUSE_*= and AWS_REGION= may be set here")
            continue
        settings[name] = value.strip()
    if problems:
        raise SettingsError("; ".join(problems))
    return settings
