"""Secret values: wrapped while they live, remembered so that no output can hold them.

The lowest layer of all. A `Secret` prints as words; `remember` tells what else must never be
seen (a token, an account key); `scrub` takes both out of any text, however it is encoded.
Azure, an SDK or a container may echo what we sent, so every sink scrubs what it writes, and
every diagnostic is scrubbed when it is made, before anything shortens it.
"""

from __future__ import annotations

import base64
import html
import json
import re
import time
from collections.abc import Iterable
from threading import Lock
from urllib.parse import quote, quote_plus

SENSITIVE = "(sensitive value)"
MIN_LENGTH = 6
"""Shorter values are words of every other line: they are wrapped but not searched for."""
NAMES_SECRET = re.compile(
    r"(?:^|[_.-])(?:key|secret|token|password|passwd|pwd|passphrase|credentials?|sas)\d*$"
    r"|(?:Key|Secret|Token|Password|Sas)$",
    re.IGNORECASE,
)
"""A key whose value is a secret, by its name: `api_key`, `DB_PASSWORD`, `accountKey`."""
FORGET_AFTER_S = 3600.0
"""How long a token is remembered past its end; clocks differ. Nothing else is ever forgotten: a
loop that runs for months gets a token each hour, but has so many accounts and no more.
"""

_ASSIGNED = (
    re.compile(
        r"(?P<kept>(?:\b|%[0-9A-Fa-f]{2})(?:sig|signature)(?:=|%3D))(?!\()[^&\s\"'<>]+",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<kept>\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|client_secret|Password|Pwd)"
        r"\s?=\s?)(?!\()[^;&\s\"'<>]+",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<kept>\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,80}:)(?!\()[^\s/@\"'<>]+(?=@)",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<kept>\bBearer\s+)[A-Za-z0-9._~+/-]{16,}=*", re.IGNORECASE),
)
_TOKENS = (
    re.compile(r"(?P<kept>)\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?"),
    re.compile(r"(?P<kept>)\b(?:hf_|sk-|gh[pousr]_|github_pat_)[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?P<kept>)\b(?:glpat-|npm_|dckr_pat_|dapi|xox[abprs]-|AIza)[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?P<kept>)\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"(?P<kept>)(?<![A-Za-z0-9_.~-])[A-Za-z0-9_.~-]{3}\dQ~[A-Za-z0-9_.~-]{31,34}"),
    re.compile(r"(?P<kept>)(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])"),
    re.compile(r"(?P<kept>)-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?"),
)
"""Texts that are secret by themselves; code that reads a password contains none of them."""
_PATTERNS = (*_ASSIGNED, *_TOKENS)
"""What is a secret wherever it stands: SAS signatures, connection strings, passwords in URLs,
bearer tokens, JWTs, tokens by their prefix, secrets of Entra applications (`8Q~`), account keys
of storage and Cosmos DB (64 bytes in base64), private keys.

Sources: learn.microsoft.com/rest/api/storageservices/create-service-sas (`sig`), RFC 6750
(bearer), RFC 7519 (JWT).
"""
_HINTS = (
    *("sig", "key", "secret", "bearer", "eyj", "hf_", "sk-"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    *("password", "pwd", "://", "glpat-", "npm_", "dckr_pat_", "dapi", "xox", "aiza"),
    *("akia", "asia", "q~", "=="),
)
"""One of these, in small letters, is in whatever fits a pattern: most texts have none."""


class Secret:
    """A value that must never be shown; `reveal()` is the only way to the text.

    Deliberately without equality on the text in `repr`, `str`, `format`, pickle or JSON.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Wrap the text, and keep it out of every output from now on."""
        self._text = text
        remember(text)

    def reveal(self) -> str:
        """Return the text, at the moment of the write and nowhere else."""
        return self._text

    def same_as(self, other: object) -> bool:
        """Return whether the other value (secret or text) holds the same text."""
        return (other.reveal() if isinstance(other, Secret) else other) == self._text

    def __repr__(self) -> str:
        """Never the text."""
        return SENSITIVE

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        """Never the text, in an f-string neither."""
        return format(repr(self), format_spec)

    def __reduce__(self) -> str:
        """Refuse to be pickled or copied."""
        raise TypeError("a secret is not written anywhere")


class _Known:
    """The texts that no output may hold, each in every form it may take.

    `by_start`: the forms by their first `MIN_LENGTH` characters, the longest first, so that a
    search takes as long as what is searched, however many texts are known.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.texts: dict[str, frozenset[str]] = {}
        self.ends: dict[str, float] = {}
        self.by_start: dict[str, tuple[str, ...]] = {}

    def add(self, text: str, lasts_s: float | None) -> None:
        """Keep a text; one that ends (by the monotonic clock) only so long."""
        with self.lock:
            if lasts_s is None:
                self.ends.pop(text, None)
            elif text not in self.texts or text in self.ends:
                self.ends[text] = time.monotonic() + max(lasts_s, 0.0) + FORGET_AFTER_S
            if text not in self.texts:
                self._forget_ended()
                self.texts[text] = forms(text)
                _put(self.by_start, self.texts[text])

    def _forget_ended(self) -> None:
        now = time.monotonic()
        ended = [text for text, end in self.ends.items() if end < now]
        for text in ended:
            del self.texts[text], self.ends[text]
        if ended:  # what two texts have in common stays; others search while this is made
            by_start: dict[str, tuple[str, ...]] = {}
            for every in self.texts.values():
                _put(by_start, every)
            self.by_start = by_start

    def places(self, text: str) -> list[tuple[int, int]]:
        """Return where known texts stand, first to last; those that overlap are one place."""
        by_start = self.by_start
        starts = range(len(text) - MIN_LENGTH + 1) if by_start else ()
        maybe = [at for at in starts if text[at : at + MIN_LENGTH] in by_start]
        found: list[tuple[int, int]] = []
        for begin in maybe:
            forms_here = by_start[text[begin : begin + MIN_LENGTH]]
            size = next((len(form) for form in forms_here if text.startswith(form, begin)), 0)
            if size and found and begin < found[-1][1]:
                found[-1] = (found[-1][0], max(begin + size, found[-1][1]))
            elif size:
                found.append((begin, begin + size))
        return found


def _put(by_start: dict[str, tuple[str, ...]], every: Iterable[str]) -> None:
    for form in every:
        start = form[:MIN_LENGTH]
        others = by_start.get(start, ())
        if form not in others:
            by_start[start] = tuple(sorted((*others, form), key=len, reverse=True))


_known = _Known()


def remember(*texts: object, lasts_s: float | None = None) -> None:
    """Keep these texts out of every output; skips values that are not text or are too short.

    `lasts_s`: after so many seconds it is worth nothing to anybody (a token).
    """
    for text in texts:
        if isinstance(text, str) and len(text.strip()) >= MIN_LENGTH:
            _known.add(text.strip(), lasts_s)


def scrub(text: str) -> str:
    """Return the text with everything that is known or looks to be secret replaced by words."""
    clean, done = [], 0
    for begin, end in _known.places(text):
        clean += [text[done:begin], SENSITIVE]
        done = end
    text = "".join((*clean, text[done:]))
    folded = text.casefold()
    if any(hint in folded for hint in _HINTS):
        for pattern in _PATTERNS:
            text = pattern.sub(lambda m: f"{m['kept']}{SENSITIVE}", text)
    return text


def shortened(text: object, most: int) -> str:
    """Return a text of at most so many characters: scrubbed first, then cut.

    What is cut through a secret holds a half that no search finds any more, so nothing
    else may cut a text; a test forbids it.
    """
    clean = scrub(str(text))
    return clean if len(clean) <= most else f"{clean[: most - 3]}..."


def on_one_line(text: object, most: int) -> str:
    """Return a shortened text with all its blanks and line ends as single blanks."""
    return shortened(" ".join(scrub(str(text)).split()), most)


def last_part(text: object, most: int) -> str:
    """Return the last characters of a text, which tell most of a log: scrubbed, then cut."""
    return scrub(str(text)).strip()[-most:]


def is_secret_by_form(text: str) -> bool:
    """Return whether a text holds something that is secret wherever it stands."""
    return any(pattern.search(text) for pattern in _PATTERNS)


def holds_token(text: str) -> bool:
    """Return whether a text, code too, holds a key or a token written out."""
    return any(pattern.search(text) for pattern in _TOKENS)


def forms(text: str) -> frozenset[str]:
    """Return a text in each encoding in which it may turn up in an answer, a log or a URL."""
    raw = text.encode("utf-8", "surrogatepass")
    # A path keeps its slashes (account keys have some), a query does not.
    percent = {coder(raw, safe=kept) for coder in (quote, quote_plus) for kept in ("", "/")}
    plain = {
        *(text, text.lower(), text.upper(), text[::-1]),
        *(json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]),
        *percent,
        *(_lower_percent(coded) for coded in percent),
        *(html.escape(text), html.escape(text, quote=False)),
        *("\0".join(text), text.encode("utf-16-le", "surrogatepass").decode("latin-1")),
    }
    wide = (text.encode(f"utf-16-{end}", "surrogatepass") for end in ("le", "be"))
    for coded in (raw, *wide):
        plain.update((coded.hex(), coded.hex().upper()))
        plain.update(_base64(coded))
        plain.add(_whole(base64.b32encode(coded).decode(), len(coded), 5))
    return frozenset(form for form in plain if len(form) >= MIN_LENGTH)


def _base64(raw: bytes) -> Iterable[str]:
    """Yield base64 of bytes that may stand anywhere in a longer text: three alignments."""
    for offset, start in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(b"\0" * offset + raw).decode()
        core = _whole(text, offset + len(raw), 3)[start:]
        yield core
        yield core.replace("+", "-").replace("/", "_")


def _whole(text: str, size: int, group: int) -> str:
    """Return encoded text without padding and without a last character that others share."""
    text = text.rstrip("=")
    return text[:-1] if size % group else text


def _lower_percent(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), text)
