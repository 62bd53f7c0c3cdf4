"""How many resources one run may delete: more is rather a mistake than a wish."""

from __future__ import annotations

from reconciler.diagnostics import RefusedError

MAX_DELETIONS = 100


def refuse_too_many(count: int, most: int) -> None:
    """Raise `RefusedError` when a run would delete more than `most` resources."""
    if count > most:
        raise RefusedError.because(
            f"{count} resources would be deleted, more than the limit of {most}",
            hint=f"check the spec, then pass `--max-deletions {count}`",
        )
