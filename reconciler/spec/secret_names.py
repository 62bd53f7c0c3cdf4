"""Whether the name of a variable, tag or parameter says that its value is a secret. Pure.

Some names leave no doubt (`DB_PASSWORD`, `apiKey`). Others do only where the value looks like
something that a machine made: `AZURE_OPENAI_KEY: 9f8e7d...` is a secret, `PARTITION_KEY: id`
and `pad_token: <pad>` are not.
"""

from __future__ import annotations

import math
import re
from collections import Counter

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", re.ASCII)
SURE = frozenset(
    {"secret", "password", "passwd", "pwd", "passphrase", "sas", "pat", "apikey", "accesskey"}
    | {"accountkey", "privatekey", "secretkey", "connectionstring", "connstr", "clientsecret"}
)
"""Last words of names that hold nothing but secrets."""
SURE_PAIRS = frozenset(
    {("connection", "string"), ("sas", "url"), ("sas", "uri"), ("sas", "token")}
    | {
        (word, "key")
        for word in (
            *("api", "access", "account", "private", "secret", "storage", "master", "admin"),
            *("subscription", "primary", "secondary", "shared", "signing", "encryption", "host"),
        )
    }
)
"""Last two words of such names."""
LIKELY = frozenset({"key", "keys", "token", "tokens", "credential", "credentials", "auth", "cert"})
"""Last words of names that may hold one: the value decides."""
SHORTEST_RANDOM = 16
BITS_A_CHARACTER = 2.9
"""Shannon entropy from which a text counts as random; hexadecimal digits come to 4 at most."""
_MACHINE_MADE = re.compile(r"[A-Za-z0-9+/=_.~-]+", re.ASCII)
_HARMLESS = re.compile(r"|true|false|yes|no|on|off|none|null|[0-9]+(?:\.[0-9]+)?", re.IGNORECASE)


def is_secret_by_name(name: str, value: str, *, strict: bool = False) -> bool:
    """Return whether a name says that this value is a secret.

    `strict`: `token` alone leaves no doubt (an environment variable; as a hyperparameter it is
    a word of the model's vocabulary).
    """
    words = tuple(word.casefold() for word in _WORD.findall(name))
    if not words or _HARMLESS.fullmatch(value.strip()):
        return False
    if words[-1] in SURE or words[-2:] in SURE_PAIRS or (strict and words[-1] == "token"):
        return True
    return words[-1] in LIKELY and looks_random(value)


def looks_random(value: str) -> bool:
    """Return whether a text looks like a key that a machine made, and not like words."""
    text = value.strip()
    is_path = text.startswith(("/", "./", "~")) or ("/" in text and "." in text)
    if len(text) < SHORTEST_RANDOM or is_path or not _MACHINE_MADE.fullmatch(text):
        return False
    mixed = any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
    return mixed and _bits_a_character(text) >= BITS_A_CHARACTER


def _bits_a_character(text: str) -> float:
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)
