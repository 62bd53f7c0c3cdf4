"""Two readers of YAML: libyaml, sixteen times as fast, and ruamel.yaml, whose word counts.

libyaml speaks YAML 1.1 and takes a little more than YAML 1.2 has. Where the two could read a text
differently (tabs, anchors and tags, line breaks of other scripts), and for every text that has a
problem, ruamel.yaml reads it: places and words of errors are always its own.
"""

import re
from collections.abc import Iterator
from typing import Any

READ_APART = re.compile(r"[\t\x85\u2028\u2029\ufeff]|[|>][-+0-9]*#|^%", re.MULTILINE)
"""What libyaml takes that YAML 1.2 does not, or takes for something else."""


class UnclearError(Exception):
    """A text that libyaml does not read; ruamel.yaml says what is wrong with it."""


def quick(text: str) -> Iterator[Any] | None:
    """Return the events of a text as libyaml reads it; None where ruamel.yaml has to.

    The events raise `UnclearError` where the text is wrong.
    """
    if READ_APART.search(text):
        return None
    try:
        from yaml._yaml import CParser
    except ImportError:  # a PyYAML that was built without libyaml
        return None
    return _events(CParser(text))


def _events(parser: Any) -> Iterator[Any]:
    from yaml import YAMLError

    try:
        while parser.check_event():
            yield parser.get_event()
    except YAMLError as error:
        raise UnclearError from error


def careful(text: str) -> Iterator[Any]:
    """Return the events of a text as YAML 1.2; they raise `ruamel.yaml.error.MarkedYAMLError`."""
    from ruamel.yaml import YAML

    return iter(YAML(typ="safe", pure=True).parse(text))
