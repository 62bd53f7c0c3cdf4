"""A sandbox with the serving spec applied, with the infrastructure spec applied, and without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import infra as specified
from tests.support.controls import Pool
from tests.support.serving import Azure


@pytest.fixture(scope="module")
def started(pool: Pool) -> Iterator[Azure]:
    with pool.lent() as server:
        yield Azure(server)


@pytest.fixture(scope="module")
def prepared(started: Azure) -> Any:
    started.prepare()
    return started.snapshot()


@pytest.fixture(scope="module")
def applied(started: Azure, prepared: Any) -> Any:
    started.restore(prepared)
    started.applied()
    return started.snapshot()


@pytest.fixture
def azure(started: Azure, prepared: Any) -> Azure:
    """Workspace, hub, project and model, and nothing of the spec."""
    started.restore(prepared)
    return started


@pytest.fixture
def live(started: Azure, applied: Any) -> Azure:
    """The same with the spec applied."""
    started.restore(applied)
    return started


@pytest.fixture(scope="module")
def infra_applied(started: Azure) -> Any:
    emptied(started)
    started.applied(specified.SPEC)
    return started.snapshot()


@pytest.fixture
def infra(started: Azure, infra_applied: Any) -> Iterator[Azure]:
    """A subscription to which the spec was applied; what is sent must fit the types."""
    started.restore(infra_applied)
    before = started.now()
    yield started
    assert specified.misfits(started, before) == []


@pytest.fixture
def empty(started: Azure) -> Iterator[Azure]:
    """A subscription with nothing in it."""
    emptied(started)
    yield started
    assert specified.misfits(started, 0) == []


def emptied(azure: Azure) -> None:
    azure.control("POST", "reset", {})
    azure.control("POST", "clock", {"mode": "instant"})
