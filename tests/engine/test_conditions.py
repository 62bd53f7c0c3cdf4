"""Conditions of role assignments: what they allow, and what is not understood stops nobody."""

import pytest

from reconciler.engine.conditions import PRINCIPAL, PRINCIPAL_TYPE, ROLE, Asked, is_met

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
WRITE = "Microsoft.Authorization/roleAssignments/write"
REQUEST = "@Request[Microsoft.Authorization/roleAssignments:"
IS_ROLE = REQUEST + "RoleDefinitionId] ForAnyOfAnyValues:GuidEquals"
NOT_ROLE = REQUEST + "RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals"
IS_PERSON = REQUEST + "PrincipalType] StringEqualsIgnoreCase 'user'"


def asked(role=READER, principal="a new identity"):
    return Asked(
        WRITE, {ROLE: role, PRINCIPAL: principal, PRINCIPAL_TYPE: "ServicePrincipal"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "role", "met"),
    [
        (f"{IS_ROLE} {{{READER}}}", READER, True),
        (f"{IS_ROLE} {{{READER.upper()}, {OWNER}}}", READER, True),
        (f"{IS_ROLE} {{{READER}}}", OWNER, False),
        (f"{NOT_ROLE} {{{READER}, {OWNER}}}", OWNER, False),
        (f"{NOT_ROLE} {{{OWNER}}}", READER, True),
        (f"!({IS_ROLE} {{{OWNER}}})", READER, True),
        (f"(({IS_ROLE} {{{READER}}}) AND (NOT {IS_PERSON}))", READER, True),
        (f"{IS_PERSON} || {IS_ROLE} {{{READER}}}", READER, True),
        (f"{IS_PERSON} && {IS_ROLE} {{{READER}}}", READER, False),
        (f"!(ActionMatches{{'{WRITE}'}}) OR {IS_PERSON}", READER, False),
        ("!(ActionMatches{'Microsoft.Authorization/roleAssignments/*'})", READER, False),
        ("!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})", READER, True),
        (f"{REQUEST}PrincipalId] GuidEquals {OWNER}", READER, False),
    ],
)
def test_it_says_what_may_be_granted(condition, role, met):
    assert is_met(condition, asked(role)) is met


@pytest.mark.parametrize(
    "condition",
    [
        "", "(", "()", "a b", "NOT", f"{IS_ROLE}", f"{IS_ROLE} {{{READER}}} )", "!" * 9000,
        "(" * 9000, f"{REQUEST}RoleDefinitionId] Resembles {{{READER}}}",
        "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:team] StringEquals 'ml'",
        "@Environment[UtcNow] DateTimeLessThan '2027-01-01T00:00:00Z'",
        "@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'a'", "§", "{" * 70_000,
    ],
)  # fmt: skip
def test_what_is_not_understood_is_neither(condition):
    assert is_met(condition, asked()) is None


def test_what_is_not_understood_may_not_matter():
    strange = f"{REQUEST}RoleDefinitionId] Resembles {{{READER}}}"
    assert is_met(f"{strange} OR {IS_ROLE} {{{READER}}}", asked()) is True
    assert is_met(f"{strange} AND {IS_ROLE} {{{OWNER}}}", asked()) is False
