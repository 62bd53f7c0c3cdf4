"""Who may read and who may push: tokens of the forge, or of Entra ID for Azure DevOps.

Sources: docs.github.com/get-started/git-basics/about-remote-repositories (a token is the password,
whatever the user name), docs.github.com/apps/.../authenticating-as-a-github-app-installation
(`x-access-token`), and learn.microsoft.com/azure/devops/integrate/get-started/authentication
(`Bearer` for Entra ID tokens of the resource 499b84ac-1321-427f-aa17-267ca6975798).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from aiohttp import web

from reconciler.sandbox.entra import InvalidToken
from reconciler.sandbox.forge.tokens import Tokens
from reconciler.sandbox.world import World

AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
PUSH = "git-receive-pack"


def refusal(world: World, request: web.Request, settings: dict[str, Any], service: str) -> str:
    """Return why a request is refused (for a person), "" where it is let in."""
    needed = "contents:write" if service == PUSH else "contents:read"
    header = request.headers.get("Authorization", "")
    if not header:
        return "Authentication required" if settings["private"] or service == PUSH else ""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer" and _is_of_azure_devops(world, settings, value):
        return ""
    token = Tokens(world.store).find(_password(scheme, value))
    if token is None or token.expired:
        return "Invalid username or token"
    if not token.sees(settings["name"]) or not token.may(needed):
        return "Write access to repository not granted" if service == PUSH else "Not found"
    return ""


def _is_of_azure_devops(world: World, settings: dict[str, Any], token: str) -> bool:
    """Whether a token of Entra ID is meant for Azure DevOps, and the repository is one of there."""
    if settings["name"].count("/") != 2:
        return False
    try:
        audience = str(world.identity.claims(token)["aud"])
    except (InvalidToken, ValueError, KeyError):
        return False
    return audience.rstrip("/") == AZURE_DEVOPS


def _password(scheme: str, value: str) -> str:
    """Return the password of basic authentication, or a bearer's token."""
    if scheme.lower() != "basic":
        return value
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
