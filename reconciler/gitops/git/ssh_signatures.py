"""SSH signatures against a file of allowed signers, as `git verify-commit` looks at them.

sshsig knows the formats. As ssh-keygen has it (ssh-keygen(1), ALLOWED SIGNERS): a line counts for
git where its `namespaces` do not leave git out, and between `valid-after` and `valid-before`, at
the time that the commit or tag states. Lines of a `cert-authority` count for nobody here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.gitops.git.verdicts import Verdict, bad, good, keys_in, unknown, unusable

if TYPE_CHECKING:
    from sshsig.allowed_signers import AllowedSigner
    from sshsig.ssh_public_key import PublicKey

FIELD = "allowed_signers"
NAMESPACE = "git"
FORMATS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
WHAT_TO_DO = "add its key to `source.verify.allowed_signers`, if you trust whoever has it"


def verdict(said: bytes, signature: bytes, signers: str | None, time_s: int) -> Verdict:
    """Return whether a signature of some bytes is of an allowed signer."""
    from sshsig.sshsig import InvalidSignature, check_signature

    try:
        key = check_signature(said, signature, NAMESPACE)
    except InvalidSignature as error:
        return bad(str(error))
    except NotImplementedError as error:
        return unknown(f"is signed in a way that is not supported: {error}", _SUPPORTED)
    except (ValueError, EOFError, AttributeError, TypeError) as error:
        return bad(f"it is damaged ({type(error).__name__})")
    if signers is None:
        return unknown(f"is signed with SSH ({key})", "set `source.verify.allowed_signers`")
    found = [line for line in _lines(signers) if _is_of(line, key)]
    if not found:
        return unknown(f"is signed by nobody who is allowed to ({key})", WHAT_TO_DO)
    refused = [_refused(line, time_s, signers) for line in found]
    if all(refused):
        return unknown(f"is signed by {found[0].principals}, whose key {refused[0]}", WHAT_TO_DO)
    return good(found[refused.index("")].principals, str(key))


_SUPPORTED = "keys of ssh-ed25519 and ssh-rsa are supported"


def _lines(path: str) -> Iterator[AllowedSigner]:
    """Yield the lines of a file of allowed signers. Raises `LocalError` where one is malformed."""
    from sshsig.allowed_signers import load_allowed_signers_file

    lines = keys_in(path, FIELD).split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            yield from load_allowed_signers_file(io.StringIO(line.decode()))
        except (ValueError, IndexError):
            # Not what is in it: somebody may have named a private key.
            why = f"line {number} is not `PRINCIPALS [OPTIONS] KEY-TYPE KEY`"
            raise unusable(path, FIELD, why) from None


def _is_of(line: AllowedSigner, key: PublicKey) -> bool:
    """Whether a line names a key; a key of a kind that is not supported is no key of ours."""
    return key.openssh_str().split()[:2] == [line.key_type, line.base64_key]


def _refused(line: AllowedSigner, time_s: int, path: str) -> str:
    """Return why a line does not count for git at a time, "" where it does."""
    options = line.options or {}
    if "cert-authority" in options:
        return "is that of a certificate authority, which is not supported"
    patterns = options.get("namespaces", NAMESPACE).split(",")
    if not any(fnmatchcase(NAMESPACE, pattern) for pattern in patterns):
        return "is not meant for git"
    if time_s < _seconds(options.get("valid-after", "19700101Z"), path):
        return f"was not valid yet (valid-after {options['valid-after']})"
    if time_s >= _seconds(options.get("valid-before", "99991231Z"), path):
        return f"was not valid any more (valid-before {options['valid-before']})"
    return ""


def _seconds(text: str, path: str) -> float:
    """Return the time that an option states; without a Z it is that of this machine's zone."""
    plain = text.removesuffix("Z")
    try:
        found = datetime.strptime(plain, FORMATS[len(plain)])  # noqa: DTZ007 - the zone follows
        return (found.replace(tzinfo=UTC) if text.endswith("Z") else found).timestamp()
    except (KeyError, ValueError, OverflowError) as error:
        raise unusable(path, FIELD, f"{text!r} is not a time like 20261129Z") from error
