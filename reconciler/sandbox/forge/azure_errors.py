"""Azure DevOps' refusals: one document with a sentence, its exception's type and key.

Sources: learn.microsoft.com/azure/devops/integrate (status codes, versioning); TF401027, TF401180,
TF401019, TF200016 and the sentences about api-versions as public issues quote them.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
_GIT = "Microsoft.TeamFoundation.Git.Server"
_WEB = "Microsoft.VisualStudio.Services.WebApi"


class AzureError(Exception):
    """A refusal; `key` is the name of the exception, `place` the assembly that has it."""

    def __init__(self, status: int, message: str, key: str, place: str = _GIT) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self._key, self._place = key, place

    def body(self) -> Json:
        """Return the document that is sent."""
        return {
            "$id": "1",
            "innerException": None,
            "message": self.message,
            "typeName": f"{self._place}.{self._key}, {self._place}",
            "typeKey": self._key,
            "errorCode": 0,
            "eventId": 3000,
        }


def needs_permission(identity: str) -> AzureError:
    """A write by somebody without "Contribute to pull requests"."""
    message = (
        "TF401027: You need the Git 'PullRequestContribute' permission to perform this action. "
        f"Details: identity '{identity}', scope 'repository'."
    )
    return AzureError(403, message, "GitNeedsPermissionException")


def no_pull_request() -> AzureError:
    """A number that no pull request has."""
    message = "TF401180: The requested pull request was not found."
    return AzureError(404, message, "GitPullRequestNotFoundException")


def no_repository(name: str) -> AzureError:
    """A repository that is not there, or that the bearer may not see."""
    message = (
        f"TF401019: The Git repository with name or identifier {name} does not exist or you do "
        "not have permissions for the operation you are attempting."
    )
    return AzureError(404, message, "GitRepositoryNotFoundException")


def no_project(name: str) -> AzureError:
    """A project that is not there."""
    message = (
        f"TF200016: The following project does not exist: {name}. Verify that the name of the "
        "project is correct and that the project exists on the specified Azure DevOps Server."
    )
    place = "Microsoft.TeamFoundation.Core.WebApi"
    return AzureError(404, message, "ProjectDoesNotExistWithNameException", place)


def bad_version(version: str, method: str) -> AzureError | None:
    """What is wrong with the api-version of a request, None if nothing is."""
    number, _, _ = version.partition("-preview")
    if not version:
        message = (
            f'No api-version was supplied for the "{method}" request. The version must be supplied '
            'either as part of the Accept header (e.g. "application/json; api-version=1.0") or as '
            'a query parameter (e.g. "?api-version=1.0").'
        )
        is_read = method == "GET"
        key = "VssVersionNotSpecifiedException"
        return None if is_read else AzureError(400, message, key, _WEB)
    if number not in RELEASED and not (number == COMING and "-preview" in version):
        return _out_of_range(version, number)
    return None


RELEASED = ("5.0", "5.1", "6.0", "7.0", "7.1")
COMING = "7.2"


def _out_of_range(version: str, number: str) -> AzureError:
    if number == COMING:
        message = (
            f'The requested version "{version}" of the resource is under preview. The -preview '
            "flag must be supplied in the api-version for such requests. For example: "
            f'"{version}-preview"'
        )
        return AzureError(400, message, "VssInvalidPreviewVersionException", _WEB)
    message = (
        f"The requested REST API version of {version} is out of range for this server. "
        f"The latest REST API version this server supports is {COMING}."
    )
    return AzureError(400, message, "VssVersionOutOfRangeException", _WEB)


def missing(parameter: str) -> AzureError:
    """A part of the body that has to be there."""
    message = f"Value cannot be null.\r\nParameter name: {parameter}"
    return AzureError(400, message, "ArgumentNullException", "System")


def wrong(message: str) -> AzureError:
    """A part of the body that cannot be understood."""
    return AzureError(400, message, "InvalidArgumentValueException")
