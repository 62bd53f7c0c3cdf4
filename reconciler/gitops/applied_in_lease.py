"""The revision that each spec was applied at, as metadata of the blob of the lease.

For resource groups that are not ours to tag. Whoever has not the lease cannot write it. Azure keeps
8 KiB of metadata, under names that are identifiers and told apart without regard to case (source:
learn.microsoft.com/rest/api/storageservices/setting-and-retrieving-properties-and-metadata), so a
spec's name is written with `_` before what is no letter or digit there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.diagnostics import ReconcileError
from reconciler.gitops.records import Revision

PREFIX = "applied_"
MOST_BYTES = 8 * 1024
_WRITTEN = {"_": "__", "-": "_h", ".": "_d"}
_READ = {written: sign for sign, written in _WRITTEN.items()}


def applied(metadata: Mapping[str, str]) -> dict[str, Revision]:
    """Return the revisions by spec; what is not in our form is left out."""
    found = {
        _spec(name.lower()): Revision.parse(text)
        for name, text in metadata.items()
        if name.lower().startswith(PREFIX)
    }
    return {spec: revision for spec, revision in found.items() if revision is not None}


def with_applied(metadata: Mapping[str, str], spec: str, revision: Revision) -> dict[str, str]:
    """Return the metadata with the revision of a spec. Raises where Azure would not take it."""
    name = PREFIX + re.sub(r"[-_.]", lambda sign: _WRITTEN[sign[0]], spec)
    others = {kept: text for kept, text in metadata.items() if kept.lower() != name}
    made = others | {name: str(revision)}
    if sum(len(kept) + len(text) for kept, text in made.items()) > MOST_BYTES:
        raise ReconcileError.because(
            f"the lease of this subscription has no room for the revision of `{spec}`",
            detail=f"a blob has {MOST_BYTES >> 10} KiB of metadata, and {len(others)} are kept there",
            hint="let the specs make their resource groups: a group of their own keeps it as a tag",
        )
    return made


def _spec(name: str) -> str:
    return re.sub(r"_[_hd]", lambda written: _READ[written[0]], name.removeprefix(PREFIX))
