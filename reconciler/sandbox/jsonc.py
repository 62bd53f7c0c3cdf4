"""JSON as Azure Resource Manager's own reader takes it in a deployment.

Source: learn.microsoft.com/azure/azure-resource-manager/templates/syntax (comments and strings
over several lines need `az` 2.3 or newer, which sends the template's text as it stands, under an
unquoted key `template`: `JsonCTemplatePolicy` of azure-cli). Trailing commas and single quotes,
which Json.NET takes too, are taken here.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      |(?P<comment>//[^\n]*|/\*.*?\*/)
      |(?P<key>[A-Za-z_$][\w$]*)(?=\s*:)
      |(?P<comma>,)(?=(?:\s|//[^\n]*\n|/\*.*?\*/)*[}\]])
      |(?P<other>[A-Za-z_$][\w$]*|.)""",
    re.DOTALL | re.VERBOSE,
)
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def loads(text: str) -> Any:
    """Return the value of a JSON text with comments. Raises ValueError where it is neither."""
    return json.loads("".join(_plain(found) for found in _TOKEN.finditer(text)))


def _plain(found: re.Match[str]) -> str:
    """One token as strict JSON has it."""
    if found["string"] is not None:
        return _string(found["string"])
    if found["key"] is not None:
        return f'"{found["key"]}"'
    return found["other"] or ""


def _string(quoted: str) -> str:
    inner = quoted[1:-1]
    if quoted.startswith("'"):
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    return '"' + re.sub(r"[\n\r\t]", lambda found: _CONTROLS[found[0]], inner) + '"'
