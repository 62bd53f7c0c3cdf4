"""Data planes of Azure ML: scoring, discovery, run history, job logs, registries, prompt flow."""

from reconciler.sandbox.serving.routes import routes

__all__ = ["routes"]
