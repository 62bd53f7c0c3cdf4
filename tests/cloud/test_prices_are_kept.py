"""The price list is asked once a day, and what was kept is not trusted."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.prices import Answer
from reconciler.limits import PRICES_BYTES
from reconciler.operations.plan.checks.price_cache import KEPT_FOR, listed
from tests.cloud.conftest import Reply

SIZES = ["Standard_DS3_v2", "Standard_NC24ads_A100_v4"]
METER = {"armSkuName": SIZES[0], "retailPrice": 0.293}
FORGED = {"armSkuName": SIZES[0], "retailPrice": 0.0001}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECONCILE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "prices"


@pytest.fixture
def ask(azure: Any, authority: tuple[Any, str], folder: Path) -> Callable[..., Answer]:
    access = SandboxAccess(azure.url, authority[1], "tenant", "client", "s3cret")
    cloud = dataclasses.replace(Cloud.of_sandbox(access), keeps_prices=True)
    azure.answers(Reply(200, {}, {"Items": [METER], "NextPageLink": None}))

    def ask(region: str = "eastus", currency: str = "USD", **changed: Any) -> Answer:
        return listed(dataclasses.replace(cloud, **changed), reversed(SIZES), region, currency)

    return ask


def test_a_second_question_of_the_day_is_answered_from_the_cache(
    azure: Any, ask: Callable[..., Answer], folder: Path
) -> None:
    first, second = ask(), ask()
    assert first == second and first.items == (METER,) and first.at is not None
    assert len(azure.seen) == 1
    assert ask("westeurope").items and ask(currency="EUR").items
    assert len(azure.seen) == 3
    (file, *_) = folder.iterdir()
    assert (folder.stat().st_mode | file.stat().st_mode) & 0o077 == 0


def test_a_sandbox_is_asked_every_time(azure: Any, ask: Callable[..., Answer]) -> None:
    assert ask(keeps_prices=False) == ask(keeps_prices=False)
    assert len(azure.seen) == 2


def test_what_went_wrong_is_not_kept(azure: Any, ask: Callable[..., Answer]) -> None:
    azure.answers(Reply(503))
    assert ask().problem
    azure.answers(Reply(200, {}, {"Items": [METER], "NextPageLink": None}))
    assert ask().items == (METER,)


def _is_too_old(file: Path, held: dict[str, Any]) -> None:
    held["kept"] = (datetime.now(UTC) - KEPT_FOR).isoformat()
    file.write_text(json.dumps(held), encoding="utf-8")


def _is_of_tomorrow(file: Path, held: dict[str, Any]) -> None:
    held["kept"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    file.write_text(json.dumps(held), encoding="utf-8")


def _has_no_zone(file: Path, held: dict[str, Any]) -> None:
    held["at"] = "2026-01-01T00:00:00"
    file.write_text(json.dumps(held), encoding="utf-8")


def _is_of_another_question(file: Path, held: dict[str, Any]) -> None:
    held["question"][1] = "westus"
    file.write_text(json.dumps(held), encoding="utf-8")


def _is_no_list(file: Path, held: dict[str, Any]) -> None:
    held["items"] = [FORGED, "x"]
    file.write_text(json.dumps(held), encoding="utf-8")


def _is_too_large(file: Path, held: dict[str, Any]) -> None:
    held["items"] = [{**FORGED, "meterName": "x" * PRICES_BYTES}]
    file.write_text(json.dumps(held), encoding="utf-8")


def _is_broken(file: Path, held: dict[str, Any]) -> None:
    file.write_text("{", encoding="utf-8")


def _is_a_link(file: Path, held: dict[str, Any]) -> None:
    held["items"] = [FORGED]
    elsewhere = file.parent.parent / "forged.json"
    elsewhere.write_text(json.dumps(held), encoding="utf-8")
    file.unlink()
    file.symlink_to(elsewhere)


def _is_in_a_linked_folder(file: Path, held: dict[str, Any]) -> None:
    held["items"] = [FORGED]
    file.write_text(json.dumps(held), encoding="utf-8")
    file.parent.rename(file.parent.parent / "elsewhere")
    file.parent.symlink_to(file.parent.parent / "elsewhere")


def _is_a_pipe(file: Path, held: dict[str, Any]) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    "spoil",
    [
        _is_too_old,
        _is_of_tomorrow,
        _has_no_zone,
        _is_of_another_question,
        _is_no_list,
        _is_too_large,
        _is_broken,
        _is_a_link,
        _is_in_a_linked_folder,
        _is_a_pipe,
    ],
)
def test_what_was_kept_is_not_trusted(
    azure: Any,
    ask: Callable[..., Answer],
    folder: Path,
    spoil: Callable[[Path, dict[str, Any]], None],
) -> None:
    ask()
    (file,) = folder.iterdir()
    spoil(file, json.loads(file.read_text(encoding="utf-8")))
    assert ask().items == (METER,)
    assert len(azure.seen) == 2


def test_a_folder_that_cannot_be_written_stops_nothing(
    azure: Any, ask: Callable[..., Answer], folder: Path
) -> None:
    folder.parent.write_text("a file", encoding="utf-8")
    assert ask().items == ask().items == (METER,)
    assert len(azure.seen) == 2


def test_what_is_too_old_is_dropped(ask: Callable[..., Answer], folder: Path) -> None:
    ask()
    (file,) = folder.iterdir()
    past = (datetime.now(UTC) - KEPT_FOR - timedelta(minutes=1)).timestamp()
    os.utime(file, (past, past))
    ask("westus")
    assert file not in list(folder.iterdir()) and len(list(folder.iterdir())) == 1
