"""Which names and values are secrets of a spec, and which are not."""

import pytest

from reconciler.diagnostics import SpecError
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from reconciler.spec.secret_names import is_secret_by_name, looks_random
from tests.support.azure import ROOT

MADE_BY_A_MACHINE = "9f8e7d6c5b4a39281706aabbccddeeff"
SECRETS = [
    ("DB_PASSWORD", "swordfish"),
    ("dbPassword", "swordfish"),
    ("MYSQL_PWD", "x1"),
    ("apiKey", "abc"),
    ("SEARCH_ADMIN_KEY", "abc"),
    ("STORAGE_ACCOUNT_KEY", "abc"),
    ("clientSecret", "hunter2"),
    ("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=0;IngestionEndpoint=x"),
    ("AZURE_OPENAI_KEY", MADE_BY_A_MACHINE),
    ("wandb-key", MADE_BY_A_MACHINE),
    ("SERVICE_AUTH", MADE_BY_A_MACHINE),
    ("BLOB_SAS_URL", "https://x.blob.core.windows.net/c"),
]
NO_SECRETS = [
    ("PARTITION_KEY", "id"),
    ("PARTITION_KEY", "customer-identifier"),
    ("MAX_TOKENS", "4096"),
    ("cost-key", "team-ml"),
    ("TLS_KEY", "/mnt/certificates/2026/server.key"),
    ("USE_AUTH", "true"),
    ("API_KEY", ""),
    ("GIT_COMMIT", "0123456789abcdef0123456789abcdef01234567"),
    ("monkey", MADE_BY_A_MACHINE),
    ("KEYBOARD", MADE_BY_A_MACHINE),
    ("team", "ml-platform"),
    ("", MADE_BY_A_MACHINE),
]


@pytest.mark.parametrize(("name", "value"), SECRETS)
def test_a_name_that_says_so_is_believed(name, value):
    assert is_secret_by_name(name, value)


@pytest.mark.parametrize(("name", "value"), NO_SECRETS)
def test_a_name_that_only_sounds_like_it_is_not(name, value):
    assert not is_secret_by_name(name, value, strict=True)


def test_a_token_is_a_secret_as_a_variable_and_a_word_as_a_hyperparameter():
    assert is_secret_by_name("SERVICE_TOKEN", "abc", strict=True)
    assert not is_secret_by_name("pad_token", "<|endoftext|>")
    assert is_secret_by_name("wandb_token", MADE_BY_A_MACHINE)


@pytest.mark.parametrize(
    "text", ["aaaaaaaaaaaaaaaaaaa1", "short1", "only-letters-in-a-row", "a b1" * 9]
)
def test_words_and_patterns_do_not_look_random(text):
    assert not looks_random(text)


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        ("deployments.blue.environment_variables", "AZURE_OPENAI_KEY", MADE_BY_A_MACHINE),
        ("deployments.blue.environment_variables", "STORE", "postgres://app:tr0ub4dor@db/x"),
        ("deployments.blue.environment_variables", "DSN", "Server=db;Password=tr0ub4dor;"),
        ("deployments.blue.environment_variables", "SP", f"abc8Q~{'x' * 34}"),
        ("deployments.blue.environment_variables", "BLOB", f"{'Ab1+' * 21}/w=="),
        ("tags", "db-password", "tr0ub4dor-and-more"),
        ("jobs.finetune.hyperparameters", "wandb_api_key", MADE_BY_A_MACHINE),
        ("endpoints.phi3-ultrachat-ep", "description", "ask with AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_a_secret_in_any_field_is_refused_at_its_place_and_never_shown(place, name, value):
    text = _with(
        (ROOT / "specs/phi3-ultrachat.yaml").read_text(encoding="utf-8"), place, name, value
    )
    with pytest.raises(SpecError) as refused:
        load_document(parse(text, "spec.yaml", ROOT / "specs"))
    (problem,) = refused.value.diagnostics
    assert "a spec must not contain one" in problem.summary
    assert problem.position
    assert value in text.splitlines()[problem.position.line - 1]
    assert "key vault" in problem.hint.replace("key_vault", "key vault")
    assert value not in f"{problem}"


def _with(text, place, name, value):
    """Return the spec with one more entry in the map at a place, keeping all lines readable."""
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096
    data = yaml.load(text)
    target = data
    for part in place.split("."):
        target = target.setdefault(part, {})
    target[name] = value
    out = StringIO()
    yaml.dump(data, out)
    return out.getvalue()
