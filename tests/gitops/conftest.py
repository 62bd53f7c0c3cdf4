"""A sandbox for the tests of the loop: one server, empty again for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud import azure as process
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.gitops.config_source import SourceConfig
from reconciler.gitops.git.source import GitSource
from reconciler.sandbox.launch import Server
from tests.support.azure import Azure
from tests.support.controls import Controls, Pool
from tests.support.git_server import GitServer
from tests.support.one_spec import OneSpec

Sources = Callable[..., GitSource]


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
    OneSpec(azure, tmp_path_factory.mktemp("kept")).until_ready()
    return azure.snapshot()


@pytest.fixture
def looped(azure: Azure, tmp_path: Path) -> OneSpec:
    """A loop over the smallest example, in an empty subscription."""
    return OneSpec(azure, tmp_path)


@pytest.fixture
def kept(azure: Azure, world_kept: object, tmp_path: Path) -> OneSpec:
    """A loop that has brought up the smallest example and was started anew, an empty journal."""
    azure.restore(world_kept)
    looped = OneSpec(azure, tmp_path)
    looped.source.latest()
    return looped


@pytest.fixture
def forge(server: Server) -> GitServer:
    """The git of an empty sandbox, with the repository `acme/ml`."""
    controls = Controls(server)
    controls.empty()
    return GitServer(controls)


@pytest.fixture
def cloud(server: Server) -> Cloud:
    access = SandboxAccess(
        server.url, server.ca_file, server.tenant_id, server.client_id, server.client_secret
    )
    return Cloud.of_sandbox(access)


@pytest.fixture
def source(forge: GitServer, cloud: Cloud) -> Iterator[Sources]:
    """`source(ref=..., timeout="2s")` follows the repository `acme/ml`."""
    made: list[GitSource] = []

    with process.Azure(cloud) as azure:

        def run(**words: Any) -> GitSource:
            config = SourceConfig.model_validate({"url": forge.url, **words})
            made.append(GitSource(config, azure))
            return made[-1]

        yield run
        for one in made:
            one.close()
