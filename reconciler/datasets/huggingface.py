"""Fetch the rows of a split expression from the Hugging Face hub, at one commit.

Only what is needed travels: the card, the footers of the split's Parquet files (for the
number of rows), and those files that the slices really touch. Files are kept by commit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cloud.request_deadline import current
from reconciler.datasets import slices
from reconciler.datasets.hub_client import STORAGE, TIMEOUT_S, use_fenced_client
from reconciler.datasets.layout import files_by_split
from reconciler.datasets.parquet import parquet_rows
from reconciler.datasets.prepare import Piece
from reconciler.datasets.row_format import CHAT, RowFormat
from reconciler.datasets.rows import RowFile
from reconciler.diagnostics import LocalError, UnavailableError
from reconciler.secrets import on_one_line

CARD = "README.md"
FOOTER_BYTES = 1 << 16


@dataclass(frozen=True)
class Hub:
    """A hub by its address. `ca_file`: the only authority to trust, for a sandbox's hub."""

    endpoint: str
    cache: Path
    ca_file: str = ""
    tell: Callable[[int, int], None] = lambda done, total: None
    storage: tuple[str, ...] = STORAGE
    """Where its downloads may lie, besides with itself."""
    in_time: Callable[[Callable[[], list[Piece]]], list[Piece]] = lambda call: call()
    """Makes a call whose requests, and pauses between them, end when the run does."""

    @property
    def token(self) -> bool | None:
        """The user's own hub token, never sent to a sandbox."""
        return False if self.ca_file else None


@dataclass(frozen=True)
class Source:
    """Rows on the hub: repository, full commit, configuration, split expression."""

    repo: str
    revision: str
    config: str
    split: str
    format: RowFormat = CHAT


def pieces(hub: Hub, source: Source) -> list[Piece]:
    """Return the rows that a source means, downloaded, in order.

    Raises `LocalError` for what is wrong with the source, `UnavailableError` when the hub
    does not answer.
    """
    return hub.in_time(lambda: _pieces(hub, source))


def _pieces(hub: Hub, source: Source) -> list[Piece]:
    parts = slices.parse(source.split)
    with _translated(source):
        remote = _Remote(hub, source)
        files = remote.files_of(list(dict.fromkeys(part.split for part in parts)))
        counts = {name: remote.count(name) for names in files.values() for name in names}
        totals = {split: sum(counts[n] for n in names) for split, names in files.items()}
        for part in parts:
            if said := part.surprise(totals[part.split]):
                raise ValueError(f"{said}: give row numbers, such as `{part.split}[:100]`")
        wanted = [
            (name, first, last)
            for split, start, end in slices.ranges(parts, totals)
            for name, first, last in _cut(files[split], counts, start, end)
        ]
        paths = remote.download(list(dict.fromkeys(name for name, _, _ in wanted)))
    return [
        Piece(RowFile(paths[name], f"{source.repo}/{name}", format=source.format), first, last)
        for name, first, last in wanted
    ]


def _cut(
    names: list[str], counts: Mapping[str, int], start: int, end: int
) -> Iterator[tuple[str, int, int]]:
    """Yield the files that rows `start` to `end` of a split lie in, with rows of each file."""
    offset = 0
    for name in names:
        first, last = max(start - offset, 0), min(end - offset, counts[name])
        if first < last:
            yield name, first, last
        offset += counts[name]


class _Remote:
    """One repository at one commit."""

    def __init__(self, hub: Hub, source: Source) -> None:
        from huggingface_hub import HfApi
        from huggingface_hub.utils import disable_progress_bars

        disable_progress_bars()
        use_fenced_client(hub.endpoint, hub.storage, hub.ca_file)
        self._hub, self._source = hub, source
        self._api = HfApi(endpoint=hub.endpoint, token=hub.token, library_name="reconcile")
        self._sizes: dict[str, int] = {}

    def files_of(self, splits: list[str]) -> dict[str, list[str]]:
        """Return the files of each split, by the card or by their names."""
        from huggingface_hub.hf_api import RepoFile
        from huggingface_hub.repocard import metadata_load

        source = self._source
        tree = self._api.list_repo_tree(
            source.repo, recursive=True, revision=source.revision, repo_type="dataset"
        )
        self._sizes = {item.path: item.size for item in tree if isinstance(item, RepoFile)}
        card: Any = metadata_load(self._fetch(CARD)) if CARD in self._sizes else None
        return files_by_split(card or {}, source.config, self._sizes, splits)

    def count(self, name: str) -> int:
        """Return the rows of a file: Parquet by its footer alone, others by reading them."""
        kept = self._kept(name)
        if kept or not name.lower().endswith(".parquet"):
            return RowFile(kept or self._fetch(name), name).count()
        with tempfile.NamedTemporaryFile(dir=self._hub.cache, suffix=".parquet") as file:
            # A sparse file with nothing but its footer: all that duckdb reads for a count.
            for start, content in self._tail(name):
                file.seek(start)
                file.write(content)
            file.flush()
            return parquet_rows(Path(file.name), name)

    def download(self, names: list[str]) -> dict[str, Path]:
        """Fetch the files, telling bytes done of bytes in all."""
        missing = [name for name in names if not self._kept(name)]
        bar = _bar(self._hub.tell, sum(self._sizes[name] for name in missing))
        return {name: self._fetch(name, bar if name in missing else None) for name in names}

    def _kept(self, name: str) -> Path | None:
        from huggingface_hub import try_to_load_from_cache

        source = self._source
        found = try_to_load_from_cache(
            source.repo,
            name,
            cache_dir=self._hub.cache,
            revision=source.revision,
            repo_type="dataset",
        )
        return Path(found) if isinstance(found, str) else None

    def _fetch(self, name: str, bar: Any = None) -> Path:
        return Path(
            self._api.hf_hub_download(
                self._source.repo,
                name,
                repo_type="dataset",
                revision=self._source.revision,
                cache_dir=self._hub.cache,
                tqdm_class=bar or _bar(lambda done, total: None, 0),
            )
        )

    def _tail(self, name: str) -> list[tuple[int, bytes]]:
        """Return the end of a file: enough of it to hold the Parquet footer."""
        size = self._sizes[name]
        start = max(0, size - FOOTER_BYTES)
        content = self._range(name, start, size)
        needed = int.from_bytes(content[-8:-4], "little") + 8
        if needed <= len(content) or start == 0:
            return [(start, content)]
        first = max(0, size - needed)
        return [(first, self._range(name, first, start)), (start, content)]

    def _range(self, name: str, start: int, end: int) -> bytes:
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers, http_backoff

        source = self._source
        url = hf_hub_url(
            source.repo,
            name,
            repo_type="dataset",
            revision=source.revision,
            endpoint=self._hub.endpoint,
        )
        headers = build_hf_headers(token=self._hub.token)
        headers |= {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        reply = http_backoff("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_S)
        reply.raise_for_status()
        content: bytes = reply.content
        return content if reply.status_code == 206 else content[start:end]


def _bar(tell: Callable[[int, int], None], total: int) -> Any:
    """Return a class with tqdm's interface that prints nothing and tells us instead."""
    done = 0

    class Bar:
        def __init__(self, *_args: Any, initial: int = 0, **_options: Any) -> None:
            self.update(initial)

        def update(self, count: float | None = 1) -> None:
            nonlocal done
            done += int(count or 0)
            if total:
                tell(min(done, total), total)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_error: object) -> None:
            return None

        def __getattr__(self, _name: str) -> Callable[..., None]:
            return lambda *_args, **_options: None

    return Bar


@contextmanager
def _translated(source: Source) -> Iterator[None]:
    """Raise our errors, with what to do next, for those of the hub's client."""
    import httpx2
    from huggingface_hub import errors

    place = f"{source.repo} at {source.revision[:12]}"
    try:
        yield
    except errors.RevisionNotFoundError as error:
        raise LocalError.because(
            f"the dataset {source.repo} has no commit {source.revision}",
            hint="take it from the dataset's page: Files and versions, History",
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise LocalError.because(
            f"there is no dataset {source.repo}, or you have no access to it",
            hint="check the name; for a private or gated dataset set HF_TOKEN",
        ) from error
    except (errors.HfHubHTTPError, httpx2.HTTPError, errors.LocalEntryNotFoundError) as error:
        current().check()  # past the end of the run, that is the reason
        reason = on_one_line(error, 200)
        raise UnavailableError.because(
            f"the Hugging Face hub did not provide {place}",
            detail=reason,
            hint="check the network and proxy, then run again",
        ) from error
    except OSError as error:
        raise LocalError.because(
            f"{place} cannot be saved: {error.strerror or error}",
            hint="free some disk space, or set RECONCILE_CACHE to another folder",
        ) from error
    except ValueError as error:
        raise LocalError.because(f"{place}: {error}") from error
