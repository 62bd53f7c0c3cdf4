"""Answers of the price list, kept for a day in the user's cache folder: prices change by the month.

What is kept is not trusted: a file that is a link, of somebody else, too large, older than a day,
from the future, or not the answer to this very question is as if it were not there. Without a
folder that can be written nothing is kept, and no plan fails for that.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.bounded_json import loads
from reconciler.cloud import prices
from reconciler.cloud.endpoints import Cloud
from reconciler.datasets.cache import cache_folder
from reconciler.diagnostics import LocalError
from reconciler.limits import PRICES_BYTES
from reconciler.safe_open import open_file

KEPT_FOR = timedelta(hours=24)
FOLDER = "prices"
_OURS = re.compile(r"[0-9a-f]{64}\.json|tmp\w{1,20}\.part", re.ASCII)


def listed(cloud: Cloud, sizes: Iterable[str], region: str, currency: str) -> prices.Answer:
    """Return the meters of some sizes in a region: those of the last day, else the list is asked."""
    wanted = sorted(set(sizes))
    if not cloud.keeps_prices or not wanted:
        return prices.ask(cloud, wanted, region, currency)
    question = [cloud.prices, region, currency, *wanted]
    folder = _folder()
    kept = _kept(folder, question, datetime.now(UTC)) if folder else None
    if kept is not None:
        return kept
    answer = prices.ask(cloud, wanted, region, currency)
    if folder and answer.items and answer.at:
        _keep(folder, question, answer, datetime.now(UTC))
    return answer


def _folder() -> Path | None:
    try:
        folder = cache_folder() / FOLDER
        folder.mkdir(exist_ok=True, mode=0o700)
        return None if folder.is_symlink() else folder
    except (LocalError, OSError):
        return None


def _kept(folder: Path, question: list[str], now: datetime) -> prices.Answer | None:
    try:
        with open_file(folder.parent, folder / _name(question)) as file:
            is_own = os.fstat(file.fileno()).st_uid == os.getuid()
            text = file.read(PRICES_BYTES + 1) if is_own else b""
        found = loads(text) if len(text) <= PRICES_BYTES else None
        return _answer(found, question, now)
    except (OSError, ValueError):
        return None


def _answer(found: Any, question: list[str], now: datetime) -> prices.Answer | None:
    """Return what was kept, None where it is another's or not of the last day.

    Its age is by our own clock, on both sides. Raises `ValueError` for a time that is none.
    """
    if not isinstance(found, dict) or found.get("question") != question:
        return None
    kept, at = _moment(found.get("kept")), _moment(found.get("at"))
    items = found.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    is_of_the_last_day = timedelta() <= now - kept < KEPT_FOR
    return prices.Answer(tuple(items), at=at) if is_of_the_last_day else None


def _moment(text: Any) -> datetime:
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError("a time without its zone")
    return found


def _name(question: list[str]) -> str:
    text = json.dumps(question, separators=(",", ":"))
    return f"{hashlib.sha256(text.encode()).hexdigest()}.json"


def _keep(folder: Path, question: list[str], answer: prices.Answer, now: datetime) -> None:
    """Write the answer beside the others, whole or not at all, and drop those that are too old."""
    at = answer.at.isoformat() if answer.at else ""
    held = {"question": question, "kept": now.isoformat(), "at": at, "items": list(answer.items)}
    with suppress(OSError):
        _drop_old(folder, now)
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, suffix=".part", delete=False, encoding="utf-8"
        ) as file:
            json.dump(held, file)
        Path(file.name).replace(folder / _name(question))


def _drop_old(folder: Path, now: datetime) -> None:
    for entry in os.scandir(folder):
        age = now.timestamp() - entry.stat(follow_symlinks=False).st_mtime
        if _OURS.fullmatch(entry.name) and age > KEPT_FOR.total_seconds():
            Path(entry.path).unlink()
