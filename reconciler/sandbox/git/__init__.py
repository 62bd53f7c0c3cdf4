"""Git over HTTPS, as GitHub and Azure DevOps serve it; off unless asked for."""

from reconciler.sandbox.git.routes import controls, routes

__all__ = ["controls", "routes"]
