"""The replay's figures: in total, by type and method, as text and as the committed summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.sandbox.replay.recordings import Exchange
from tests.sandbox.replay.run import Outcome

SUMMARY = Path(__file__).with_name("summary.json")
Key = tuple[str, str]


def summary(outcome: Outcome) -> dict[str, Any]:
    """Return counts only: no recorded content. `agreeing` is in status, error code, LRO style;
    `alike` in everything that is compared.
    """
    spelling = _spelling([*outcome.sent, *outcome.foreign])
    disagreeing, unlike = outcome.disagreeing(), outcome.unlike()
    sent, agreeing, alike = (
        Counter(_key(one, spelling) for one in outcome.sent if one.id not in without)
        for without in (set[str](), disagreeing, unlike)
    )
    foreign = Counter(_key(one, spelling) for one in outcome.foreign)
    return {
        "total": {
            "recorded": len(outcome.sent) + len(outcome.foreign),
            "replayed": len(outcome.sent),
            "agreeing": sum(agreeing.values()),
            "alike": sum(alike.values()),
            "not_emulated": len(outcome.foreign),
        },
        "replayed": [
            {
                "type": key[0],
                "method": key[1],
                "recorded": count,
                "agreeing": agreeing[key],
                "alike": alike[key],
            }
            for key, count in sorted(sent.items())
        ],
        "not_emulated": [
            {"type": key[0], "method": key[1], "recorded": count}
            for key, count in sorted(foreign.items())
        ],
    }


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Write a summary for people."""
    row = "{:<62} {:<22} {:>8} {:>8} {:>6}".format
    yield row("type", "method", "recorded", "agreeing", "alike")
    namespaces: dict[str, Counter[str]] = {}
    for one in found["replayed"]:
        yield row(one["type"], one["method"], one["recorded"], one["agreeing"], one["alike"])
        counts = namespaces.setdefault(one["type"].partition("/")[0], Counter())
        counts.update({name: one[name] for name in ("recorded", "agreeing", "alike")})
    yield ""
    for name, counts in sorted(namespaces.items()):
        yield row(name, "", counts["recorded"], counts["agreeing"], counts["alike"])
    yield "\nnot emulated, so not replayed:"
    for one in found["not_emulated"]:
        yield row(one["type"], one["method"], one["recorded"], "", "")
    total = found["total"]
    share = 100 * total["agreeing"] / total["replayed"]
    yield (
        f"\n{total['recorded']} recorded exchanges; {total['replayed']} on emulated types, of "
        f"which {total['agreeing']} ({share:.1f} %) agree in status, error code and LRO style, "
        f"{total['alike']} in headers, keys and values too"
    )


def _key(exchange: Exchange, spelling: dict[str, str]) -> Key:
    return spelling[exchange.type.lower()], exchange.verb


def _spelling(exchanges: list[Exchange]) -> dict[str, str]:
    """One spelling for each type: clients write `microsoft.insights` and `Microsoft.Insights`."""
    found: dict[str, str] = {}
    for exchange in exchanges:
        found[exchange.type.lower()] = min(exchange.type, found.get(exchange.type.lower(), "~"))
    return found
