"""Events as messages to a chat, or to anything that takes JSON.

No text of an event is markup there: Teams gets runs of text, which it shows as they are; for Slack
what could mention or link is escaped. Sources: adaptivecards.io (RichTextBlock, TextRun);
docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from reconciler.cloud.webhook import WebhookHost
from reconciler.diagnostics import Severity
from reconciler.engine.types import JsonObject
from reconciler.gitops.config_notify import FORMATS, About
from reconciler.gitops.events import SEVERITIES
from reconciler.gitops.outbox import Message
from reconciler.gitops.records import ConditionReason, Event, PassEnd
from reconciler.gitops.report import event_values

WORDS: dict[ConditionReason, About] = {
    ConditionReason.WAITING_FOR_APPROVAL: "approval",
    ConditionReason.DRIFTED: "drifted",
    ConditionReason.CONTENDED: "contended",
    ConditionReason.SUCCEEDED: "applied",
}
"""What events are called in `on:`; other errors are `failed`, and all the rest is `other`."""
FACTS = ("revision", "plan", "address", "changedBy")
CARD = "application/vnd.microsoft.card.adaptive"


class WebhookNotifier:
    """Tells one address; `connect` reads it anew, so that it may be rotated."""

    def __init__(
        self, name: str, connect: Callable[[], WebhookHost], kind: FORMATS, on: Collection[About]
    ) -> None:
        """Send nothing yet."""
        self.name, self._connect, self._on = name, connect, frozenset(on)
        self._made = {"teams": teams, "slack": slack, "json": event_values}[kind]

    def of_pass(self, end: PassEnd) -> Iterable[Message]:
        """Return nothing: what is worth telling of it comes as events."""
        del end
        return ()

    def of_event(self, event: Event) -> Iterable[Message]:
        """Return the message of an event that is on."""
        return [Message(self._made(event))] if self._wants(event) else []

    def send(self, content: object) -> None:
        """Send a message. Raises what the host's answer comes to."""
        self._connect().post(content)

    def _wants(self, event: Event) -> bool:
        if event.reason is not ConditionReason.RECOVERED:
            return about(event.reason, event.severity) in self._on
        was = ConditionReason(event.code)
        return "recovered" in self._on and about(was, SEVERITIES.get(was)) in self._on


def about(reason: ConditionReason, severity: Severity | None) -> About:
    """Return what events of a reason are called in `on:`."""
    is_error = severity in (None, Severity.ERROR)
    return WORDS.get(reason) or ("failed" if is_error else "other")


def slack(event: Event) -> JsonObject:
    """Return an event as a text without markup."""
    lines = [title(event), event.message, *(f"{name}: {text}" for name, text in facts(event))]
    text = "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text, "mrkdwn": False}


def teams(event: Event) -> JsonObject:
    """Return an event as an Adaptive Card of plain runs of text."""
    colour = {Severity.ERROR: "Attention", Severity.WARNING: "Warning"}.get(event.severity, "Good")
    rows = [_run(title(event), weight="Bolder", size="Medium", color=colour), _run(event.message)]
    rows += [_run(f"{name}: {text}", isSubtle=True) for name, text in facts(event)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": [row]} for row in rows],
        "msteams": {"width": "Full"},
    }
    return {"type": "message", "attachments": [{"contentType": CARD, "content": card}]}


def _run(text: str, **style: object) -> JsonObject:
    return {"type": "TextRun", "text": text, **style}


def title(event: Event) -> str:
    """Return what it is about, in a few words."""
    return f"{event.spec or 'reconcile loop'}: {event.reason.value}"


def facts(event: Event) -> list[tuple[str, str]]:
    """Return what else is known, each with its name."""
    values = event_values(event)
    return [(name, str(values[name])) for name in FACTS if values.get(name)]
