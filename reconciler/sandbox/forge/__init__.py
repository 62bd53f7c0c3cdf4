"""GitHub and Azure DevOps, as far as a check of pull requests needs them; off unless asked for."""

from reconciler.sandbox.forge.routes import controls, routes

__all__ = ["controls", "routes"]
