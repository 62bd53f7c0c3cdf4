"""Secret values: wrapped while they live, remembered so that no output can hold them.

The lowest layer of all. A `Secret` prints as words; `remember` tells what else must never be
seen (a token, an account key); `scrub` takes both out of any text, however it is encoded.
Azure, an SDK or a container may echo what we sent, so every sink scrubs what it writes, and
every diagnostic is scrubbed when it is made, before anything shortens it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from threading import Lock

from reconciler.encodings import MIN_LENGTH, forms
from reconciler.limits import LONG_TEXT
from reconciler.plain_view import PlainView, plain_views

SENSITIVE = "(sensitive value)"
LONG_LINE = 60
"""From here on a line may have been broken because it was full."""
LONGEST_SECRET = 8192
"""Tokens and keys are never longer than this."""
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
    re.compile(  # begins where a word does: from each `eyJ` on, it would take quadratic time
        r"(?<![A-Za-z0-9_-])(?P<kept>(?:(?!\beyJ)[A-Za-z0-9_-])*+)"
        r"eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{10,}+(?:\.[A-Za-z0-9_-]*+)?"
    ),
    re.compile(r"(?P<kept>)\b(?:hf_|sk-|gh[pousr]_|github_pat_)[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?P<kept>)\b(?:glpat-|npm_|dckr_pat_|dapi|xox[abprs]-|AIza)[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?P<kept>)\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"(?P<kept>)(?<![A-Za-z0-9_.~-])[A-Za-z0-9_.~-]{3}\dQ~[A-Za-z0-9_.~-]{31,34}"),
    re.compile(r"(?P<kept>)(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])"),
    re.compile(r"(?P<kept>)-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?"),
)
"""Texts that are secret by themselves; code that reads a password contains none of them."""
_TOKEN_PARTS = (
    ("eyJ",),
    ("hf_", "sk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    ("glpat-", "npm_", "dckr_pat_", "dapi", "xox", "AIza"),
    ("AKIA", "ASIA"),
    ("Q~",),
    ("==",),
    ("PRIVATE KEY",),
)
"""For each of them, what one of is in whatever fits it: most of ten MiB need no expression."""
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
        self.longest = LONGEST_SECRET

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
                self.longest = max(self.longest, *map(len, self.texts[text]))
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
        """Return where known texts stand in one line, first to last; overlapping ones are one."""
        by_start = self.by_start
        starts = range(len(text) - MIN_LENGTH + 1) if by_start else ()
        found: list[tuple[int, int]] = []
        for begin in [at for at in starts if text[at : at + MIN_LENGTH] in by_start]:
            here = by_start[text[begin : begin + MIN_LENGTH]]
            size = next((len(form) for form in here if text.startswith(form, begin)), 0)
            if size:
                found.append((begin, begin + size))
        return _merged(found)


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
    for begin, end in _places(text):
        clean += [text[done:begin], SENSITIVE]
        done = end
    text = "".join((*clean, text[done:]))
    if _may_hold_secret(text):
        for pattern in _PATTERNS:
            text = pattern.sub(lambda m: f"{m['kept']}{SENSITIVE}", text)
    return text


def _places(text: str) -> list[tuple[int, int]]:
    """Return where secrets stand that are known, or that are broken over lines or escaped."""
    found = _known.places(text)
    for view in plain_views(text):
        known = (place for place in _known.places(view.text) if view.is_rewritten(*place))
        found += [view.origin(*place) for place in (*known, *_broken_tokens(view))]
    return _merged(found)


def _merged(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return places first to last; those that overlap are one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(places):
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _broken_tokens(view: PlainView) -> Iterable[tuple[int, int]]:
    """Yield where a token stands that goes on in another line.

    One that is whole at the end of a short line is followed by something else.
    """
    for pattern in _TOKENS if _may_hold_secret(view.text) else ():
        for match in pattern.finditer(view.text):
            begin, end = match.end("kept"), match.end()
            if view.is_rewritten(begin, end):
                start, stop = view.line_of(begin)
                if stop - start >= LONG_LINE or not pattern.search(view.text, begin, stop):
                    yield begin, end


def _may_hold_secret(text: str) -> bool:
    folded = text.casefold()
    return any(hint in folded for hint in _HINTS)


def shortened(text: object, most: int) -> str:
    """Return a text of at most so many characters: scrubbed first, then cut.

    What is cut through a secret holds a half that no search finds any more, so nothing
    else may cut a text; a test forbids it.
    """
    clean = _head(str(text))
    return clean if len(clean) <= most else f"{clean[: most - 3]}..."


def shortened_inside(text: object, most: int) -> str:
    """Return a text of at most so many characters: scrubbed first, then cut in its middle.

    For names: what tells two of them apart often stands at their end.
    """
    clean = _head(str(text))
    kept = most - 3
    tail = kept // 2
    return clean if len(clean) <= most else f"{clean[: kept - tail]}...{clean[-tail:]}"


def on_one_line(text: object, most: int) -> str:
    """Return a shortened text with all its blanks and line ends as single blanks."""
    return shortened(" ".join(_head(str(text)).split()), most)


def last_part(text: object, most: int) -> str:
    """Return the last characters of a text, which tell most of a log: scrubbed, then cut."""
    whole = str(text)
    if len(whole) > LONG_TEXT:
        whole = scrub(whole[-LONG_TEXT:])[_known.longest :]
    return scrub(whole).strip()[-most:]


def _head(text: str) -> str:
    """Return a text without its secrets; of one that is too long to be searched, its start.

    What stands before the cut may be the half of a secret: as much as that is left out.
    """
    if len(text) <= LONG_TEXT:
        return scrub(text)
    clean = scrub(text[:LONG_TEXT])
    return clean[: max(len(clean) - _known.longest, 0)] + "..."


def is_secret_by_form(text: str) -> bool:
    """Return whether a text holds something that is secret wherever it stands."""
    return any(pattern.search(text) for pattern in _PATTERNS)


def holds_token(text: str) -> bool:
    """Return whether a text, code too, holds a key or a token written out."""
    return any(
        pattern.search(text)
        for pattern, parts in zip(_TOKENS, _TOKEN_PARTS, strict=True)
        if any(part in text for part in parts)
    )
