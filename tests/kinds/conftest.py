"""A sandbox with a workspace, hub and project, with and without the serving spec applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

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
