"""What a scientist left in the registry, for people to look at in a browser. Prints the ids as JSON."""

import json
import struct
import zlib

import mlflow
from mlflow import MlflowClient

EXPERIMENT, MODEL = "harbour cranes", "crane-load"


def png(width: int, height: int) -> bytes:
    """A picture that is red from edge to edge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xc0\x30\x20" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Load(mlflow.pyfunc.PythonModel):
    """Tonnes per crane."""

    def predict(self, context, model_input, params=None):
        return model_input


client = MlflowClient()
experiment = mlflow.set_experiment(EXPERIMENT)
with mlflow.start_run(run_name="night shift") as run:
    mlflow.log_param("cranes", 7)
    for step, load in enumerate([0.9, 0.6, 0.45, 0.4]):
        mlflow.log_metric("load", load, step=step)
    mlflow.log_text("all cranes were idle at four", "report.txt")
    mlflow.log_text("<script>document.title = 'stolen'</script><h1>harbour</h1>", "page.html")
    model = mlflow.pyfunc.log_model(name="load", python_model=Load(), pip_requirements=[])
    with open("crane.png", "wb") as file:
        file.write(png(32, 32))
    mlflow.log_artifact("crane.png")
with mlflow.start_span("weigh a container") as span:
    span.set_inputs({"container": "MSKU 123"})
    span.set_outputs({"tonnes": 21})
    trace = span.trace_id
mlflow.flush_trace_async_logging()
client.create_registered_model(MODEL)
client.create_model_version(MODEL, model.model_uri, run.info.run_id, model_id=model.model_id)
print(
    json.dumps(
        {
            "experiment": experiment.experiment_id,
            "run": run.info.run_id,
            "trace": trace,
            "model": MODEL,
        }
    )
)
