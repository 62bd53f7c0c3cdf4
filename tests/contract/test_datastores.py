"""Datastores: the bodies of az ml, secrets only at the write, followed when they change."""

import io
from pathlib import Path

import pytest

from reconciler.cloud.ml import own_cloud
from reconciler.engine.decide import resolve
from reconciler.engine.diff import ASKED_TAG
from reconciler.engine.types import Action, Status
from reconciler.kinds.ownership import OWNER_TAG
from reconciler.operations.load import load
from reconciler.render.fields import Views
from reconciler.render.kind_views import kind_views
from tests.contract.test_published_types import checked, needs_types
from tests.support.azure import ROOT, edited
from tests.support.vaults import put_secret

EXAMPLE = "examples/datastores.yaml"
KEY = "first~Key/of+the=account"
VAULT = "datastores-ws-kv"
GUID = "11111111-1111-1111-1111-111111111111"
CREDENTIALS = {
    "account_key": "credentials: {account_key: ${{ workspace.key_vault.secrets.kept }}}",
    "sas_token": "credentials: {sas_token: ${{ workspace.key_vault.secrets.kept }}}",
}
PRINCIPAL = (
    f"credentials: {{tenant_id: {GUID}, client_id: {GUID}, "
    "client_secret: ${{ workspace.key_vault.secrets.kept }}}"
)
FILES = {
    "blob": "type: azure_blob\naccount_name: contosoraw\ncontainer_name: chats\n",
    "blob by key": (
        "type: azure_blob\naccount_name: contosoraw\ncontainer_name: chats\nprotocol: wasbs\n"
        "description: What people asked.\ntags: {team: support}\ncredentials: {account_key: KEY}\n"
    ),
    "file by signature": (
        "type: azure_file\naccount_name: contosofiles\nfile_share_name: shared\n"
        "credentials: {sas_token: KEY}\n"
    ),
    "lake": "type: azure_data_lake_gen2\naccount_name: contosolake\nfilesystem: curated\n",
    "lake by principal": (
        "type: azure_data_lake_gen2\naccount_name: contosolake\nfilesystem: curated\n"
        f"credentials: {{tenant_id: {GUID}, client_id: {GUID}, client_secret: KEY,\n"
        "  resource_url: 'https://storage.azure.com/'}\n"
    ),
}


def with_credentials(tmp_path, line):
    """The example with credentials for the blob datastore, or the one of the lake."""
    is_lake = "tenant_id" in line
    after = "filesystem: curated\n" if is_lake else "container_name: chats\n"
    return edited(tmp_path, EXAMPLE, (f"    {after}", f"    {after}    {quoted(line)}\n"))


def quoted(line):
    return line.replace("${{", '"${{').replace(".kept }}", '.kept }}"')


def held(azure, loaded, address):
    path = f"{loaded.resources[address].resource_id}/listSecrets"
    return azure.connection(loaded).arm.post(path, "2026-05-01")


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_body_is_what_az_ml_makes_of_the_same_file(text, tmp_path):
    from azure.ai.ml import load_datastore

    with own_cloud():  # whatever another client of this process has set
        theirs = load_datastore(io.StringIO(f"name: chats\n{text}"))._to_rest_object().as_dict()
    block = text.replace(": KEY", ': "${{ workspace.key_vault.secrets.kept }}"')
    lines = "".join(f"    {line}\n" for line in block.splitlines())
    spec = (ROOT / EXAMPLE).read_text(encoding="utf-8")
    start, end = spec.index("datastores:\n"), spec.index("lifecycle:")
    file = tmp_path / "spec.yaml"
    file.write_text(f"{spec[:start]}datastores:\n  chats:\n{lines}{spec[end:]}", encoding="utf-8")
    desired = load(str(file)).resources["datastores.chats"].desired
    ours = resolve(desired, lambda reference: "KEY" if reference.secret else None)
    assert ours["properties"]["tags"].pop(OWNER_TAG)
    assert ours["properties"]["tags"].pop(ASKED_TAG)
    assert ours == theirs


def test_a_key_is_read_at_the_write_and_followed_when_it_changes(azure, tmp_path):
    azure.hold(load(str(ROOT / EXAMPLE)))
    put_secret(azure, VAULT, "kept", KEY)
    for name, line in CREDENTIALS.items():
        loaded = with_credentials(tmp_path, line)
        planned = azure.plan(loaded)
        changed = [(c.address, c.action) for c in planned.changes if c.action.is_change]
        assert changed == [("datastores.chats", Action.UPDATE)]
        _, problems = azure.apply(loaded)
        assert problems == []
        field = {"account_key": "key", "sas_token": "sasToken"}[name]
        assert held(azure, loaded, "datastores.chats")[field] == KEY
    put_secret(azure, VAULT, "kept", "second~Key/of+the=account")
    azure.clear_journal()
    assert azure.plan(loaded).is_empty
    assert [e["path"] for e in azure.journal() if "/_vault/" in e["path"]] == []
    report, problems = azure.apply(loaded)
    assert problems == []
    assert [o.address for o in report.outcomes if o.status is Status.DONE] == ["datastores.chats"]
    assert held(azure, loaded, "datastores.chats")["sasToken"] == "second~Key/of+the=account"
    azure.clear_journal()
    azure.apply(loaded)
    assert azure.writes() == []


def test_nothing_is_compared_where_whoever_reads_acts_as_itself(azure, tmp_path):
    plain = load(str(ROOT / EXAMPLE))
    azure.apply(plain)
    assert Views(azure.plan(plain), kind_views()).compared == []
    put_secret(azure, VAULT, "kept", KEY)
    loaded = with_credentials(tmp_path, PRINCIPAL)
    azure.apply(loaded)
    compared = Views(azure.plan(loaded), kind_views()).compared
    assert [c.address for c in compared] == ["datastores.lake"]


def test_credentials_are_taken_away_as_a_whole(azure, tmp_path):
    azure.hold(load(str(ROOT / EXAMPLE)))
    put_secret(azure, VAULT, "kept", KEY)
    _, problems = azure.apply(with_credentials(tmp_path, PRINCIPAL))
    assert problems == []
    plain = load(str(ROOT / EXAMPLE))
    _, problems = azure.apply(plain)
    assert problems == []
    lake = plain.resources["datastores.lake"].resource_id
    shown = azure.connection(plain).arm.get(lake, "2026-05-01")
    assert shown["properties"]["credentials"] == {"credentialsType": "None"}
    assert azure.plan(plain).is_empty


def test_another_container_is_another_datastore(azure, tmp_path):
    azure.hold(load(str(ROOT / EXAMPLE)))
    moved = edited(tmp_path, EXAMPLE, ("container_name: chats", "container_name: talks"))
    azure.clear_journal()
    _, problems = azure.apply(moved)
    assert problems == []
    writes = [(w.split()[0], Path(w).name.partition("?")[0]) for w in azure.writes()]
    assert writes == [("DELETE", "chats"), ("PUT", "chats")]
    assert azure.plan(moved).is_empty


@needs_types
def test_the_bodies_fit_the_published_types(azure, tmp_path):
    azure.apply(load(str(ROOT / EXAMPLE)))
    put_secret(azure, VAULT, "kept", KEY)
    for line in (*CREDENTIALS.values(), PRINCIPAL):
        _, problems = azure.apply(with_credentials(tmp_path, line))
        assert problems == []
    stores = [e for e in azure.journal() if "/datastores/" in e["path"]]
    wrong, seen = checked(stores, tmp_path)
    assert wrong == []
    assert seen["request bodies checked"] >= 6
