"""Where the snippets of Microsoft's notebooks find their client, and how they are collected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.azure_ml import WORKSPACES, Arm

WORKSPACE = f"{WORKSPACES}/ws1"


@dataclass(frozen=True)
class Notebook:
    """What a cell of a notebook has: a client of the workspace `ws1`, and a folder of its own.

    `arm` is not part of it: plain requests, to see what Azure then holds.
    """

    ml: Any
    arm: Arm
    folder: Path

    def held(self, path: str) -> dict[str, Any]:
        """The properties of something in the workspace."""
        found: dict[str, Any] = self.arm.get(f"{WORKSPACE}/{path}")["properties"]
        return found

    def names(self, path: str) -> list[str]:
        """The names that a list in the workspace has."""
        return [one["name"] for one in self.arm.get(f"{WORKSPACE}/{path}")["value"]]

    def is_gone(self, path: str) -> bool:
        """Whether there is nothing at a path in the workspace."""
        return bool(self.arm.send("GET", f"{WORKSPACE}/{path}").status_code == 404)

    def file(self, name: str, text: str) -> str:
        """Write a file, as a cell with `%%writefile` does; returns its path."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return str(file)


Snippet = Callable[[Notebook], None]
SNIPPETS: dict[str, Snippet] = {}


def snippet(page: str) -> Callable[[Snippet], Snippet]:
    """Collect a snippet written anew after a page of learn.microsoft.com/azure."""

    def collect(function: Snippet) -> Snippet:
        SNIPPETS[f"{page}: {function.__name__}"] = function
        return function

    return collect
