"""Bad specs that no rule makes: one thing wrong each, as people get it wrong."""

from tests.spec.corpus import FULL, changed, good, text_of

WORKSPACE = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/x"
CASES = {
    "a workspace id that is no id": (("workspace",), "finetunephi-workspace"),
    "a workspace id of another type": (("workspace",), WORKSPACE),
    "a newer version": (("version",), 2),
    "an older version": (("version",), 0),
    "a subscription that is no GUID": (("target", "subscription_id"), "my-subscription"),
    "a region with a hyphen": (("target", "location"), "east-us"),
    "a group that ends in a point": (("target", "resource_group"), "rg."),
    "a name in capitals": (("name",), "Phi3"),
    "a tag name that Azure refuses": (("tags",), {"a<b": "c"}),
    "a tag value too long": (("tags",), {"a": "x" * 257}),
    "a tag that is a number": (("tags",), {"a": 17}),
    "a storage name with hyphens": (("workspace", "storage_account", "name"), "my-storage"),
    "a vault name that begins with a digit": (("workspace", "key_vault", "name"), "1vault"),
    "a vault name with two hyphens": (("workspace", "key_vault", "name"), "my--vault"),
    "a registry with hyphens": (("workspace", "container_registry", "name"), "my-registry"),
    "a registry tier that is none": (("workspace", "container_registry", "sku"), "Gold"),
    "a retired size": (("compute", "gpu-cluster", "size"), "Standard_NC6s_v3"),
    "a retired family": (("quota", 0, "vm_family"), "standardNCSv3Family"),
    "more least than most": (("compute", "gpu-cluster", "min_instances"), 5),
    "a tier that is none": (("compute", "gpu-cluster", "tier"), "spot"),
    "another type of compute": (("compute", "gpu-cluster", "type"), "kubernetes"),
    "a role that is mistyped": (
        ("identities", "finetunephi-managedidentity", "role_assignments", 0, "role"),
        "Contribtor",
    ),
    "a role for the whole subscription": (
        ("identities", "finetunephi-managedidentity", "role_assignments", 0, "scope"),
        "subscription",
    ),
    "a branch in place of a commit": (("datasets", "ultrachat", "source", "revision"), "main"),
    "a slice that is none": (("datasets", "ultrachat", "source", "split"), "train[:x%]"),
    "shares beyond a whole": (("datasets", "ultrachat", "split"), {"train": 0.9, "test": 0.2}),
    "a file that leads out": (
        ("datasets", "ultrachat", "source"),
        {"type": "local", "path": "../../../etc/passwd"},
    ),
    "an absolute file": (
        ("datasets", "ultrachat", "source"),
        {"type": "local", "path": "/etc/passwd"},
    ),
    "a file that is not there": (
        ("datasets", "ultrachat", "source"),
        {"type": "local", "path": "none.jsonl"},
    ),
    "a folder for a file": (("datasets", "ultrachat", "source"), {"type": "local", "path": "."}),
    "data that is no dataset": (("jobs", "finetune", "training_data"), "train.jsonl"),
    "the newest model": (("jobs", "finetune", "model"), "azureml://registries/azureml/models/Phi"),
    "a job as its own compute": (("jobs", "finetune", "compute"), "${{ jobs.finetune }}"),
    "a local model": (("models", "phi3-ultrachat", "path"), "./model"),
    "traffic beyond a hundred": (("endpoints", "phi3-ultrachat-ep", "traffic"), {"blue": 120}),
    "traffic below a hundred": (("endpoints", "phi3-ultrachat-ep", "traffic"), {"blue": 70}),
    "traffic to nobody": (("endpoints", "phi3-ultrachat-ep", "traffic"), {"green": 100}),
    "an endpoint that is mistyped": (("deployments", "blue", "endpoint_name"), "phi3-ultrachat"),
    "a retired size to serve": (("deployments", "blue", "instance_type"), "Standard_NC6s_v3"),
    "no machine": (("deployments", "blue", "instance_count"), 0),
    "a hub that is no hub": (("project", "hub_id"), "${{ workspace }}"),
    "a flow that is not there": (("flows", "chat", "path"), "../examples/flows/none"),
    "a connection that is not there": (
        ("flows", "chat", "connections"),
        {"connection": "${{ connections.phi4 }}"},
    ),
    "a secret as an address": (
        ("connections", "phi3-connection", "target"),
        "${{ endpoints.phi3-ultrachat-ep.primary_key }}",
    ),
    "a vault of another cloud": (
        ("connections", "phi3-connection", "keys", "key"),
        {"key_vault_url": "https://my-vault.vault.azure.cn/secrets/key"},
    ),
    "a vault's key for its secret": (
        ("connections", "phi3-connection", "keys", "key"),
        {"key_vault_url": "https://my-vault.vault.azure.net/keys/key"},
    ),
    "half a version of a secret": (
        ("connections", "phi3-connection", "keys", "key"),
        "${{ workspace.key_vault.secrets.key.0123456789 }}",
    ),
    "a secret of the environment": (
        ("connections", "phi3-connection", "keys", "key"),
        "${{ env.KEY }}",
    ),
    "a secret as `az keyvault` shows it": (
        ("connections", "phi3-connection", "keys", "key"),
        {"id": "https://my-vault.vault.azure.net/secrets/key", "value": "swordfish"},
    ),
    "text around a reference": (
        ("connections", "phi3-connection", "keys", "endpoint"),
        "${{ endpoints.phi3-ultrachat-ep.scoring_uri }}/score",
    ),
    "a variable of the shell": (("workspace", "storage_account", "name"), "${NAME}"),
    "a lifecycle for nobody": (("lifecycle",), {"compute.cpu": {"protect": True}}),
    "a lifecycle that says nothing known": (
        ("lifecycle", "workspace"),
        {"prevent_destroy": True},
    ),
    "an endpoint under two names": (
        ("endpoints",),
        {"phi3-ultrachat-ep": {}, "PHI3-ultrachat-ep": {}},
    ),
    "a signed address": (
        ("models", "phi3-ultrachat", "path"),
        "https://a.blob.core.windows.net/c?sv=1&sig=abcdefghijkl",
    ),
    "a token in a tag": (("tags",), {"hub": "hf_abcdefghijklmnopqrstuvwx"}),
    "a token as a name": (("tags",), {"hf_abcdefghijklmnopqrstuvwx": "x"}),
    "a connection string": (
        ("deployments", "blue", "environment_variables"),
        {"STORE": "AccountName=a;AccountKey=abcdefgh==;EndpointSuffix=core.windows.net"},
    ),
    "a password as a variable": (
        ("deployments", "blue", "environment_variables"),
        {"DB_PASSWORD": "swordfish"},
    ),
    "an empty list": (("datasets", "ultrachat", "source"), {"type": "local", "paths": []}),
    "no identity": (
        ("compute", "gpu-cluster", "identity"),
        {"type": "user_assigned", "user_assigned_identities": []},
    ),
    "a tag of Azure's": (("tags",), {"Microsoft.x": "y"}),
    "a tag of Windows'": (("tags",), {"windows-x": "y"}),
    "a tag of ours": (("tags",), {"reconcile-owner": "me"}),
    "more tags than Azure keeps": (("tags",), {f"t{n}": "x" for n in range(51)}),
    "a tag name too long": (("tags",), {"n" * 129: "x"}),
    "a model of itself": (("models", "phi3-ultrachat", "path"), "${{ models.phi3-ultrachat }}"),
    "a connection of itself": (
        ("connections", "phi3-connection", "keys", "key"),
        "${{ connections.phi3-connection.primary_key }}",
    ),
    "a file without rows": (
        ("datasets", "ultrachat", "source"),
        {"type": "local", "path": "data/empty.jsonl"},
    ),
    "a file of prose": (
        ("datasets", "ultrachat", "source"),
        {"type": "local", "path": "data/prose.jsonl"},
    ),
    "a file with a row that is cut": (
        ("datasets", "ultrachat", "source"),
        {"type": "local", "path": "data/cut.jsonl"},
    ),
    "one file and several": (
        ("datasets", "ultrachat", "source"),
        {"type": "local", "path": "a.jsonl", "paths": ["b.jsonl"]},
    ),
    "a cluster and none": (
        ("jobs", "finetune", "resources"),
        {"instance_types": ["Standard_NC24ads_A100_v4"]},
    ),
    "a rate without end": (
        ("jobs", "finetune", "hyperparameters"),
        {"learning_rate": float("inf")},
    ),
    "a duration in words": (("jobs", "finetune", "timeout_minutes"), "2h"),
    "a flow of the system": (("flows", "chat", "path"), "/etc"),
    "a flow that leads out": (("flows", "chat", "path"), "../../../../etc"),
    "a lookalike letter": (("name",), "ph\u0456-ultrachat"),
    "a right-to-left mark": (("name",), "phi\u202e3"),
}


def specs():
    """Return each by its name, as plain data, or as text where data cannot show it."""
    return {name: changed(good(FULL), *case) for name, case in CASES.items()} | {
        "plugins": {**good(FULL), "plugins": ["./evil.py"]},
        "an include": {**good(FULL), "include": "/etc/passwd"},
        "a command": {**good(FULL), "exec": "id"},
        "the same name twice": text_of(good(FULL)) + "hub: {name: another-hub}\n",
        "an endpoint of another cloud": {**good(FULL), "cloud": "https://evil"},
    }
