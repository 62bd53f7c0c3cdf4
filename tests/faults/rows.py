"""What is measured: the rows of the table, each with its scene, its check and its cases."""

import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.faults.matrix import MATRIX
from tests.faults.row import GREEN, OPEN, PARTLY

SMALL, FULL, MANY = "small", "full", "two-hundred"
WHENS = ("before", "after")
MIXES = {
    "histories": {
        ("apply", SMALL): 76,
        ("destroy", SMALL): 10,
        ("prune", SMALL): 10,
        ("apply", FULL): 3,
        ("destroy", FULL): 1,
    },
    "writers": {
        ("apply", SMALL): 70,
        ("destroy", SMALL): 10,
        ("prune", SMALL): 10,
        ("apply", FULL): 10,
    },
}
"""Of a hundred histories or pairs of writers, how many are told of which scene."""
RUNS_A_CASE = 10
MOST_SENT = 1.2
"""How much may be sent on average when one answer in ten fails, of what a calm run sends."""


def _violations(found, wrong):
    return f"{len(wrong)} violations"


def _is_text(found):
    return bool(found)


@dataclass(frozen=True)
class Row:
    """One line: every case is checked in some lane; a check's text says what is wrong."""

    what: str
    place: tuple[str, str]
    check: str
    cases: list
    possible: object
    result: Callable = _violations
    is_wrong: Callable = _is_text
    is_wrong_in_all: Callable = lambda found: False
    counted: int = 0

    def found(self, lanes):
        """Yield what the check comes to for each case, in the order in which they end."""
        return lanes.each(self.place, self.check, self.cases)


def of(lanes, options):
    """Yield the rows that the options ask for, each made when its turn comes."""
    chance = random.Random(options.seed)
    for spec, count in ((SMALL, options.kills), (FULL, options.kills_full)):
        yield from _kills(lanes, spec, count, chance, options)
    yield from _chances(options)
    yield from _disturbed(lanes, chance, options)
    if options.pairs:
        yield _pairs(lanes, ("apply", SMALL), chance, options)
    yield from _steady(options)
    yield from _kills(lanes, MANY, options.kills_many, chance, options)
    for place in _places(MANY, options):
        if options.worlds:
            yield _worlds(lanes, place, chance, options)


def _disturbed(lanes, chance, options):
    for place in _places(SMALL, options):
        if options.signals:
            yield from _signals(lanes, place, chance, options)
    for spec, count in ((SMALL, options.stale), (FULL, options.stale_full)):
        for place in _places(spec, options):
            if count:
                yield _stale(lanes, place, chance, count)
    for spec, count in ((SMALL, options.cells), (FULL, options.cells_full)):
        if count and ("apply", spec) in _places(spec, options):
            yield _cells(lanes, ("apply", spec), chance, count)


def _places(spec, options):
    return [(command, spec) for command in options.commands if spec in options.specs]


def _kills(lanes, spec, count, chance, options):
    """Real kills, shared out among the commands by how many points they have."""
    if not count:
        return
    requests = {place: len(lanes.ask(place, "describe")) for place in _places(spec, options)}
    for place, share in shared(count, requests).items():
        if not share:
            continue
        points = range(1, requests[place] + 1)
        every = [((nth, when),) for nth in points for when in WHENS]
        what = f"kill -9, {_name(place)} ({requests[place]} requests)"
        yield Row(what, place, "kill", _sample(chance, every, share), len(every))


def shared(count, weights):
    """Return a count shared out by weights, to the last one: the sum is the count."""
    left, shares = sum(weights.values()), {}
    for key, weight in weights.items():
        shares[key] = round(count * weight / left) if left else 0
        count, left = count - shares[key], left - weight
    return shares


def _worlds(lanes, place, chance, options):
    count = len(lanes.ask(place, "describe"))
    files = lanes.ask(place, "record")
    cases = _sample(chance, files, options.worlds)
    what = f"every world a kill leaves, {_name(place)} ({count} requests)"
    possible = f"{len(files)} different ones"
    return Row(what, place, "world", cases, possible)


def _pairs(lanes, place, chance, options):
    """Every pair of kills at writes, before and after; the second one strikes the next run."""
    described = enumerate(lanes.ask(place, "describe"), 1)
    writes = [nth for nth, (_, _, kind, writes) in described if writes and kind == "arm"]
    deaths = [(nth, when) for nth in writes for when in WHENS]
    every = [(one, two) for one in deaths for two in deaths]
    return Row(
        f"two kills at writes, {_name(place)}",
        place,
        "kill",
        _sample(chance, every, options.pairs),
        len(every),
    )


def _chances(options):
    for what, check, count in (
        ("up to three faults", "history", options.histories),
        ("two writers, no lock", "writers", options.writers),
    ):
        mix = MIXES["histories" if check == "history" else "writers"]
        for place, share in mix.items():
            if count:
                seeds = range(options.seed, options.seed + max(1, count * share // 100))
                yield Row(f"{what}, {_name(place)}", place, check, list(seeds), "any number")


def _stale(lanes, place, chance, count):
    every = lanes.ask(place, "all stale")
    what = f"reads behind by 1, 3 or 10, {_name(place)}"
    return Row(what, place, "stale", _sample(chance, every, count), len(every))


def _signals(lanes, place, chance, options):
    count = len(lanes.ask(place, "describe"))
    for number in (signal.SIGTERM, signal.SIGINT):
        chosen = _sample(chance, range(1, count + 1), options.signals)
        what = f"{number.name} during a request, {_name(place)}"
        yield Row(what, place, "signal", [(nth, int(number)) for nth in chosen], count)


def _cells(lanes, place, chance, count):
    every = lanes.ask(place, "cells")
    cases = _sample(chance, every, count)
    return Row(f"one fault on one write, {_name(place)}", place, "cell", cases, len(every))


def _steady(options):
    for command, count in (("plan", options.plans), ("apply", options.plans // 10)):
        for spec in (SMALL, FULL):
            cases = [(command, RUNS_A_CASE)] * max(1, count // 2 // RUNS_A_CASE)
            if count:
                yield Row(
                    f"no change, {command} of {spec}",
                    ("apply", spec),
                    "quiet",
                    cases,
                    "any number",
                    result=lambda found, wrong: f"{sum(map(len, found))} writes",
                    counted=len(cases) * RUNS_A_CASE,
                )
    if options.rates:
        for spec in (SMALL, FULL):
            yield Row(
                f"1 answer in 10 fails, apply of {spec}",
                ("apply", spec),
                "amplification",
                list(range(options.seed, options.seed + options.rates)),
                "any number",
                result=lambda found, wrong: _factors(found),
                is_wrong=lambda factor: isinstance(factor, str),
                is_wrong_in_all=lambda found: _mean(found) > MOST_SENT,
            )


def _factors(found):
    most = max((factor for factor in found if not isinstance(factor, str)), default=0.0)
    return f"{_mean(found):.2f} times the requests on average, at most {most:.2f}"


def _mean(found):
    known = [factor for factor in found if not isinstance(factor, str)]
    return sum(known) / max(1, len(known))


def _matrix():
    states = [row.state for row in MATRIX]
    counts = ", ".join(f"{states.count(state)} {state}" for state in (GREEN, PARTLY, OPEN))
    return "fault matrix", f"{len(states)} rows", counts, 0


def _secrets():
    from tests.secrets.measure import measured

    seen = measured()
    result = f"{seen.hits} hits; {seen.caught} of {seen.seeded} seeded leaks caught"
    cases = f"{seen.secrets} secrets in the output of {seen.commands} commands"
    return "secrets in twelve encodings", cases, result, seen.hits + seen.seeded - seen.caught


def _bad_input():
    from tests.spec.measure import measured

    seen = measured()
    files = seen.specs + seen.yaml_files
    result = (
        f"{seen.whole} with place, cause and fix, {seen.crashes} tracebacks; "
        f"at most {seen.slowest_s:.2f} s and {seen.memory_mib:.0f} MiB"
    )
    cases = f"{seen.specs} specs, {seen.yaml_files} YAML files"
    is_cheap = seen.slowest_s <= 1 and seen.memory_mib <= 256
    return "bad input", cases, result, files - seen.whole + seen.crashes + (not is_cheap)


def _volumes(megabytes):
    from tests.faults.volumes import measured

    seen = measured(megabytes)
    result = (
        f"{seen.sent_twice} files or blocks sent twice, {seen.missing} missing; at most {seen.memory_mib} MiB"
        + "".join(f"; {text}" for text in seen.wrong)
    )
    cases = f"{seen.files:,} files, {seen.rows:,} rows of {megabytes:,} MB, killed half way"
    return "much data", cases, result, seen.violations


def alone(options):
    """Yield what needs no lane: each returns what, cases, result and how many are wrong."""
    volumes = (partial(_volumes, options.volumes),) if options.volumes else ()
    others = (_matrix, _secrets, _bad_input) if options.inputs else ()
    yield from (*others, *volumes)
    yield from _of_loop(options)


def _of_loop(options):
    """Yield the rows of the loop: each is measured as a whole, in this process."""
    from tests.faults import loops

    if options.loop:
        for what in loops.CASES:
            yield partial(_disturbed_loop, what, options.loop, options.seed)
    if options.loop_passes:
        yield partial(_silent, options.loop_passes)
    if options.replicas:
        for number in (2, 5):
            yield partial(_replicas, number, options.replicas, options.seed)


def _disturbed_loop(what, count, seed):
    from tests.faults import loops

    name, cases, wrong = loops.disturbed(what, count, seed)
    sys.stderr.writelines(f"{name}: {text}\n" for text in wrong)
    return name, cases, f"{len(wrong)} violations", len(wrong)


def _silent(count):
    from tests.faults import loops

    passes, bad = loops.silent(count)
    return "the loop, no change", f"{passes} passes", f"{bad} writes and events", bad


def _replicas(number, count, seed):
    from tests.faults import loops

    name, cases, wrong = loops.replicas(number, count, seed)
    sys.stderr.writelines(f"{name}: {text}\n" for text in wrong)
    return name, cases, f"{len(wrong)} violations", len(wrong)


def _sample(chance, cases, count):
    cases = list(cases)
    return cases if count >= len(cases) else chance.sample(cases, count)


def _name(place):
    return f"{place[0]} of {place[1]}"
