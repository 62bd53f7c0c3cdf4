"""A spec of as many resources as asked for, in the shape of a real one.

One workspace with what belongs to it, then teams until there are enough: each an identity with a
role and a cluster that runs as it; the first of them also an endpoint with its deployment of a
registry's model and its traffic. Five levels of dependencies, whatever the size. Nothing in it
is uploaded or run, and it stays within a new subscription's quota.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

HEAD = """\
version: 1
name: bench{size}
target:
  subscription_id: 00000000-0000-0000-0000-000000000000
  resource_group: rg-bench{size}
  location: eastus
workspace:
  name: bench{size}-ws
  storage_account: {{name: bench{size}storage}}
  key_vault: {{name: bench{size}-kv}}
  application_insights: {{name: bench{size}-insights}}
"""
HEAD_RESOURCES = 6
"""The resource group, the workspace, storage, vault, insights and the log analytics of those."""
SERVING_TEAMS = 5
SERVING_TEAM, OTHER_TEAM = 6, 3
MODEL = "azureml://registries/azureml/models/Phi-4-mini-instruct/versions/1"


def spec_text(size: int) -> str:
    """Return a spec of exactly `size` resources."""
    sections: defaultdict[str, list[str]] = defaultdict(list)
    left, team = size - HEAD_RESOURCES, 0
    while left >= (per_team := SERVING_TEAM if team < SERVING_TEAMS else OTHER_TEAM):
        name = f"team{team}-of{size}x"
        for section, entry in (*_team(name), *(_serving(name) if team < SERVING_TEAMS else ())):
            sections[section].append(entry)
        left, team = left - per_team, team + 1
    sections["identities"] += [f"  bench-{size}-spare-{number}: {{}}\n" for number in range(left)]
    body = "".join(f"{name}:\n{''.join(entries)}" for name, entries in sections.items())
    return HEAD.format(size=size) + body


def _team(name: str) -> Iterator[tuple[str, str]]:
    yield (
        "identities",
        f"  {name}:\n    role_assignments:\n"
        '      - {role: Storage Blob Data Reader, scope: "${{ workspace.storage_account }}"}\n',
    )
    yield (
        "compute",
        f"  {name}:\n    type: amlcompute\n    size: Standard_DS3_v2\n"
        "    min_instances: 0\n    max_instances: 2\n"
        "    identity: {type: user_assigned, user_assigned_identities: "
        f'["${{{{ identities.{name} }}}}"]}}\n',
    )


def _serving(name: str) -> Iterator[tuple[str, str]]:
    yield "endpoints", f"  {name}-ep:\n    auth_mode: key\n    traffic: {{{name}: 100}}\n"
    yield (
        "deployments",
        f"  {name}:\n    endpoint_name: {name}-ep\n    model: {MODEL}\n"
        "    instance_type: Standard_DS3_v2\n    instance_count: 1\n",
    )
