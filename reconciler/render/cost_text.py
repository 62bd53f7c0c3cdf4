"""What a plan costs, in one sentence: what it adds or saves, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.engine.money import PlanCost, RunCost, Sum, significant
from reconciler.engine.types import JsonObject
from reconciler.render.terminal import clean

SIGNS = {"USD": "$"}
MINUTES_UNTIL_HOURS = 115
TERMS = "without your discounts"


def cost_sentence(cost: PlanCost | None) -> str:
    """Return the sentence, "" where a plan changes no cost."""
    if cost is None or cost.is_nothing:
        return ""
    sources = " and ".join(cost.sources)
    told = f" ({sources}, {TERMS})" if sources else ""
    return f"Cost: {'; '.join(_parts(cost))}{told}."


def _parts(cost: PlanCost) -> Iterator[str]:
    delta, currency = cost.delta, cost.delta.currency
    if delta.serving.amount or delta.serving.unknown:
        month = _amount(delta.month, currency, signed=True)
        hour = _amount(delta.serving, currency, signed=True)
        yield f"{hour} an hour while serving ({month} a month if left on)"
    if cost.runs.amount or cost.runs.unknown:
        yield f"training {_amount(cost.runs, currency)} an hour while it runs"
        yield from (_time(run, cost) for run in cost.running)
    if delta.idle.amount or delta.idle.unknown:
        yield f"of that {_amount(delta.idle, currency, signed=True)} an hour with nothing running"
    unknown = dict.fromkeys((*delta.serving.unknown, *cost.runs.unknown))
    if unknown:
        yield f"the price of {', '.join(f'`{clean(address)}`' for address in unknown)} is unknown"


def _time(run: RunCost, cost: PlanCost) -> str:
    """Return how long a run takes and what that costs, or that nobody knows yet."""
    what, currency = f"`{clean(run.address)}`", cost.delta.currency
    took = run.duration
    if took is None:
        return f"how long {what} takes is unknown"
    between = [_amount(run.of(seconds), currency) for seconds in (took.p50_s, took.p90_s)]
    money = " to ".join(dict.fromkeys(between))
    times = f"about {_span(took.p50_s)}, up to {_span(took.p90_s)}"
    return f"{what} takes {times} by {took.runs} finished jobs, {money}"


def _span(seconds: float) -> str:
    """Return a time as people say it: minutes, from two hours on hours and their halves."""
    minutes = max(1, round(seconds / 60))
    if minutes < MINUTES_UNTIL_HOURS:
        return f"{minutes} min"
    halves = round(minutes / 30)
    return f"{halves // 2}{'.5' if halves % 2 else ''} h"


def _amount(found: Sum, currency: str, *, signed: bool = False) -> str:
    """An amount with its currency; "unknown" where nothing of it is known."""
    if not found.amount and found.unknown:
        return "unknown"
    sign = "-" if found.amount < 0 else "+" if signed and found.amount else ""
    least = "at least " if found.unknown else ""
    return f"{least}{sign}{SIGNS.get(currency, f'{currency} ')}{significant(abs(found.amount))}"


def cost_json(cost: PlanCost | None) -> JsonObject | None:
    """Return the figures as plain data: decimal texts, and the addresses that are unknown."""
    if cost is None:
        return None
    delta = cost.delta
    return {
        "currency": delta.currency,
        "delta_per_hour_serving": _sum(delta.serving),
        "delta_per_hour_idle": _sum(delta.idle),
        "delta_per_month": _sum(delta.month),
        "per_hour_serving": _sum(cost.then.serving),
        "training_per_hour": _sum(cost.runs),
        "runs": [_run(run) for run in cost.running],
        "sources": list(cost.sources),
    }


def _run(run: RunCost) -> JsonObject:
    """Return how long a run takes and what it costs then, null where nobody knows."""
    took = run.duration
    return {
        "address": run.address,
        "per_hour": _sum(run.hour),
        "finished_jobs": took.runs if took else 0,
        "p50_seconds": took.p50_s if took else None,
        "p90_seconds": took.p90_s if took else None,
        "p50": _sum(run.of(took.p50_s)) if took else None,
        "p90": _sum(run.of(took.p90_s)) if took else None,
    }


def _sum(found: Sum) -> JsonObject:
    return {"amount": f"{found.amount:f}", "unknown": list(found.unknown)}
