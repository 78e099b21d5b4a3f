"""Gatehouse inside MLflow: one ASGI gate that turns the gateway's headers into a user of MLflow's own authorization."""
