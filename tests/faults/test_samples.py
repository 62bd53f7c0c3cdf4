"""What `make reliability` takes, and that it can go on where it was stopped."""

import pytest

from tests.faults import document
from tests.faults.rows import shared
from tests.faults.samples import COUNTS, EVERY, SAMPLES, options_of


def test_every_count_has_a_number_in_every_sample():
    for sample in SAMPLES.values():
        assert list(sample) == list(COUNTS)


def test_a_release_takes_every_kill_of_the_small_spec_and_what_was_promised_of_the_rest():
    options = options_of(["--release"])
    assert options.kills == options.signals == options.stale == EVERY
    assert (options.kills_full, options.histories, options.writers) == (150, 2_000, 300)
    assert options.inputs == 1


def test_one_number_can_be_stated_and_one_part_alone_be_measured():
    options = options_of(["--release", "--only", "histories", "kills", "--kills-full", "7"])
    assert (options.histories, options.kills, options.kills_full) == (2_000, EVERY, 7)
    assert options.writers == options.stale == options.stale_full == options.inputs == 0


@pytest.mark.parametrize("count", [0, 1, 12, 150])
def test_kills_are_shared_out_to_the_last_one(count):
    shares = shared(count, {"apply": 184, "destroy": 107, "prune": 25, "replace": 53})
    assert sum(shares.values()) == count
    assert all(share >= 0 for share in shares.values())


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page with one figure, in place of docs/reliability.md."""
    file = tmp_path / "page.md"
    file.write_text(
        "<!-- figures -->\n| kill -9, apply of small (49 requests) | 98 of 98 | 0 violations | 22 s "
        "| 2026-11-27, seed 7, `348c582` |\n<!-- end -->\n"
    )
    monkeypatch.setattr(document, "FILE", file)
    return file


@pytest.mark.parametrize(
    ("cases", "source", "held"),
    [
        ("98 of 98", "seed 7, `348c582`", True),
        ("20 of 98", "seed 7, `348c582`", False),
        ("98 of 98", "seed 8, `348c582`", False),
        ("98 of 98", "seed 7, `f223967`", False),
    ],
)
def test_only_a_figure_of_as_many_cases_commit_and_seed_is_kept_already(page, cases, source, held):
    assert document.holds("kill -9, apply of small (50 requests)", cases, source) is held


def test_a_figure_takes_the_place_of_the_older_one_of_its_name(page):
    line = "| kill -9, apply of small (50 requests) | 100 of 100 | 0 violations | 9 s | today |"
    document.keep(line)
    document.keep("| another | 1 | fine | 1 s | today |")
    kept = page.read_text().splitlines()
    assert kept == [
        "<!-- figures -->", *document.HEAD, line, "| another | 1 | fine | 1 s | today |",
        "<!-- end -->",
    ]  # fmt: skip
