"""The `notify:` of loop.yaml as notifiers, each with its own run, so that none stops another's."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event as Signal
from typing import assert_never

from reconciler.cloud.azure import Azure
from reconciler.cloud.azure_devops import AzureDevOps
from reconciler.cloud.github import GitHub
from reconciler.cloud.run_limits import RunLimits
from reconciler.cloud.webhook import WebhookHost
from reconciler.gitops.config_notify import AzureDevOpsStatus, GitHubStatus, Notify, Webhook
from reconciler.gitops.notify_azure_devops import AzureDevOpsNotifier
from reconciler.gitops.notify_github import WRITE_SPACING_S, GitHubNotifier
from reconciler.gitops.notify_webhook import WebhookNotifier
from reconciler.gitops.outbox import Notifier
from reconciler.gitops.secret_file import read_secret


def notifiers(
    configured: Iterable[Notify],
    azure: Azure,
    stop: Signal,
    *,
    spacing_s: float = WRITE_SPACING_S,
) -> list[Notifier]:
    """Return one for each; `stop` ends whatever one of them waits for."""
    run = RunLimits(azure, "")
    run.stop = stop
    return [_made(one, at, run, spacing_s) for at, one in enumerate(configured, 1)]


def _made(one: Notify, at: int, run: RunLimits, spacing_s: float) -> Notifier:
    name = f"{one.type} {at}"
    match one:
        case GitHubStatus():

            def github() -> GitHub:
                return GitHub(run, one.api, read_secret(one.token_file), one.repository)

            return GitHubNotifier(name, github, deploys=one.deployments, spacing_s=spacing_s)
        case AzureDevOpsStatus():

            def azure_devops() -> AzureDevOps:
                token = read_secret(one.token_file)
                return AzureDevOps(run, one.organization, token, one.project, one.repository)

            return AzureDevOpsNotifier(name, azure_devops)
        case Webhook():

            def webhook() -> WebhookHost:
                return WebhookHost(run, read_secret(one.url_file))

            return WebhookNotifier(name, webhook, one.format, one.on)
        case never:
            assert_never(never)
