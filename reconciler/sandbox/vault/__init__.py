"""Azure Key Vault of the sandbox: the data plane, secrets only."""

from reconciler.sandbox.vault.routes import routes

__all__ = ["routes"]
