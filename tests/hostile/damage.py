"""Files that were damaged by chance: bytes, lines and values of a good one, by a seed."""

import json
import random

import yaml

from tests.hostile.answers import mutated

TOKENS = (
    *("!!python/object:os.system", "!!binary |", "!!set", "!!timestamp 0", "&a ", "*a", "<<: *a"),
    *("\x00", "\ufeff", "\u2028", "\x85", "\u202e", "\\ud800", "\\x00", "1e999", "-0", "0x1F"),
    *("${{ ", " }}", "${{ secrets }}", "${", "}", "{{", "'", '"', "|", ">-", "? ", ": ", "- ", "#"),
    *(".inf", ".nan", "~", "0o17", "2001-01-01", "12:30:45", "9" * 400, "[" * 70, "{a: " * 70),
    *(
        "%YAML 9.9\n",
        "---\n",
        "...\n",
        "\t",
        "\r",
        "\n\n",
        "\\",
        "../" * 5,
        "/etc/passwd",
        "a" * 300,
    ),
    *("file://", "::error::x", "\x1b[2J", "PAR1", "null", "true", "[]", "{}", '{"a":', "é" * 50),
)


def damaged(content, seed):
    """Return the bytes of a good file with up to five things changed, by a seed."""
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        content = chance.choice(WAYS)(content, chance)
    return content


def _bits(content, chance):
    found = bytearray(content)
    for _ in range(chance.choice((1, 4, 32)) if content else 0):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


def _token(content, chance):
    at = chance.randrange(len(content) + 1)
    token = chance.choice(TOKENS).encode("utf-8", "surrogatepass")
    return content[:at] + token + content[at + chance.choice((0, 0, len(token))) :]


def _piece(content, chance):
    """Take a piece away, or say it again elsewhere."""
    first, last = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    last = min(last, first + chance.choice((1, 10, 1000)))
    if chance.random() < 0.5:
        return content[:first] + content[last:]
    at = chance.randrange(len(content) + 1)
    return content[:at] + content[first:last] * chance.choice((1, 2, 50)) + content[at:]


def _end(content, chance):
    return content[: chance.randrange(len(content) + 1)]


def _lines(content, chance):
    """Move a line, indent it, give it another value, or none."""
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    line = lines.pop(at)
    key, colon, _ = line.partition(b":")
    other = chance.choice(TOKENS).encode("utf-8", "surrogatepass")
    changed = (b"  " + line, line[1:], key + colon, key + colon + b" " + other, line)
    lines.insert(
        chance.choice((at, at, at, chance.randrange(len(lines) + 1))), chance.choice(changed)
    )
    return b"\n".join(lines)


def _value(content, chance):
    """Change a value of YAML, of JSON, or of one line of it; other files another way."""
    lines = content.split(b"\n") if content.startswith(b'{"messages') else [content]
    at = chance.randrange(len(lines))
    try:
        value = yaml.load(lines[at], Loader=yaml.CSafeLoader)
        lines[at] = json.dumps(mutated(value, chance), default=str).encode()
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError):
        return _lines(content, chance)
    return b"\n".join(lines)


WAYS = (_bits, _token, _token, _piece, _end, _lines, _lines, *[_value] * 6)
