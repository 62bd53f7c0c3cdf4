"""Whether each host that a spec needs answers, and whether this machine's clock is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from reconciler.cloud.prices import PATH
from reconciler.cloud.probe import Answered, arm_url, ca_bundle, login_url, probe, proxy_of
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ReconcileError
from reconciler.engine.decisions import Failure
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import Reads
from reconciler.kinds.extensions import Contact, HasContacts
from reconciler.operations.doctor.check import Check, Level, doubt, of_error, ok
from reconciler.operations.load import Loaded
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import context_of

REACHED = "network"
CLOCK = "clock"
CERTIFICATES = "certificates"
MOST_APART_S = 300
"""What Entra ID tolerates between two clocks, and so the tokens that it issues.

Source: learn.microsoft.com/entra/identity-platform/access-tokens (clock skew of five minutes).
"""
SET_CLOCK = "let this machine set its clock by a time server (`timedatectl set-ntp true`)"
SERVER_ERROR = 500


def fixed_contacts(run: RunScope, loaded: Loaded | None) -> list[Contact]:
    """Return whom every command talks to; with a spec, Azure ML in its region too."""
    found = [
        Contact("Azure Resource Manager", arm_url(run.cloud)),
        Contact("sign-in", login_url(run.cloud)),
    ]
    if loaded:
        url = run.cloud.data_plane(loaded.spec.target.location)
        found.append(Contact("Azure ML", url))
    return found


def prices(run: RunScope) -> Contact:
    """Return the price list, without which a plan only tells less."""
    return Contact("price list", f"{run.cloud.prices}{PATH}")


def own_contacts(run: RunScope, loaded: Loaded) -> Iterator[Contact]:
    """Yield whom the resources of a spec talk to. Raises `ReconcileError`."""
    context = context_of(loaded, run, Reads(run), lambda address: None, NullProgress())
    seen: set[Contact] = set()
    for resource in loaded.resources.values():
        handler = HANDLERS[resource.kind]
        if isinstance(handler, HasContacts):
            found = [c for c in handler.contacts(context, resource) if c not in seen]
            seen.update(found)
            yield from found


def reach(run: RunScope, contact: Contact, *, is_needed: bool = True) -> Check:
    """Return whether somebody answers."""
    if not contact.url:
        return ok(REACHED, f"{contact.what}: not created yet, so it has no address")
    try:
        return _answered(run, contact, probe(run, contact.url))
    except ReconcileError as error:
        check = of_error(REACHED, error)
        what = f"{contact.what}: {check.summary}"
        if is_needed:
            return replace(check, summary=what)
        return doubt(REACHED, what, check.detail, check.hint)


def _answered(run: RunScope, contact: Contact, found: Answered) -> Check:
    proxy = proxy_of(run.cloud, contact.url)
    way = f" through the proxy {proxy}" if proxy else ""
    host = urlsplit(contact.url).netloc
    if found.status >= SERVER_ERROR:
        what = f"{contact.what}: {host} answers {found.status}{way}"
        return doubt(REACHED, what, "it is out of order, or a proxy is", "try again later")
    return ok(REACHED, f"{contact.what}: {host} answers{way}")


def clock(run: RunScope) -> Check:
    """Return how far this machine's clock is from Azure's."""
    try:
        there = probe(run, arm_url(run.cloud)).at
    except ReconcileError as error:
        return doubt(CLOCK, "not checked", of_error(CLOCK, error).summary)
    if there is None:
        return doubt(CLOCK, "not checked", "the answer has no `Date`")
    apart_s = (datetime.now(UTC) - there).total_seconds()
    if abs(apart_s) <= MOST_APART_S:
        return ok(CLOCK, "within five minutes of Azure's")
    side = "ahead of" if apart_s > 0 else "behind"
    what = f"this machine's clock is {_span(abs(apart_s))} {side} Azure's"
    why = "tokens and signatures are refused by the time"
    return Check(CLOCK, Level.PROBLEM, what, why, SET_CLOCK, Failure.DENIED)


def _span(seconds: float) -> str:
    for length, unit in ((86400, "d"), (3600, "h")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 60:.0f} min"


def certificates(run: RunScope) -> Check:
    """Return whose authorities are trusted."""
    named = ca_bundle(run.cloud)
    if named is None:
        return ok(CERTIFICATES, "the authorities that come with Python's `certifi` are trusted")
    who, file = named
    if file.exists():
        return ok(CERTIFICATES, f"the authorities in {file} are trusted (named by {who})")
    return Check(
        CERTIFICATES,
        Level.PROBLEM,
        f"{who} names {file}, which is not there",
        "no certificate can be checked",
        f"correct or unset {who}",
        Failure.UNAVAILABLE,
    )
