"""Ask a repository what its refs name, and for objects: each within a time and a size.

dulwich speaks git's protocol; whatever it makes of a bad answer becomes an `UnavailableError`.
"""

from __future__ import annotations

import logging
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import requests
import urllib3
from dulwich.errors import (
    ApplyDeltaError,
    ChecksumMismatch,
    FileFormatException,
    GitProtocolError,
    HangupException,
    NotGitRepository,
    ObjectMissing,
    RefFormatError,
    WrongObjectException,
)
from dulwich.pack import UnresolvedDeltas
from dulwich.refs import SymrefLoop

from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.network_errors import unreachable
from reconciler.cloud.request_deadline import current, run_ends
from reconciler.cloud.session import BoundedSession, session_of
from reconciler.diagnostics import FORM_ERRORS, Diagnostic, UnavailableError
from reconciler.gitops.config_source import SshKey
from reconciler.gitops.git.http import (
    Allowance,
    HttpClient,
    StatusError,
    TooLargeError,
    ends_at,
    host_of,
)
from reconciler.gitops.git.packs import Objects, unpacked
from reconciler.gitops.git.sign_in import SignIn
from reconciler.gitops.git.ssh import ERRORS, SshError, ssh_client
from reconciler.limits import GIT_PACK_BYTES, GIT_REFS_BYTES
from reconciler.secrets import on_one_line

MOST_SAID = 300
NOT_GIT = (
    *FORM_ERRORS,
    ApplyDeltaError,
    AssertionError,
    ChecksumMismatch,
    EOFError,
    FileFormatException,
    GitProtocolError,
    HangupException,
    NotGitRepository,
    NotImplementedError,
    ObjectMissing,
    RefFormatError,
    SymrefLoop,
    UnresolvedDeltas,
    WrongObjectException,
    struct.error,
    zlib.error,
)
"""What dulwich raises for an answer that is not git's."""
NO_ANSWER = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
PEELED = "^{}"
for _library in ("dulwich", "paramiko"):
    # What they log is a server's words, and tracebacks of what is told here in words of our own.
    logging.getLogger(_library).addHandler(logging.NullHandler())
    logging.getLogger(_library).propagate = False
COMMITS_ONLY = b"tree:0"


@dataclass(frozen=True)
class Listed:
    """What a ref names: an object, and the commit behind it where that is a tag."""

    sha: str
    commit: str


@dataclass(frozen=True)
class Fetched:
    """Objects, and the commits whose parents were left out."""

    objects: Objects
    shallow: frozenset[bytes]


class Remote:
    """A repository at an address."""

    def __init__(
        self,
        url: str,
        cloud: Cloud,
        timeout_s: float,
        signs_in: SignIn,
        ssh: SshKey | None = None,
    ) -> None:
        """Ask nothing yet. An address of ssh:// needs `ssh`."""
        self._url, self._cloud, self._timeout_s = url, cloud, timeout_s
        self._sign_in, self._ssh = signs_in, ssh
        self.host = host_of(url)

    def refs(self, prefixes: Sequence[str]) -> dict[str, Listed]:
        """Return the refs that begin with one of these, and what they name."""
        asked = [prefix.encode() for prefix in prefixes]
        with self._asking(GIT_REFS_BYTES) as (client, path):
            found = client.get_refs(path, ref_prefix=asked).refs
            names = {ref.decode(): sha.decode() for ref, sha in found.items() if sha}
        return {
            ref: Listed(sha, names.get(ref + PEELED, sha))
            for ref, sha in names.items()
            if not ref.endswith(PEELED) and ref.startswith(tuple(prefixes))
        }

    def fetch(self, wants: Sequence[str], depth: int, *, commits_only: bool = False) -> Fetched:
        """Return objects with what belongs to them, so many commits deep.

        `commits_only`: without files, where the server can leave them out.
        """
        from dulwich.object_store import ObjectStoreGraphWalker

        pack = BytesIO()
        with self._asking(GIT_REFS_BYTES + GIT_PACK_BYTES) as (client, path):
            result = client.fetch_pack(
                path,
                lambda refs, depth=None: [want.encode() for want in wants],
                ObjectStoreGraphWalker([], lambda sha: []),
                pack.write,
                depth=depth,
                ref_prefix=[b"HEAD"],
                filter_spec=COMMITS_ONLY if commits_only else None,
            )
            objects = unpacked(pack.getvalue(), current().left)
        return Fetched(objects, frozenset(result.new_shallow or ()))

    @contextmanager
    def _asking(self, most: int) -> Iterator[tuple[Any, str]]:
        """Give a client for one question. Raises `UnavailableError` for what comes of a bad one."""
        authorization, end = self._sign_in.header(), ends_at(self._timeout_s)
        try:
            ends = run_ends(end, lambda: None)
            with ends, session_of(self._cloud, 1) as session:
                session.request_s = self._timeout_s
                yield self._client(session, authorization, Allowance(most))
        except (StatusError, SshError, TooLargeError, *NO_ANSWER, *NOT_GIT, *ERRORS) as error:
            raise self._told(error, end) from error

    def _client(
        self, session: BoundedSession, authorization: str, allowance: Allowance
    ) -> tuple[Any, str]:
        """Return one of dulwich's clients, and what it calls the repository."""
        if self._ssh is not None:
            return ssh_client(self._url, self._ssh, allowance)
        return HttpClient(self._url, session, authorization, allowance), ""

    def _told(self, error: BaseException, end: float) -> UnavailableError:
        """Return our error. dulwich makes its own of what the connection raised: that is told."""
        links, slow = list(_causes(error)), (TimeoutError, urllib3.exceptions.TimeoutError)
        if time.monotonic() >= end or any(isinstance(one, slow) for one in links):
            return self._too_slow()
        for one in links:
            if isinstance(one, StatusError):
                return self._refused(one)
            if isinstance(one, SshError):
                return UnavailableError(Diagnostic(one.what, hint=one.hint))
            if isinstance(one, TooLargeError):
                return self._too_large(one)
            if isinstance(one, NO_ANSWER):
                return unreachable(self._url, one)
        return self._not_git(links[-1])

    def _too_slow(self) -> UnavailableError:
        what = f"{self.host} did not answer within {self._timeout_s:g} s"
        hint = "`source.timeout` in loop.yaml says how long an answer may take"
        return UnavailableError(Diagnostic(what, hint=hint))

    def _too_large(self, error: TooLargeError) -> UnavailableError:
        what = f"the answer of {self.host} is too large: {error}"
        hint = "keep specs in a repository of their own, without large files"
        return UnavailableError(Diagnostic(what, hint=hint))

    def _not_git(self, error: BaseException) -> UnavailableError:
        said = on_one_line(f"{type(error).__name__}: {error}", MOST_SAID)
        if isinstance(error, HangupException):
            hint = "a commit that was rewritten away cannot be had any more; it is asked again"
            return UnavailableError(Diagnostic(f"{self.host} ended its answer early", hint=hint))
        what = f"{self.host} did not answer as a git server does"
        hint = "check `source.url`: it is the address that `git clone` takes"
        return UnavailableError(Diagnostic(what, detail=said, hint=hint))

    def _refused(self, error: StatusError) -> UnavailableError:
        if error.status == requests.codes.unauthorized:
            self._sign_in.refused()
        what, hint = _words(error, self.host)
        return UnavailableError(Diagnostic(what, detail=f"HTTP {error.status}", hint=hint))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it was made of, the outermost first."""
    link: BaseException | None = error
    while link is not None:
        yield link
        yield from (one for one in link.args if isinstance(one, BaseException))
        link = link.__cause__


def _words(error: StatusError, host: str) -> tuple[str, str]:
    """Return what an answer's status means, and what to do."""
    match error.status:
        case 401 | 403:
            return (
                f"{host} does not let us in",
                "check `source.credentials`: what they name may read the repository's contents",
            )
        case 404:
            return (
                f"{host} has no such repository, or does not show it to us",
                "check `source.url`, and that `source.credentials` may read it",
            )
        case status if 300 <= status < 400:
            place = on_one_line(error.location, MOST_SAID)
            return (
                f"{host} sends us elsewhere, and no token goes there",
                f"if you trust it, write {place} as `source.url`" if place else "",
            )
        case 200:
            return f"{host} did not answer as a git server does", "check `source.url`"
    return f"{host} cannot answer now", "nothing to do: it is asked again at the next poll"
