"""What a step tells its build server: typed commands, so that no value in one can begin another.

`Terminal.command` is the only way by which a command leaves us; all other text is fenced.
Sources: github.com/actions/toolkit, packages/core/src/command.ts; learn.microsoft.com/azure/
devops/pipelines/scripts/logging-commands; github.com/microsoft/azure-pipelines-agent, Command.cs.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[a-z]+(\.[a-z]+)?")
_GITHUB_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_GITHUB_PROPERTY = {**_GITHUB_DATA, ":": "%3A", ",": "%2C"}
_AZURE_DEVOPS = {"%": "%AZP25", ";": "%3B", "\r": "%0D", "\n": "%0A", "]": "%5D"}


@dataclass(frozen=True)
class Command(ABC):
    """One command. Its name and the names of its properties are ours; the values are anybody's."""

    name: str
    data: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a name that is none: only a mistake of ours can make one."""
        for name in (self.name, *self.properties):
            if not _NAME.fullmatch(name.lower()):
                raise ValueError(f"not a name of a command or a property: {name!r}")

    def text(self, clean: Callable[[str], str]) -> str:
        """Return it as one line, every line of its values made `clean`. Empty properties are left out."""
        given = {name: clean(value) for name, value in self.properties.items() if value}
        return self._spelled(given, "\n".join(map(clean, self.data.splitlines())))

    @abstractmethod
    def _spelled(self, properties: Mapping[str, str], data: str) -> str:
        """Return the line that the build server reads."""


class GitHubCommand(Command):
    """A command to GitHub's runner, which reads standard output and standard error."""

    def _spelled(self, properties: Mapping[str, str], data: str) -> str:
        given = ",".join(f"{n}={_escaped(v, _GITHUB_PROPERTY)}" for n, v in properties.items())
        return f"::{self.name}{' ' if given else ''}{given}::{_escaped(data, _GITHUB_DATA)}"


class AzureDevOpsCommand(Command):
    """A command to the agent of Azure Pipelines, which reads standard output."""

    def _spelled(self, properties: Mapping[str, str], data: str) -> str:
        given = "".join(f"{n}={_escaped(v, _AZURE_DEVOPS)};" for n, v in properties.items())
        return f"##vso[{self.name}{' ' if given else ''}{given}]{_escaped(data, _AZURE_DEVOPS)}"


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)
