"""Specs that are made, not written: one of two hundred resources, and smaller ones to prune."""

IDENTITIES = 64
CLUSTERS = 8
PRUNED = 6

HEAD = """\
version: 1
name: two-hundred
target:
  subscription_id: 00000000-0000-0000-0000-000000000000
  resource_group: rg-two-hundred
  location: westeurope
workspace:
  name: two-hundred-ws
  storage_account: {name: twohundredstorage}
  key_vault: {name: two-hundred-kv}
  application_insights: {name: two-hundred-insights}
"""

IDENTITY = """\
  worker-%d:
    role_assignments:
      - {role: Reader, scope: resource_group}
      - {role: Storage Blob Data Reader, scope: "${{ workspace.storage_account }}"}
"""


def two_hundred(identities=IDENTITIES):
    """A workspace, clusters, and identities with two role assignments each."""
    clusters = "".join(
        f"  cpu-{n}x: {{size: Standard_DS3_v2, min_instances: 0, max_instances: 1}}\n"
        for n in range(CLUSTERS)
    )
    people = "".join(IDENTITY % n for n in range(identities))
    return f"{HEAD}compute:\n{clusters}identities:\n{people}"


def shrunk(text, spec):
    """Return a spec that lost something that `--prune` then deletes."""
    if spec == "two-hundred":
        return two_hundred(IDENTITIES - PRUNED)
    if spec == "small":
        return text.replace("  cpu-cluster:\n", "  other-cluster:\n")
    return text[: text.index("\nidentities:")] + "\n"


def edited(text, spec):
    """Return a spec of which something must be made anew, with all that is in it."""
    if spec == "full":
        return text.replace(
            "    auth_mode: key\n", "    auth_mode: key\n    description: another\n"
        )
    return text.replace("Standard_DS3_v2", "Standard_DS4_v2")
