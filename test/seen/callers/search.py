"""One read with the stock client."""

import mlflow
from steps import step

step("search", lambda: len(mlflow.search_experiments(max_results=1)))
