"""The rows of a dataset as files: fetched or read where they are, checked, and written anew."""

from __future__ import annotations

from pathlib import Path

from reconciler.datasets.cache import cache_folder
from reconciler.datasets.huggingface import Hub, Source, pieces
from reconciler.datasets.prepare import Part, Piece, Shares, prepare, prepare_given
from reconciler.datasets.rows import local_file
from reconciler.datasets.survey import survey
from reconciler.diagnostics import InterruptedRun, ReconcileError
from reconciler.engine.types import Address, Resource
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.dataset_settings import LocalSource, Wanted


def prepared(context: HandlerContext, resource: Resource[Wanted], folder: Path) -> dict[str, Part]:
    """Return the files of each part, written into `folder` anew."""
    wanted, address = resource.settings, resource.address

    def tell(rows: int) -> None:
        heed_stop(context)
        context.progress.say(address, f"{rows:,} rows checked")

    found = _by_part(context, address, wanted)
    if wanted.source.given:
        return prepare_given(found, folder, tell)
    return prepare(found[""], Shares(wanted.split.test, wanted.split.seed), folder, tell)


def heed_stop(context: HandlerContext) -> None:
    """Raise `InterruptedRun` where the user stopped the run."""
    if context.run.stop.is_set():
        raise InterruptedRun.because("stopped while preparing data")


def _by_part(context: HandlerContext, address: Address, wanted: Wanted) -> dict[str, list[Piece]]:
    """Return the rows of each part; those that are still to be divided under no name."""
    source = wanted.source
    if isinstance(source, LocalSource):
        local = _local_pieces(source, wanted)
        if not source.given:
            return {"": local}
        return {part: [one] for part, one in zip(source.given, local, strict=True)}
    context.progress.say(address, f"reading {source.repo}")
    hub = _hub(context, address)
    return {
        part: pieces(hub, Source(source.repo, source.revision, source.config, split, wanted.format))
        for part, split in (source.given or {"": source.split}).items()
    }


def _hub(context: HandlerContext, address: Address) -> Hub:
    def fetched(done: int, total: int) -> None:
        heed_stop(context)
        context.progress.bytes(address, done, total)

    access = context.run.cloud.sandbox
    cache = cache_folder() / "hub"
    cache.mkdir(exist_ok=True)
    return Hub(
        context.run.cloud.hub,
        cache,
        access.ca_file if access else "",
        tell=fetched,
        in_time=lambda call: context.run.in_time(call, is_download=True),
    )


def _local_pieces(source: LocalSource, wanted: Wanted) -> list[Piece]:
    """Return the local files, which must still be those that the plan was made from."""
    found = []
    for text, digest in zip(source.files, wanted.digests, strict=True):
        try:
            file = local_file(wanted.folder, text, text, wanted.format)
            now = survey(file).digest
        except (ValueError, OSError) as error:
            raise ReconcileError.because(f"{text} can no longer be read: {error}") from error
        if now != digest:
            raise ReconcileError.because(
                f"{text} changed since the plan was made",
                hint="run the command again to make a new plan",
            )
        found.append(Piece(file))
    return found
