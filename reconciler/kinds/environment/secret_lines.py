"""Secrets in what an image is made of: told with their line, before anything is uploaded.

Whoever can pull the image can read what its Dockerfile and conda file say: `ENV` and `ARG` stay in
its history, and so does the address of a package feed with its password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from reconciler.diagnostics import Diagnostic, Position
from reconciler.secrets import is_secret_by_form, remember
from reconciler.spec.document import Document, Keys
from reconciler.spec.secret_names import is_secret_by_name

_SETS = ("ENV", "ARG")
_PAIR = re.compile(r"(?<!\w)([A-Za-z_]\w*+)=(\"[^\"]*\"|'[^']*'|\S*)")
_PASSWORD_IN_URL = re.compile(r"://[^\s/:@]{0,256}:([^\s/:@${}<>]{1,512})@")
_READ_BY_PIP = ("requirements*.txt", "constraints*.txt", "pip.conf", "*.yml", "*.yaml")
IN_IMAGE = "whoever can pull the image can read it: revoke it"
ELSEWHERE = (
    "take it out; for a package feed, add a connection of the category `python_feed` to the "
    "workspace, which Azure ML uses when it builds the image"
)


def in_context(files: Mapping[str, bytes], shown: str, dockerfile: str) -> Iterator[Diagnostic]:
    """Yield a problem for each secret in the Dockerfile and in lists of packages beside it."""
    for name, content in files.items():
        lines = content.decode("utf-8", "replace").splitlines()
        found = list(_in_dockerfile(lines)) if name == dockerfile else []
        if name == dockerfile or _is_list_of_packages(name):
            found += _passwords(lines)
        for number, what, value in sorted(found):
            yield _told(what, value, Position(f"{shown}/{name}", number, 1))


def in_conda(document: Document, path: Keys = ()) -> Iterator[Diagnostic]:
    """Yield a problem for each secret in a conda file, or in one that stands in the spec."""
    for place, text in _texts(document.data, path):
        found = _password(text)
        if not found and is_secret_by_form(text):
            found = "a text", text
        if not found and "variables" in place and is_secret_by_name(str(place[-1]), text):
            found = f"`{place[-1]}`", text
        if found:
            yield _told(*found, document.position(place))


def _told(what: str, value: str, position: Position) -> Diagnostic:
    remember(value)
    return Diagnostic(f"{what} looks like a secret", position, detail=IN_IMAGE, hint=ELSEWHERE)


def _in_dockerfile(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yield each variable that is set to a secret, with its line and the secret."""
    goes_on = False
    for number, line in enumerate(lines, 1):
        word, _, rest = line.strip().partition(" ")
        text = rest.strip() if word.upper() in _SETS else line if goes_on else ""
        goes_on = bool(text) and line.rstrip().endswith("\\")
        head, _, rest = text.partition(" ")  # the old form: `ENV NAME value`
        is_old = bool(rest) and head.isidentifier()
        for name, quoted in [(head, rest)] if is_old else _PAIR.findall(text):
            value = quoted.strip("\"'")
            if "$" not in value and is_secret_by_name(name, value, strict=True):
                yield number, f"`{name}`", value


def _passwords(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(lines, 1):
        if found := _password(line):
            yield number, *found


def _password(text: str) -> tuple[str, str] | None:
    match = _PASSWORD_IN_URL.search(text)
    return ("the password in an address", match[1]) if match else None


def _is_list_of_packages(name: str) -> bool:
    return any(PurePosixPath(name).match(pattern) for pattern in _READ_BY_PIP)


def _texts(value: Any, path: Keys) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, str):
        yield path, value
