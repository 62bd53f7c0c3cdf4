"""Two clients that take turns: the seed alone decides in which order they reach the world."""

import threading
from itertools import pairwise

import pytest
import requests

URL = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/{}"
EACH = 12


@pytest.fixture
def turns(sandbox):
    yield lambda **body: sandbox.control("POST", "turns", body)
    sandbox.control("DELETE", "turns")


def session(sandbox, name):
    """Return a session that introduces itself under a name."""
    found = requests.Session()
    found.verify, found.trust_env = sandbox.ca_file, False
    token = sandbox.credential.get_token("https://management.azure.com/.default").token
    found.headers.update({"User-Agent": f"test {name}", "Authorization": f"Bearer {token}"})
    return found


def get(sandbox, client, group):
    url = f"{sandbox.url}{URL.format(group)}?api-version=2025-04-01"
    return client.get(url, timeout=20).status_code


def ask(sandbox, client, name):
    """Send a dozen requests under a name, then leave."""
    for number in range(EACH):
        get(sandbox, client, f"{name}-{number}")
    sandbox.control("DELETE", f"turns?caller={name}")


def order(sandbox):
    """Let both ask at once; return in which order their requests came."""
    sandbox.control("DELETE", "journal")
    both = [
        threading.Thread(target=ask, args=(sandbox, session(sandbox, name), name))
        for name in ("one", "two")
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    entries = [entry for entry in sandbox.journal() if "test " in entry["client"]]
    return [entry["path"].rpartition("/")[2] for entry in entries]


def test_a_seed_is_one_order(sandbox, turns):
    orders = []
    for seed in (7, 7, 8):
        turns(callers=["one", "two"], seed=seed)
        orders.append(order(sandbox))
    first, again, other = orders
    assert first == again != other
    assert sorted(first) == sorted(other)
    assert [name for name in first if name.startswith("one")] == [f"one-{n}" for n in range(EACH)]


def test_the_chance_of_a_switch_makes_stretches_or_alternation(sandbox, turns):
    switches = []
    for switch in (0.0, 1.0):
        turns(callers=["one", "two"], seed=1, switch=switch)
        names = [name[:3] for name in order(sandbox)]
        switches.append(sum(a != b for a, b in pairwise(names)))
    assert switches == [1, 2 * EACH - 1]


def test_others_are_not_held_up(sandbox, turns):
    turns(callers=["one", "two"])
    assert get(sandbox, session(sandbox, "three"), "three") == 404


@pytest.mark.parametrize("body", [{}, {"callers": "one"}, {"callers": ["one"], "switch": 2}])
def test_what_cannot_take_turns_is_refused(sandbox, body):
    answer = requests.post(
        f"{sandbox.url}/_sandbox/turns",
        json=body,
        headers={"x-sandbox-token": sandbox.server.control_token},
        verify=sandbox.ca_file,
        timeout=20,
    )
    assert answer.status_code == 400
    assert answer.json()["error"]
