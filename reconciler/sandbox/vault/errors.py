"""Key Vault's error answers: `{"error": {"code", "message", "innererror": {"code"}}}`.

Source: learn.microsoft.com/azure/key-vault/general/rest-error-codes and common-error-codes; texts
as clients of real vaults reported them: external-secrets#586 (AccessDenied),
piyushsachdeva/Terraform_AKS#2 (ForbiddenByRbac), azure-sdk-for-js#24756 (SecretDisabled) and
#25489 (SecretNotFound), azure-sdk-for-net#26027 (a deleted secret that is not there).
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

Json = dict[str, Any]


class VaultError(Exception):
    """An answer other than success."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        inner: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.inner = inner
        self.headers = headers or {}

    def response(self) -> web.Response:
        """The HTTP answer."""
        error: Json = {"code": self.code, "message": str(self)}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return web.json_response({"error": error}, status=self.status, headers=self.headers)


def bad(message: str) -> VaultError:
    """A request that cannot be understood."""
    return VaultError(400, "BadParameter", message)


def not_found(identifier: str) -> VaultError:
    """A secret, or version of one, that is not there or was deleted."""
    return VaultError(
        404,
        "SecretNotFound",
        f"A secret with (name/id) {identifier} was not found in this key vault. If you recently "
        "deleted this secret you may be able to recover it using the correct recovery command. For "
        "help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
    )


def deleted_not_found(name: str) -> VaultError:
    """A soft-deleted secret that is not there."""
    return VaultError(404, "SecretNotFound", f"Deleted Secret not found: {name}")


def disabled() -> VaultError:
    """A read of a value that was switched off."""
    text = "Operation get is not allowed on a disabled secret."
    return VaultError(403, "Forbidden", text, "SecretDisabled")


def taken_by_deleted(name: str) -> VaultError:
    """A write under the name of a soft-deleted secret."""
    return VaultError(
        409,
        "Conflict",
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be "
        "reused; in this state, the secret can only be recovered or purged.",
        "ObjectIsDeletedButRecoverable",
    )


def purge_protected() -> VaultError:
    """A purge in a vault that forbids it."""
    return VaultError(
        403,
        "Forbidden",
        'Operation "purge" is not allowed because purge protection is enabled for this vault. Key '
        "Vault service will automatically purge it after the retention period has passed.",
        "PurgeProtectionEnabled",
    )
