"""The `notify:` of loop.yaml as notifiers, each with its own run, so that none stops another's."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Signal
from typing import assert_never
from urllib.parse import urlsplit

from reconciler.cloud.azure import Azure
from reconciler.cloud.azure_devops import AzureDevOps
from reconciler.cloud.github import GitHub
from reconciler.cloud.run_limits import RunLimits
from reconciler.cloud.webhook import WebhookHost
from reconciler.gitops.config import LoopConfig
from reconciler.gitops.config_notify import (
    AzureDevOpsStatus,
    GitHubStatus,
    Notify,
    Webhook,
    github_repository,
)
from reconciler.gitops.config_source import SourceConfig
from reconciler.gitops.git.sign_in import AZURE_DEVOPS as SCOPE
from reconciler.gitops.git.sign_in import READING, AppTokens, api_of
from reconciler.gitops.notify_azure_devops import AzureDevOpsNotifier
from reconciler.gitops.notify_github import GitHubNotifier
from reconciler.gitops.notify_webhook import WebhookNotifier
from reconciler.gitops.outbox import Notifier
from reconciler.gitops.secret_file import read_secret
from reconciler.secrets import Secret


def notifiers(config: LoopConfig, azure: Azure, stop: Signal) -> list[Notifier]:
    """Return one for each; `stop` ends whatever one of them waits for."""
    run = RunLimits(azure, "")
    run.stop = stop
    return [
        _made(one, f"{one.type} {at}", config.source, run)
        for at, one in enumerate(config.notify, 1)
    ]


def _made(one: Notify, name: str, source: SourceConfig, run: RunLimits) -> Notifier:
    match one:
        case GitHubStatus():
            github = _github(one, source, run)
            return GitHubNotifier(name, github, deploys=one.deployments)
        case AzureDevOpsStatus():
            return AzureDevOpsNotifier(name, lambda: _azure_devops(one, run))
        case Webhook():
            return WebhookNotifier(
                name, lambda: WebhookHost(run, read_secret(one.url_file)), one.format, one.on
            )
        case never:
            assert_never(never)


def _github(one: GitHubStatus, source: SourceConfig, run: RunLimits) -> Callable[[], GitHub]:
    """Return what signs in to GitHub: with a token in a file, or as the App of the source."""
    url = f"https://{urlsplit(source.url or '').hostname or 'github.com'}"
    api = one.api or api_of(url, run.cloud)
    repository = one.repository or github_repository(source.url) or ""
    if one.token_file is not None:
        file = one.token_file
        return lambda: GitHub(run, api, read_secret(file), repository)
    app = source.credentials.github_app if source.credentials else None
    if app is None:
        raise AssertionError("`unfit` lets no configuration without both pass")
    wanted = {"statuses": "write", **({"deployments": "write"} if one.deployments else {})}
    tokens = AppTokens(app, url, lambda: run, {**READING, **wanted})
    return lambda: GitHub(run, api, Secret(tokens.token()), repository)


def _azure_devops(one: AzureDevOpsStatus, run: RunLimits) -> AzureDevOps:
    """Return a signed in one: with a token in a file, or as whoever signs in to Azure."""
    if one.token_file is None:
        token = Secret(run.tokens.get_token(SCOPE).token)
    else:
        token = read_secret(one.token_file)
    return AzureDevOps(run, one.organization, token, one.project, one.repository)
