"""The write of a role assignment, which Entra may not be ready for: a fresh identity is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.cloud.sdk import translated
from reconciler.diagnostics import ApiError
from reconciler.engine.types import JsonObject, Observed
from reconciler.kinds.base import HandlerContext

if TYPE_CHECKING:
    from azure.mgmt.authorization.v2022_04_01.operations import RoleAssignmentsOperations

PRINCIPAL_APPEARS_S = 300.0


def put(operations: RoleAssignmentsOperations, scope: str, name: str, desired: JsonObject) -> None:
    """Write an assignment under a name; raises `ApiError` with Azure's reason."""
    from azure.mgmt.authorization.v2022_04_01.models import RoleAssignmentCreateParameters

    wanted = desired["properties"]
    parameters = RoleAssignmentCreateParameters(
        role_definition_id=wanted["roleDefinitionId"],
        principal_id=wanted["principalId"],
        principal_type=wanted.get("principalType"),
        description=wanted["description"],
        condition=wanted.get("condition"),
        condition_version=wanted.get("conditionVersion"),
    )
    with translated():
        operations.create(scope, name, parameters)


def with_condition(desired: JsonObject, observed: Observed | None) -> JsonObject:
    """Return a desired body with the condition that somebody set on what is there."""
    held = (observed.body if observed else {}).get("properties") or {}
    kept = {name: held[name] for name in ("condition", "conditionVersion") if held.get(name)}
    return {**desired, "properties": {**kept, **desired["properties"]}}


def until_principal_known(context: HandlerContext, write: Callable[[], None]) -> None:
    """Write, again while Entra does not know the identity yet (five minutes at most)."""
    from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential

    Retrying(
        retry=retry_if_exception(_is_unknown_principal),
        stop=stop_after_delay(PRINCIPAL_APPEARS_S),
        wait=wait_exponential(min=1, max=10),
        sleep=context.run.sleep,
        reraise=True,
    )(write)


def _is_unknown_principal(error: BaseException) -> bool:
    return isinstance(error, ApiError) and error.code == "PrincipalNotFound"
