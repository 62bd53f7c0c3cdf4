"""One pass of each spec, one after the other: for a scheduled job, and for trying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.cloud.azure import Azure
from reconciler.diagnostics import RefusedError, UsageError
from reconciler.gitops.config import LoopConfig
from reconciler.gitops.folder import Folder
from reconciler.gitops.kept import Kept, kept_of
from reconciler.gitops.memory import Memory
from reconciler.gitops.pass_ import SpecPass, World
from reconciler.gitops.ports import Source
from reconciler.gitops.records import ConditionStatus, PassEnd, Tree
from reconciler.spec.problems import did_you_mean


def source_of(config: LoopConfig, azure: Azure) -> Source:
    """Return where the specs come from."""
    if config.source.folder is not None:
        return Folder(config.source.folder)
    from reconciler.gitops.git.source import GitSource

    return GitSource(config.source, azure)


def once(config: LoopConfig, world: World, names: Iterable[str] = ()) -> Iterator[PassEnd]:
    """Yield how one pass of each spec ended, of those in `names` where there are any.

    Raises `UnavailableError` where the source cannot be read, `RefusedError` where its revision
    is signed by nobody who counts.
    """
    tree = world.source.latest()
    _check_signed(world.source, tree)
    for kept in chosen(kept_of(config, tree), names):
        end, _ = SpecPass(kept, tree, world, Memory()).run()
        yield end


def _check_signed(source: Source, tree: Tree) -> None:
    found = source.verified(tree)
    if found.status is ConditionStatus.FALSE:
        raise RefusedError.because(
            f"{tree.revision} is not used: {found.reason}",
            detail=found.message,
            hint="nothing was written; `source.verify` in loop.yaml says whose signature counts",
        )


def chosen(specs: list[Kept], names: Iterable[str]) -> list[Kept]:
    """Return the specs of these names, or all. Raises `UsageError` for a name that none has."""
    wanted = list(names)
    for name in wanted:
        if all(kept.name != name for kept in specs):
            known = [kept.name for kept in specs]
            raise UsageError.because(f"--spec {name}: no such spec", hint=did_you_mean(name, known))
    return [kept for kept in specs if not wanted or kept.name in wanted]
