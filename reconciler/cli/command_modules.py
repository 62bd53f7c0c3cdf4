"""Where each command is: a module of this package, imported when the command is named."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from types import ModuleType


def module_of(command: str) -> ModuleType:
    """Import the module of a command; that of `import`, a word of Python, is `import_`."""
    return import_module(f"reconciler.cli.{command}{'_' * iskeyword(command)}")
