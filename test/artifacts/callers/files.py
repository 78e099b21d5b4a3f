"""A scientist's files of every awkward kind, there and back with the stock client."""

import json
from pathlib import Path

import mlflow
from common import FOLDER, made, same, step
from mlflow import MlflowClient

client = MlflowClient()
MIB = 1024 * 1024
FILES = {
    "empty.bin": 0,
    "one byte.bin": 1,
    "below the limit of parts.bin": 5 * MIB - 1,
    "at the limit of parts.bin": 5 * MIB,
    "wöchentliche Notizen + 100% (ä,ß) 你好.bin": 12 * MIB,
    "fifty.bin": 50 * 1000 * 1000,
}


def new_run() -> str:
    mlflow.set_experiment("files")
    with mlflow.start_run() as run:
        return run.info.run_id


run_id = step("log a run", new_run)


def there_and_back(name: str, size: int, folder: str | None = None) -> str:
    sent = made(name, size)
    client.log_artifact(run_id, str(sent), folder)
    path = f"{folder}/{name}" if folder else name
    return same(sent, Path(client.download_artifacts(run_id, path, dst_path=str(FOLDER.joinpath("back")))))


FOLDER.joinpath("back").mkdir()
for name, size in FILES.items():
    step(name, lambda name=name, size=size: there_and_back(name, size))
step("in a folder", lambda: there_and_back("in ä folder.bin", 6 * MIB, "ein Ordner/données"))


def whole_folder() -> str:
    for name, size in (("a b.bin", 0), ("sub dir/c.bin", 7 * MIB), ("sub dir/ü.txt", 3)):
        made(f"tree/{name}", size)
    client.log_artifacts(run_id, str(FOLDER / "tree"), "tree")
    back = Path(client.download_artifacts(run_id, "tree", dst_path=str(FOLDER / "back")))
    names = sorted(str(each.relative_to(back)) for each in back.rglob("*") if each.is_file())
    for name in names:
        same(FOLDER / "tree" / name, back / name)
    return json.dumps(names, ensure_ascii=False)


step("a folder of files", whole_folder)
step("list", lambda: json.dumps([[f.path, f.file_size] for f in client.list_artifacts(run_id)], ensure_ascii=False))
step("where", lambda: json.dumps([run_id, client.get_run(run_id).info.artifact_uri]))
