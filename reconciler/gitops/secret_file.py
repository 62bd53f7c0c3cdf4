"""Secrets that the loop is given as files, as Kubernetes and Container Apps mount them.

Read anew each time: whoever rotates one restarts nothing. Links are followed, since a mounted
secret is one.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.diagnostics import LocalError
from reconciler.secrets import Secret

MOST = 16_384


def read_secret(file: str) -> Secret:
    """Return what a file holds, without blanks at its ends. Raises `LocalError`."""
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(MOST + 1)
        text = content.decode("ascii").strip()
    except (OSError, ValueError) as error:
        raise LocalError.because(
            f"the secret in {file} cannot be read: {_reason(error)}",
            hint="mount it as a file that the user of the container may read",
        ) from error
    if not text or len(content) > MOST or not text.isprintable():
        raise LocalError.because(
            f"{file} holds no secret: it must be one line of at most {MOST} characters",
            hint="write the secret into it, and nothing else",
        )
    return Secret(text)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "unknown") if isinstance(error, OSError) else "it is not ASCII"
