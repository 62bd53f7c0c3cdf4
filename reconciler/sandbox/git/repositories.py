"""Git repositories in the store: settings and refs in one document each, every object in its own.

So a request that fails leaves none of its objects, and `reset`, `snapshot` and `restore` need not
know of git. dulwich reads and writes the formats; it is imported when it is first needed.
"""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.store import Store

if TYPE_CHECKING:
    from dulwich.objects import ShaFile
    from dulwich.repo import MemoryRepo

Json = dict[str, Any]
SPACE = "git_repositories"
OBJECTS = "git_objects"
HEAD = b"HEAD"
MISSING = "git repositories need dulwich: pip install 'reconcile-azureml[sandbox,loop]'"


def check_installed() -> None:
    """Raise ValueError, with what to install, where dulwich is missing."""
    try:
        import dulwich.repo  # noqa: F401 - whether it is there
    except ImportError as error:
        raise ValueError(MISSING) from error


class GitRepositories:
    """What there is; names are `OWNER/NAME` or `ORGANISATION/PROJECT/NAME`, in any case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, name: str) -> Json | None:
        """Return a repository's settings: `name`, `private`, `behavior`, `refs`."""
        found = self._store.document(SPACE, name.lower())
        return dict(found) if found else None

    def known(self, name: str) -> Json:
        """Return a repository's settings. Raises ValueError where there is none of that name."""
        found = self.find(name)
        if found is None:
            raise ValueError(f"there is no git repository {name!r}: `git init {name}` makes it")
        return found

    def save(self, settings: Json) -> Json:
        """Keep a repository's settings."""
        self._store.put_document(SPACE, settings["name"].lower(), settings)
        return settings

    def has(self, name: str, sha: str) -> bool:
        """Return whether a repository has an object."""
        return self._store.document(_space(name), sha) is not None

    def open(self, name: str) -> MemoryRepo:
        """Return a repository as dulwich has it; what is changed there is kept by `store`."""
        from dulwich.refs import Ref
        from dulwich.repo import MemoryRepo

        settings = self.known(name)
        repo = MemoryRepo()
        for text in self._store.documents(_space(name)).values():
            repo.object_store.add_object(_object(text))
        repo.refs.set_symbolic_ref(Ref(HEAD), Ref(f"refs/heads/{settings['branch']}".encode()))
        for ref, sha in settings["refs"].items():
            repo.refs[Ref(ref.encode())] = sha.encode()
        return repo

    def store(self, name: str, repo: MemoryRepo) -> Json:
        """Keep the refs of a repository, and the objects that it did not have before."""
        known = self._store.documents(_space(name))
        for sha in repo.object_store:
            if sha.decode() not in known:
                text = base64.b64encode(repo.object_store[sha].as_legacy_object()).decode()
                self._store.put_document(_space(name), sha.decode(), text)
        refs = {ref.decode(): sha.decode() for ref, sha in repo.refs.as_dict().items()}
        refs.pop(HEAD.decode(), None)
        return self.save({**self.known(name), "refs": refs})


def _space(name: str) -> str:
    return f"{OBJECTS} {name.lower()}"


def _object(text: str) -> ShaFile:
    from dulwich.objects import ShaFile

    kind, _, content = zlib.decompress(base64.b64decode(text)).partition(b"\0")
    return ShaFile.from_raw_string(_TYPES[kind.partition(b" ")[0]], content)


_TYPES = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}
