"""A spec with a key vault, and what a person does with its secrets, by plain requests."""

import base64
import json
import ssl
import urllib.parse
import urllib.request

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups"
SECRET_VERSION = "2025-07-01"
SPEC = """\
version: 1
name: {name}
target:
  subscription_id: 00000000-0000-0000-0000-000000000000
  resource_group: rg-{name}
  location: eastus
workspace:
  name: {name}-ws
  storage_account: {{name: {name}storage}}
  key_vault: {vault}
  application_insights: {{name: {name}-insights}}
connections:
  search:
    type: custom
    keys:
      endpoint: https://search.example
{keys}
lifecycle:
  workspace: {{protect: false}}
"""


def spec_text(name, vault="", **keys):
    """Return a spec of a workspace with a key vault, and a connection with these keys."""
    lines = "\n".join(f"      {key}: {value}" for key, value in keys.items())
    return SPEC.format(name=name, vault=vault or f"{{name: {name}-kv}}", keys=lines)


def put_secret(azure, vault, name, value, **attributes):
    """Put a value into a vault; return its version."""
    body = {"value": value, "attributes": attributes}
    found = ask(azure, "PUT", f"/_vault/{vault}/secrets/{name}", body)
    return found["id"].rpartition("/")[2]


def ask(azure, method, path, body=None):
    """Send a request to a vault as the built-in application."""
    request = urllib.request.Request(
        f"{azure.server.url}{path}?api-version={SECRET_VERSION}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token(azure)}", "Content-Type": "application/json"},
    )
    return _read(azure, request)


def token(azure):
    """Return a token for vaults, by the client credentials flow."""
    server = azure.server
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "scope": "https://vault.azure.net/.default",
    }
    url = f"{server.url}/{server.tenant_id}/oauth2/v2.0/token"
    data = urllib.parse.urlencode(form).encode()
    return _read(azure, urllib.request.Request(url, data=data))["access_token"]


def object_id(azure):
    """Return who the built-in application is."""
    payload = token(azure).split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=="))["oid"]


def managed_token(azure, client_id, resource):
    """Return a token of a managed identity, as a machine in Azure asks for one."""
    query = {"api-version": "2018-02-01", "resource": resource, "client_id": client_id}
    url = f"{azure.server.url}/metadata/identity/oauth2/token?{urllib.parse.urlencode(query)}"
    return _read(azure, urllib.request.Request(url, headers={"Metadata": "true"}))["access_token"]


def _read(azure, request):
    context = ssl.create_default_context(cafile=azure.server.ca_file)
    with urllib.request.urlopen(request, context=context) as reply:
        return json.loads(reply.read() or b"{}")
