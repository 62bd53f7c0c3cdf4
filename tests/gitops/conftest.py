"""A sandbox for the tests of the loop: one server, empty again for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.launch import Server
from tests.support.azure import Azure
from tests.support.controls import Pool
from tests.support.one_spec import Looped


@pytest.fixture(scope="module")
def server(pool: Pool) -> Iterator[Server]:
    with pool.lent() as lent:
        yield lent


@pytest.fixture
def azure(server: Server) -> Azure:
    world = Azure(server)
    world.empty()
    return world


@pytest.fixture(scope="module")
def world_kept(server: Server, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The world once a loop has brought up the smallest example: made once for a file."""
    azure = Azure(server)
    azure.empty()
    Looped(azure, tmp_path_factory.mktemp("kept")).until_ready()
    return azure.snapshot()


@pytest.fixture
def looped(azure: Azure, tmp_path: Path) -> Looped:
    """A loop over the smallest example, in an empty subscription."""
    return Looped(azure, tmp_path)


@pytest.fixture
def kept(azure: Azure, world_kept: object, tmp_path: Path) -> Looped:
    """A loop that has brought up the smallest example and was started anew, an empty journal."""
    azure.restore(world_kept)
    looped = Looped(azure, tmp_path)
    looped.source.latest()
    return looped
