"""loop.yaml: which specs to keep, how, and with what limits. Never from the repository.

Unknown keys and wrong values are errors with their place, all at once, as in a spec.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator

from reconciler.diagnostics import Diagnostic, SpecError
from reconciler.gitops.config_notify import Notify, unfit
from reconciler.gitops.config_source import SourceConfig
from reconciler.gitops.config_told import HttpConfig, Listen, MetricsConfig
from reconciler.gitops.config_types import FilePath, LoopModel, SpecName, Time
from reconciler.spec import document as documents
from reconciler.spec.document import Document
from reconciler.spec.problems import diagnostics

SHORTEST_INTERVAL_S = 60.0
WILDCARDS = "*?["


def _not_too_short(value: float) -> float:
    if value < SHORTEST_INTERVAL_S:
        raise ValueError(f"at least {SHORTEST_INTERVAL_S:.0f}s")
    return value


Interval = Annotated[Time, AfterValidator(_not_too_short)]


class Window(LoopModel):
    """A time in which Azure may, or may not, be written."""

    allow: str | None = None
    """When it opens, as a cron expression."""
    deny: str | None = None
    """When it closes, as a cron expression; it beats every `allow`."""
    lasts: Annotated[Time, Field(alias="for")]
    """How long it lasts."""
    zone: str = "UTC"
    """The time zone of the expression, such as `Europe/Warsaw`."""

    @model_validator(mode="after")
    def _is_valid(self) -> Window:
        if (self.allow is None) == (self.deny is None):
            raise ValueError("state either allow or deny")
        _check_zone(self.zone)
        _check_cron(self.allow or self.deny or "")
        return self


Changes = Literal["auto", "approve", "dangerous"]
DriftChoice = Literal["report", "correct"]


class Defaults(LoopModel):
    """What holds for each spec that says nothing else."""

    interval: Interval = 600.0
    """How often to look."""
    retry: Time = 60.0
    """How soon to look again after a failure; doubles up to the interval."""
    timeout: Time = 1200.0
    """How long one pass may take."""
    drift: DriftChoice = "report"
    """What to do with what somebody else changed in Azure."""
    changes: Changes = "auto"
    """Which changes of the spec wait for an approval: none, all, or only dangerous ones."""
    prune: bool = False
    """Whether to delete what the spec created and no longer contains."""


class SpecConfig(LoopModel):
    """A spec to keep, or several: those that a pattern names."""

    name: SpecName
    """What it is called in tags, metrics and commit statuses."""
    path: FilePath
    """The file in the source, or a pattern: then each file is a spec NAME.FILE of its own."""
    environment: str = ""
    """The environment that is meant, where the spec has `per_environment`."""
    interval: Interval | None = None
    """As in `defaults`."""
    retry: Time | None = None
    """As in `defaults`."""
    timeout: Time | None = None
    """As in `defaults`."""
    drift: DriftChoice | None = None
    """As in `defaults`."""
    changes: Changes | None = None
    """As in `defaults`."""
    prune: bool | None = None
    """As in `defaults`."""
    depends_on: list[SpecName] = Field(default_factory=list)
    """Specs that must be Ready at the same revision first."""
    ignore: list[str] = Field(default_factory=list)
    """Fields to leave to others, such as `deployments.blue.instance_count`."""
    windows: list[Window] = Field(default_factory=list)
    """When Azure may be written; always where there are none."""

    @field_validator("path")
    @classmethod
    def _is_inside(cls, value: str) -> str:
        if value.startswith("/") or ".." in Path(value).parts:
            raise ValueError("a path within the source, without `..`")
        return value

    @property
    def is_pattern(self) -> bool:
        """Whether it may name several files."""
        return any(sign in self.path for sign in WILDCARDS)


class LeaseConfig(LoopModel):
    """Where replicas agree who may write."""

    container: Annotated[str, Field(pattern=r"^https://[^/\s]+/[a-z0-9-]{3,63}$")]
    """A blob container, `https://ACCOUNT.blob.core.windows.net/CONTAINER`."""


class Limits(LoopModel):
    """How much one pass, and one day, may do."""

    deletes_per_pass: Annotated[int, Field(ge=0)] = 5
    """More deletions than that, replacements among them, and nothing of the pass is applied."""
    runs_per_day: Annotated[int, Field(ge=0)] = 3
    """How many jobs of one spec may be started in 24 hours."""
    workers: Annotated[int, Field(ge=1, le=64)] = 4
    """How many specs are looked at, at once."""


class LoopConfig(LoopModel):
    """What `reconcile loop` keeps, and how."""

    version: Literal[1]
    """The version of this format: 1."""
    source: SourceConfig
    """Where specs come from."""
    defaults: Defaults = Defaults()
    """What holds for each spec that says nothing else."""
    specs: Annotated[list[SpecConfig], Field(min_length=1)]
    """The specs to keep."""
    policy: FilePath | None = None
    """A policy that every plan is held against; outside of the source."""
    lease: LeaseConfig | None = None
    """Where replicas agree who may write; without it there is one replica."""
    limits: Limits = Limits()
    """How much one pass, and one day, may do."""
    listen: Listen | None = None
    """Where to answer over HTTP, `ADDRESS:PORT`; nowhere unless stated."""
    http: HttpConfig = HttpConfig()
    """Who may ask what over HTTP."""
    metrics: MetricsConfig = MetricsConfig()
    """What `/metrics` tells."""
    notify: list[Notify] = Field(default_factory=list)
    """Who else is told: commits, deployments, chats."""

    def settings(self, spec: SpecConfig) -> Settings:
        """Return what holds for a spec: its own words, and else the defaults."""
        merged: dict[str, Any] = {}
        for name in Defaults.model_fields:
            own = getattr(spec, name)
            merged[name] = getattr(self.defaults, name) if own is None else own
        return Settings(
            **merged,
            environment=spec.environment,
            depends_on=tuple(spec.depends_on),
            ignore=tuple(spec.ignore),
            windows=tuple(spec.windows),
            deletes_per_pass=self.limits.deletes_per_pass,
            runs_per_day=self.limits.runs_per_day,
        )


@dataclass(frozen=True)
class Settings:
    """How one spec is kept; times in seconds."""

    interval: float = 600.0
    retry: float = 60.0
    timeout: float = 1200.0
    drift: DriftChoice = "report"
    changes: Changes = "auto"
    prune: bool = False
    environment: str = ""
    depends_on: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    deletes_per_pass: int = 5
    runs_per_day: int = 3


def load_config(source: str) -> LoopConfig:
    """Return what a loop.yaml says. Raises `SpecError` with everything that is wrong with it."""
    document = documents.load(source)
    try:
        config = LoopConfig.model_validate(document.data)
    except ValidationError as error:
        raise SpecError(*diagnostics(error, document, LoopConfig)) from error
    problems = [*_wrong_names(config, document), *_untold(config, document)]
    if problems:
        raise SpecError(*problems)
    return config


def _untold(config: LoopConfig, document: Document) -> Iterator[Diagnostic]:
    """Yield who of `notify` cannot be told."""
    for index, what, hint in unfit(config.notify, config.source):
        yield Diagnostic(what, document.position(("notify", index)), hint=hint)


def _wrong_names(config: LoopConfig, document: Document) -> Iterator[Diagnostic]:
    """Yield what is wrong with names that specs have, or wait for."""
    names: set[str] = set()
    for index, spec in enumerate(config.specs):
        if spec.name in names:
            place = document.position(("specs", index, "name"))
            yield Diagnostic(f"two specs are named `{spec.name}`", place, hint="rename one of them")
        names.add(spec.name)
    for index, spec in enumerate(config.specs):
        for at, needed in enumerate(spec.depends_on):
            place = document.position(("specs", index, "depends_on", at))
            if needed not in names:
                hint = f"one of: {', '.join(sorted(names))}"
                yield Diagnostic(
                    f"`{spec.name}` depends on `{needed}`, which is not a spec", place, hint=hint
                )
            elif spec.name in _needed(config, needed):
                what = f"`{spec.name}` and `{needed}` wait for each other"
                yield Diagnostic(what, place, hint="remove one of the two from depends_on")


def _needed(config: LoopConfig, name: str) -> set[str]:
    """Return what a spec waits for, directly or not, with itself."""
    needs = {spec.name: spec.depends_on for spec in config.specs}
    found, waiting = {name}, [name]
    while waiting:
        new = [other for other in needs.get(waiting.pop(), []) if other not in found]
        found.update(new)
        waiting += new
    return found


def _check_zone(zone: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"`{zone}` is not a time zone such as Europe/Warsaw") from error


def _check_cron(expression: str) -> None:
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError(
            f"`{expression}` is not a cron expression such as `0 8 * * 1-5`"
        ) from error
