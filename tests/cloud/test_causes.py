"""The innermost cause of an error, however it is wrapped, and the hint that belongs to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cloud.causes import MAX_TEXT, cause_of
from reconciler.cloud.errors import api_error, operation_error
from reconciler.cloud.hints import HINTS
from reconciler.cloud.signin import refused_sign_in
from reconciler.secrets import SENSITIVE, remember

RECORDED = Path(__file__).parents[3] / "shared" / "azure-recorded"
URL = "https://management.azure.com/subscriptions/s/resourceGroups/g"


def told(body, status=400, header=""):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api_error("PUT", URL, status, content, "r-1", header)


def in_details(error):
    return {"code": "BadRequest", "message": "The request is invalid.", "details": [error]}


def in_inner_error(error):
    return {"code": "UserError", "message": "See inner error for details.", "innerError": error}


def in_a_text(error):
    return {"code": "BadRequest", "message": f"error detail: {json.dumps({'error': error})}"}


def in_additional_info(error):
    info = [{"type": "InnerError", "info": {"value": error}}]
    return {"code": "UserError", "message": "The request is invalid.", "additionalInfo": info}


def in_an_error(error):
    return {"error": error}


WRAPPERS = [in_details, in_inner_error, in_a_text, in_additional_info, in_an_error]


@given(st.lists(st.sampled_from(WRAPPERS), max_size=4), st.sampled_from(sorted(HINTS)))
def test_the_innermost_code_and_words_are_told_however_deep_they_are(wrappers, code):
    error = {"code": code, "message": "it is so because of this"}
    for wrap in wrappers:
        error = wrap(error)
    found = told({"error": error})
    assert found.code == code
    assert found.diagnostics[0].summary == "it is so because of this"
    assert found.diagnostics[0].hint == HINTS[code]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "code", "message", "details", "innererror", "additionalInfo", "errors"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_answer_is_too_strange(body):
    found = told(body)
    assert found.diagnostics[0].summary
    assert len(found.diagnostics[0].summary) <= MAX_TEXT


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(body):
    assert told(body).diagnostics[0].summary


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"error":' * 50_000,
        b'{"message":"' + b"{" * 300_000 + b'"}',
        json.dumps({"details": [{"message": "x" * 1000}] * 5000}).encode(),
        b'{"code":"' + b"A" * 100_000 + b'"}',
    ],
)
def test_a_hostile_answer_is_read_in_bounds(body):
    found = told(body)
    assert len(found.diagnostics[0].summary) <= MAX_TEXT
    assert len(found.code) <= 100


def test_a_secret_that_azure_echoes_is_not_told():
    remember("s3cr3t-of-the-test")
    quoted = json.dumps({"errors": {"key": ["s3cr3t-of-the-test is wrong"]}})
    found = told({"error": {"code": "BadRequest", "message": quoted}})
    assert found.diagnostics[0].summary == f"key: {SENSITIVE} is wrong"


def test_the_gateway_of_azure_ml_is_unwrapped():
    inner = {"errors": {"": ["There is already an endpoint with this name."]}, "status": 400}
    detail = {
        "code": "InferencingClientCreateEndpointFailed",
        "message": f"error detail: {json.dumps(inner)}",
    }
    found = told({"error": in_details(detail)})
    assert found.diagnostics[0].summary == "There is already an endpoint with this name."
    assert found.code == "InferencingClientCreateEndpointFailed"
    assert "choose another name" in found.diagnostics[0].hint


@pytest.mark.parametrize(
    "error",
    [
        {
            "message": "Resource was disallowed by policy. See error details for policy ids.",
            "additionalInfo": [
                {
                    "type": "PolicyViolation",
                    "info": {
                        "policyDefinitionDisplayName": "Must refuse keys",
                        "policyAssignmentId": "/p/policyAssignments/deny-keys",
                    },
                }
            ],
        },
        {
            "message": "Resource 'st' was disallowed by policy. Policy identifiers: "
            '\'[{"policyAssignment":{"name":"deny","id":"/p/policyAssignments/deny-keys"},'
            '"policyDefinition":{"name":"Must refuse keys","id":"/p/x"}}]\'.'
        },
    ],
)
def test_the_policy_that_denies_is_named(error):
    found = told({"error": {"code": "RequestDisallowedByPolicy", **error}}, 403)
    assert 'Azure Policy "Must refuse keys"' in found.diagnostics[0].detail
    assert "/p/policyAssignments/deny-keys" in found.diagnostics[0].detail
    assert found.diagnostics[0].hint == HINTS["RequestDisallowedByPolicy"]


NAMESPACES = [
    ("Microsoft.Storage/storageAccounts/st", "Microsoft.Storage"),
    ("Microsoft.MachineLearningServices/workspaces/ws", "Microsoft.ContainerRegistry"),
    ("Microsoft.MachineLearningServices/workspaces/ws/onlineEndpoints/e", "Microsoft.Cdn"),
]


@pytest.mark.parametrize(("path", "needed"), NAMESPACES)
def test_a_provider_that_azure_does_not_name_is_named(path, needed):
    message = "The subscription is not registered to use namespace '[N/A]'."
    body = {"error": {"code": "MissingSubscriptionRegistration", "message": message}}
    found = api_error("PUT", f"{URL}/providers/{path}", 409, json.dumps(body).encode(), "")
    told_of = found.diagnostics[0]
    assert "[N/A]" not in told_of.summary
    assert path.partition("/")[0] in told_of.summary
    assert f"az provider register --namespace {needed}" in told_of.hint


THREE = (
    "AuthorizationFailure",
    "KeyBasedAuthenticationNotPermitted",
    "AuthorizationPermissionMismatch",
)


def test_three_ways_of_403_have_three_hints():
    found = [told(b"", 403, code) for code in THREE]
    assert [error.code for error in found] == list(THREE)
    assert len({error.diagnostics[0].hint for error in found}) == 3
    assert all(
        code in error.diagnostics[0].summary for code, error in zip(THREE, found, strict=True)
    )


def test_the_words_of_storage_are_told():
    body = b"\xef\xbb\xbf<?xml version='1.0'?><Error><Code>AuthorizationFailure</Code><Message>Not you.\nTime:1</Message></Error>"
    found = told(body, 403)
    assert (found.code, found.diagnostics[0].summary) == ("AuthorizationFailure", "Not you.")


def test_a_code_within_a_conflict_does_not_hide_the_conflict():
    error = {"code": "Conflict", "message": "busy", "details": [{"code": "Own", "message": "busy"}]}
    found = told({"error": error}, 409)
    assert found.code == "Conflict"
    assert "Conflict (Own) 409" in found.diagnostics[0].detail


def test_only_an_outage_is_advised_to_be_tried_again():
    assert not told({"error": {"code": "New", "message": "no"}}, 400).diagnostics[0].hint
    assert "later" in told(b"", 503).diagnostics[0].hint


def test_an_operation_that_failed_is_unwrapped_too():
    error = in_a_text({"code": "OutOfQuota", "message": "not enough cores"})
    found = operation_error({"status": "Failed", "error": error}, URL)
    assert found.code == "OutOfQuota"
    assert found.diagnostics[0].summary == "not enough cores"


@pytest.mark.parametrize("code", sorted(code for code in HINTS if code.startswith("AADSTS")))
def test_a_refused_sign_in_is_told_with_the_way_out(code):
    said = (
        "DefaultAzureCredential failed to retrieve a token from the included credentials.\n"
        "Attempted credentials:\n\tEnvironmentCredential: Authentication failed: "
        f"{code}: Something is wrong. Trace ID: 1"
    )
    found = refused_sign_in(said).diagnostics[0]
    assert found.detail.startswith(f"{code}: Something is wrong.")
    assert found.hint == HINTS[code]
    answer = {"error": "invalid_client", "error_description": f"{code}: Something is wrong."}
    assert told(answer, 401).diagnostics[0].hint == HINTS[code]


def test_a_refusal_of_one_word_is_told():
    assert "invalid_client" in told({"error": "invalid_client"}, 401).diagnostics[0].summary


def test_a_sign_in_that_nobody_tried_names_the_ways():
    found = refused_sign_in("DefaultAzureCredential failed.\nEnvironmentCredential: not set")
    assert "az login" in found.diagnostics[0].hint


def _errors(value):
    if isinstance(value, dict):
        if isinstance(value.get("error"), dict) and value["error"].get("message"):
            yield value
        for inner in value.values():
            yield from _errors(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _errors(inner)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers are not beside this checkout")
def test_recorded_errors_keep_code_and_words():
    seen = 0
    for file in sorted(RECORDED.glob("*/*.json")):
        for body in _errors(json.loads(file.read_text())):
            cause = cause_of(json.dumps(body).encode())
            assert cause.message[:50] == " ".join(body["error"]["message"].split())[:50]
            assert body["error"]["code"] in cause.codes
            seen += 1
    assert seen
