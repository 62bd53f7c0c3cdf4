"""kill -9 around requests that a secret of a vault has part in: one more run, and it is right.

The first apply of a connection with such a secret, and the one that follows a new value.
"""

import json

import pytest

from tests.faults.crash import Point, survives
from tests.faults.scenes import ONE_BY_ONE, SMALL, Scene, rehearsed
from tests.faults.seed import drawn

CONNECTION = """
connections:
  search:
    target: https://search.example
    keys:
      key: ${{ workspace.key_vault.secrets.search-key }}
"""
KILLS = 4
FIRST, SECOND = "first~Value+of/the=vault", "second~Value+of/the=vault"


def put_secret(arena, value):
    body = {"vault": "smallest-ws-kv", "name": "search-key", "value": value}
    arena.control("POST", "secret", body)


@pytest.fixture(params=["new", "rotated"])
def played(request, arena, tmp_path):
    """An apply that writes the secret, and what it comes to when nothing disturbs it."""
    file = tmp_path / "vaulted.yaml"
    file.write_text(SMALL.read_text(encoding="utf-8") + CONNECTION, encoding="utf-8")
    words = ("apply", str(file), "--yes", "-o", "json", *ONE_BY_ONE)
    arena.reset()
    put_secret(arena, FIRST)
    if request.param == "rotated":
        assert arena.run(*words).code == 0
        put_secret(arena, SECOND)
    wanted = SECOND if request.param == "rotated" else FIRST
    return rehearsed(arena, Scene(f"apply, {request.param}", words, arena.snapshot())), wanted


def test_one_more_run_is_all_it_takes(arena, played):
    scene, wanted = played
    kills = [
        Point(nth, when)
        for nth, entry in enumerate(scene.requests, 1)
        if "/_vault/" in entry["path"] or "/connections" in entry["path"]
        for when in ("before", "after")
    ]
    assert len(kills) >= 6
    for point in drawn(kills, KILLS, scene.name):
        assert survives(arena, scene, point) == ""
        assert held(arena) == wanted


def held(arena):
    """What Azure holds as the key of the connection."""
    [record] = [t for k, t in arena.snapshot()["resources"] if k.endswith("/connections/search")]
    return json.loads(record)["hidden"]["credentials"]["keys"]["key"]
