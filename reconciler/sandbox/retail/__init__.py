"""The Retail Prices API: what Azure's public price list answers, from this sandbox's catalogue."""

from reconciler.sandbox.retail.routes import routes

__all__ = ["routes"]
