"""The field `federated_credentials` of an identity."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from reconciler.kinds.arm_fields import Arm
from reconciler.spec.model import SpecModel, matching

NAME = r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,99}$"
MOST = 20
"""How many an identity can have."""
AUDIENCE = "api://AzureADTokenExchange"


class FederatedCredential(SpecModel):
    """Whose tokens are accepted in place of a secret, for example those of a pipeline."""

    name: Annotated[str, matching(NAME, "3 to 100 letters, digits, hyphens and underscores")]
    """The name. Azure has no place for the mark of this spec, so it stands behind the name there:
    `main-3f2a91bc04de77aa`. What has no such mark is never changed or deleted."""
    issuer: Annotated[
        str, StringConstraints(pattern=r"^https://", max_length=600), Arm("properties.issuer")
    ]
    """Who issues the tokens: `https://token.actions.githubusercontent.com`."""
    subject: Annotated[
        str, StringConstraints(min_length=1, max_length=600), Arm("properties.subject")
    ]
    """Who the tokens are for, as the issuer names it: `repo:ORG/REPO:environment:prod`."""
    audiences: Annotated[
        list[str],
        Field(min_length=1, max_length=1),
        Arm("properties.audiences"),
    ] = Field(default_factory=lambda: [AUDIENCE])
    """What the tokens are meant for; Azure takes one."""
