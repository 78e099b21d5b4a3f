"""MLflow's UI in a tab of JupyterLab: a proxy that signs, for the Jupyter session that started it and nobody else."""
