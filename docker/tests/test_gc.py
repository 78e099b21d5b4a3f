"""`gatehouse-mlflow gc` removes deleted runs and their files for good, where the server keeps them."""

from pathlib import Path

from server import SCIENTIST, Server, running
from test_migrate import run

API = "/api/2.0/mlflow"


def made(server: Server, experiment: str) -> tuple[str, str]:
    info = server.call("POST", f"{API}/runs/create", SCIENTIST, body={"experiment_id": experiment}).body["run"]["info"]
    path = info["artifact_uri"].removeprefix("mlflow-artifacts:")
    answer = server.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts{path}/model.pkl", SCIENTIST, body=b"data")
    assert answer.status == 200
    return info["run_id"], f"artifacts{path}/model.pkl"


def test_what_was_deleted_long_ago_goes_with_its_files_and_nothing_else(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        experiment = server.call("POST", f"{API}/experiments/create", SCIENTIST, body={"name": "x"}).body
        gone, kept = (made(server, experiment["experiment_id"]) for _ in range(2))
        deleted = server.call("POST", f"{API}/runs/delete", SCIENTIST, body={"run_id": gone[0]})
        assert deleted.status == 200

    code, log = run(tmp_path, "gc", GATEHOUSE_GC_DAYS="1")
    assert code == 0, log
    assert (tmp_path / gone[1]).exists()

    code, log = run(tmp_path, "gc", GATEHOUSE_GC_DAYS="0")
    assert code == 0, log
    assert not (tmp_path / gone[1]).exists()
    assert (tmp_path / kept[1]).read_bytes() == b"data"
