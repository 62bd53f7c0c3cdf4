"""A small Hugging Face hub: public dataset repositories for the real `huggingface_hub` client."""

from reconciler.sandbox.hub.routes import routes

__all__ = ["routes"]
