"""A git repository as the loop's source: what its ref names now, as files in a private folder."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cloud.azure import Azure
from reconciler.cloud.request_deadline import current, run_ends
from reconciler.cloud.run_limits import RunLimits
from reconciler.diagnostics import LocalError, UnavailableError
from reconciler.gitops.config_source import HighestTag, OneCommit, SourceConfig
from reconciler.gitops.git import confined, history
from reconciler.gitops.git.http import ends_at
from reconciler.gitops.git.remote import Fetched, Listed, Remote
from reconciler.gitops.git.sign_in import sign_in
from reconciler.gitops.git.verification import condition
from reconciler.gitops.git.versions import TAGS, highest
from reconciler.gitops.ports import RefGoneError
from reconciler.gitops.records import Condition, Revision, Tree
from reconciler.secrets import on_one_line

if TYPE_CHECKING:
    from dulwich.objects import Commit, Tag

HEADS = "refs/heads/"
PINNED = "pinned"
"""What stands for the ref of a revision that is one commit for ever."""
LONGEST_AUTHOR = 200
MOST_ANSWERS = 1_000
"""Of who descends from whom, which never changes: each pass of a spec asks it."""


@dataclass(frozen=True)
class Named:
    """What the configured ref names now, with the tags of that commit: their refs and objects."""

    ref: str
    commit: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """A revision that was fetched: its files, and the objects that may be signed."""

    tree: Tree
    commit: Commit
    tags: dict[str, Tag]


class GitSource:
    """The specs in a repository. Threads may ask at once; they take turns."""

    def __init__(self, config: SourceConfig, azure: Azure) -> None:
        """Ask nothing yet. `azure` signs in where the repository is one of Azure DevOps."""
        assert config.url is not None
        self._config = config
        signs_in = sign_in(config, lambda: _run(azure, config.timeout))
        ssh = config.credentials.ssh if config.credentials else None
        self._remote = Remote(config.url, azure.cloud, config.timeout, signs_in, ssh)
        self._folder = Path(tempfile.mkdtemp(prefix="reconcile-loop-"))
        self._kept: dict[str, Kept] = {}
        self._descends: dict[tuple[str, str], bool] = {}
        self._turn = threading.RLock()

    def latest(self) -> Tree:
        """Return the files of what the ref names; only that is asked where it did not move."""
        with self._turn:
            named = self._named()
            kept = self._kept.get(named.commit)
            if kept is None or named.tags.keys() - kept.tags.keys():
                kept = self._fetched(named)
            return kept.tree

    def at(self, commit: str) -> Tree:
        """Return the files of a commit. Raises `UnavailableError` where the server has it no more."""
        with self._turn:
            kept = self._kept.get(commit)
            if kept is None:
                tags = self._tags_of(commit, self._refs(()))
                kept = self._fetched(Named(self._short(PINNED), commit, tags))
            return kept.tree

    def descends(self, commit: str, of: str) -> bool:
        """Return whether a commit has another among its ancestors, no further than 1,000 back."""
        with self._turn:
            if (commit, of) not in self._descends:
                if len(self._descends) >= MOST_ANSWERS:
                    self._descends.clear()
                self._descends[commit, of] = history.descends(self._remote, commit, of)
            return self._descends[commit, of]

    def verified(self, tree: Tree) -> Condition:
        """Return `SourceVerified` for a revision: who signed it, or why that does not count."""
        with self._turn:
            self.at(tree.revision.commit)
            kept = self._kept[tree.revision.commit]
            return condition(self._config.verify, tree.revision, kept.commit, kept.tags)

    def forget(self, keep: Iterable[str]) -> None:
        """Remove the folders of all revisions but those of the commits in `keep`."""
        with self._turn:
            for commit in self._kept.keys() - set(keep):
                shutil.rmtree(self._kept.pop(commit).tree.folder, ignore_errors=True)

    def close(self) -> None:
        """Remove everything that was written."""
        with self._turn:
            self._kept.clear()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _named(self) -> Named:
        """Return what the configured ref names now. Raises `RefGoneError` where it names nothing."""
        ref = self._config.ref
        if isinstance(ref, OneCommit):
            return Named(PINNED, ref.commit, self._tags_of(ref.commit, self._refs(())))
        if isinstance(ref, HighestTag):
            refs = self._refs((TAGS + _literal(ref.tag),))
            found = highest(refs, ref.tag)
            if found is None:
                raise self._gone(f"no tag of a version matches {ref.tag}")
            return Named(_short(found), refs[found].commit, _annotated(found, refs[found]))
        refs = self._refs((ref,))
        if ref not in refs:
            raise self._gone(f"there is no {ref}")
        commit = refs[ref].commit
        tags = _annotated(ref, refs[ref]) if ref.startswith(TAGS) else self._tags_of(commit, refs)
        return Named(_short(ref), commit, tags)

    def _refs(self, prefixes: tuple[str, ...]) -> dict[str, Listed]:
        """Ask for the refs that matter: tags too, where a signed one could be of the commit."""
        asked = (*prefixes, TAGS) if self._wants_tags else prefixes
        return self._remote.refs(asked) if asked else {}

    @property
    def _wants_tags(self) -> bool:
        return self._config.verify is not None and self._config.verify.mode != "head"

    def _tags_of(self, commit: str, refs: dict[str, Listed]) -> dict[str, str]:
        tags = (ref for ref in refs if ref.startswith(TAGS) and refs[ref].commit == commit)
        return {name: sha for ref in tags for name, sha in _annotated(ref, refs[ref]).items()}

    def _fetched(self, named: Named) -> Kept:
        """Fetch a commit and its tags, and write its files."""
        fetched = self._remote.fetch([named.commit, *named.tags.values()], depth=1)
        commit = _commit_of(fetched, named.commit, self._remote.host)
        tags = _tags_in(fetched, named.tags)
        known = self._kept.get(named.commit)
        tree = known.tree if known else self._written(named, fetched, commit)
        self._kept[named.commit] = Kept(tree, commit, tags)
        return self._kept[named.commit]

    def _written(self, named: Named, fetched: Fetched, commit: Commit) -> Tree:
        place = self._folder / named.commit
        try:
            with run_ends(ends_at(self._config.timeout), lambda: None):
                confined.write(fetched.objects, commit.tree, place, current().left)
        except OSError as error:
            raise LocalError.because(
                f"the files of {named.commit[:12]} cannot be written",
                detail=error.strerror or str(error),
                hint=f"make room in {self._folder.parent}, or set TMPDIR to a folder with room",
            ) from error
        author = on_one_line(commit.author.decode(errors="replace"), LONGEST_AUTHOR)
        return Tree(Revision(named.ref, named.commit), place, author, _time(commit.commit_time))

    def _short(self, otherwise: str) -> str:
        ref = self._config.ref
        return _short(ref) if isinstance(ref, str) else otherwise

    def _gone(self, what: str) -> RefGoneError:
        problem = RefGoneError.because(
            f"{what} in {self._remote.host}",
            detail="it was deleted, or never there",
            hint="put it back, or name another `source.ref` in loop.yaml",
        )
        assert isinstance(problem, RefGoneError)
        return problem


def _run(azure: Azure, timeout_s: float) -> RunLimits:
    """Return what bounds a sign-in: it is of no subscription."""
    return RunLimits(azure, "", read_only=True, deadline=ends_at(timeout_s))


def _commit_of(fetched: Fetched, sha: str, host: str) -> Commit:
    """Return a commit that was asked for. Raises `UnavailableError` where something else came."""
    from dulwich.objects import Commit, ObjectID

    wanted = ObjectID(sha.encode())
    found = fetched.objects.get(wanted)
    if isinstance(found, Commit):
        return found
    raise UnavailableError.because(
        f"{host} did not send the commit {sha[:12]}",
        hint="nothing to do: it is asked again at the next poll",
    )


def _tags_in(fetched: Fetched, tags: dict[str, str]) -> dict[str, Tag]:
    """Return the tags that came, by name."""
    from dulwich.objects import ObjectID, Tag

    found = {}
    for name, sha in tags.items():
        wanted = ObjectID(sha.encode())
        tag = fetched.objects.get(wanted)
        if isinstance(tag, Tag):
            found[name] = tag
    return found


def _annotated(ref: str, listed: Listed) -> dict[str, str]:
    """Return a tag's name and object, nothing for one that is only a name of a commit."""
    return {ref.removeprefix(TAGS): listed.sha} if listed.sha != listed.commit else {}


def _short(ref: str) -> str:
    """Return the name of a branch or tag; `@` and spaces would end it in a revision's text."""
    short = ref.removeprefix(HEADS).removeprefix(TAGS)
    return "".join("_" if c == "@" or c.isspace() else c for c in short)


def _literal(pattern: str) -> str:
    """Return what every name of a pattern begins with."""
    ends = [pattern.find(c) for c in "*?[" if c in pattern]
    return pattern[: min(ends)] if ends else pattern


def _time(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
