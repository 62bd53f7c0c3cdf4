"""A 429, or a bucket near its bottom, slows down everyone whom it concerns, and nobody else."""

from __future__ import annotations

import pytest

from reconciler.cloud import throttle
from reconciler.cloud.throttle import LOW, READ_SPACING_S, WRITE_SPACING_S, Throttle, scope_of
from tests.cloud.conftest import GROUP, VAULT, Reply, arm_error

ARM = "https://management.azure.com"
STORE = f"{ARM}{GROUP}/providers/Microsoft.Storage/storageAccounts/s"


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(throttle, "time", made)
    return made


def test_nothing_waits_before_it_is_told_anything(clock):
    pace = Throttle()
    for _ in range(1000):
        pace.wait("PUT", STORE, clock.sleep)
    assert clock.now == 1000.0


def test_all_that_ask_the_same_wait_and_then_go_one_by_one(clock):
    pace = Throttle()
    pace.slow_down("PUT", STORE, 7.0, 1)
    pace.wait("PUT", STORE, clock.sleep)
    assert clock.now == 1007.0
    for _ in range(10):
        pace.wait("PUT", f"{STORE}2", clock.sleep)
    assert clock.now == pytest.approx(1007.0 + 10 * WRITE_SPACING_S)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", STORE),
        ("PUT", f"{ARM}{VAULT}"),
        ("PUT", STORE.replace("management.azure.com", "elsewhere.azure.com")),
    ],
)
def test_what_azure_counts_apart_goes_on(clock, method, url):
    pace = Throttle()
    pace.slow_down("PUT", STORE, 7.0, 1)
    pace.wait(method, url, clock.sleep)
    assert clock.now == 1000.0


def test_a_minute_later_it_is_forgotten(clock):
    pace = Throttle()
    pace.slow_down("GET", STORE, 2.0, 1)
    clock.now += 2 + throttle.CAREFUL_S + 1
    for _ in range(100):
        pace.wait("GET", STORE, clock.sleep)
    assert clock.now == 1000.0 + 2 + throttle.CAREFUL_S + 1


def test_the_spacing_is_what_azures_buckets_refill_with():
    assert pytest.approx(1 / 25) == READ_SPACING_S
    assert pytest.approx(1 / 10) == WRITE_SPACING_S


def test_the_provider_that_answers_is_the_one_that_counts():
    nested = f"{ARM}{VAULT}/providers/Microsoft.Authorization/roleAssignments/x"
    assert scope_of("GET", nested)[1] == "microsoft.authorization"
    assert scope_of("GET", f"{ARM}{GROUP}")[1] == ""


def test_a_second_request_does_not_run_into_the_same_429(azure, connect):
    azure.answers(
        Reply(429, {"Retry-After": "30"}, arm_error("TooManyRequests")), Reply(body={"id": VAULT})
    )
    connection = connect()
    connection.arm.get(VAULT, "2023-07-01")
    connection.resources.resource_groups.get("rg")
    before = len(connection.stop.asked)
    connection.arm.get(VAULT, "2023-07-01")
    assert before == 1
    assert connection.stop.asked[-1] == pytest.approx(30, abs=1)


def test_every_request_of_every_client_is_counted_and_every_wait(azure, connect):
    azure.answers(
        Reply(429, {"Retry-After": "30"}, arm_error("TooManyRequests")), Reply(body={"id": VAULT})
    )
    connection = connect()
    connection.arm.get(VAULT, "2023-07-01")
    connection.resources.resource_groups.get("rg")
    traffic = connection.azure.throttle.traffic
    sent = {(one.method, one.code): count for one, count in traffic.requests.items()}
    assert {key: count for key, count in sent.items() if key[0] == "GET"} == {
        ("GET", "429"): 1,
        ("GET", "200"): 2,
    }
    assert traffic.throttled_s == pytest.approx(30, abs=1)


def told(pace, left, method="PUT", owner="subscription"):
    bucket = "reads" if method == "GET" else "writes"
    pace.heard(method, STORE, {f"x-ms-ratelimit-remaining-{owner}-{bucket}": str(left)})


def test_with_enough_left_nothing_waits(clock):
    pace = Throttle()
    told(pace, LOW)
    for _ in range(100):
        pace.wait("PUT", STORE, clock.sleep)
    assert clock.now == 1000.0


@pytest.mark.parametrize(
    ("method", "left", "seconds"),
    [("PUT", LOW - 1, 0.1), ("PUT", 0, 0.2), ("GET", LOW - 1, 0.04), ("GET", 1, 0.08)],
)
def test_near_the_bottom_requests_go_at_the_pace_of_the_refill(clock, method, left, seconds):
    pace = Throttle()
    told(pace, left, method)
    for _ in range(11):
        pace.wait(method, STORE, clock.sleep)
    assert clock.now == pytest.approx(1000.0 + 10 * seconds, rel=0.1 / 1000)


def test_a_bucket_that_filled_again_is_drawn_from_at_once(clock):
    pace = Throttle()
    told(pace, 1)
    pace.wait("PUT", STORE, clock.sleep)
    told(pace, 199)
    for _ in range(50):
        pace.wait("PUT", STORE, clock.sleep)
    assert clock.now == 1000.0


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", STORE),
        ("DELETE", STORE),
        ("PUT", STORE.replace("00000000-0000", "11111111-0000")),
        ("PUT", STORE.replace("management.azure.com", "elsewhere.azure.com")),
    ],
)
def test_another_bucket_is_another_matter(clock, method, url):
    pace = Throttle()
    told(pace, 0)
    for _ in range(10):
        pace.wait(method, url, clock.sleep)
    assert clock.now == 1000.0


@pytest.mark.parametrize("text", ["", "many", "-1", "1e9", "٣", "9" * 40])
def test_a_count_that_is_none_says_nothing(clock, text):
    pace = Throttle()
    told(pace, text)
    for _ in range(10):
        pace.wait("PUT", STORE, clock.sleep)
    assert clock.now == 1000.0


def test_what_one_client_is_told_holds_for_all(azure, connect):
    few = {"x-ms-ratelimit-remaining-subscription-reads": "1"}
    azure.answers(Reply(200, few, {"id": VAULT, "location": "eastus"}))
    connection = connect()
    connection.resources.resource_groups.get("rg")
    for _ in range(3):
        connection.arm.get(VAULT, "2023-07-01")
    assert sum(connection.stop.asked) > 2 * READ_SPACING_S
