"""Facts about Azure as data: regions, VM sizes and their families, registry models.

Sources: region list from recorded traffic (ASO, LocationNotAvailableForResourceGroup); VM sizes
and families from Microsoft's size tables (learn.microsoft.com/azure/virtual-machines/sizes);
registry models as named in the public `azureml` registry. Model hashes are not emulated.
"""

from __future__ import annotations

from dataclasses import dataclass

_REGIONS = """
centralus eastasia southeastasia eastus eastus2 westus westus2 northcentralus
southcentralus westcentralus northeurope westeurope japaneast japanwest brazilsouth
australiasoutheast australiaeast westindia southindia centralindia canadacentral
canadaeast uksouth ukwest koreacentral koreasouth francecentral southafricanorth
uaenorth australiacentral switzerlandnorth germanywestcentral norwayeast jioindiawest
westus3 australiacentral2 swedencentral italynorth polandcentral spaincentral global
"""
REGIONS: tuple[str, ...] = tuple(_REGIONS.split())


@dataclass(frozen=True)
class VmSize:
    """One size: cores count against its family's quota; `extra` is the managed endpoints'
    20 % upgrade reserve (azure-facts section 9), from which some families are exempt.

    `serves`: whether a managed endpoint takes it (MIR in the published VirtualMachineSize/list);
    `low_priority`: whether a low-priority cluster does.
    """

    name: str
    family: str
    cores: int
    memory_gib: int
    gpus: int = 0
    extra: bool = True
    retired: str = ""
    serves: bool = True
    low_priority: bool = True


VM_SIZES: tuple[VmSize, ...] = (
    VmSize("Standard_DS1_v2", "standardDSv2Family", 1, 3, serves=False),
    VmSize("Standard_DS2_v2", "standardDSv2Family", 2, 7),
    VmSize("Standard_DS3_v2", "standardDSv2Family", 4, 14),
    VmSize("Standard_DS4_v2", "standardDSv2Family", 8, 28),
    VmSize("Standard_DS5_v2", "standardDSv2Family", 16, 56),
    VmSize("Standard_F2s_v2", "standardFSv2Family", 2, 4),
    VmSize("Standard_F4s_v2", "standardFSv2Family", 4, 8),
    VmSize("Standard_F8s_v2", "standardFSv2Family", 8, 16),
    VmSize("Standard_F16s_v2", "standardFSv2Family", 16, 32),
    VmSize("Standard_E4s_v3", "standardESv3Family", 4, 32),
    VmSize("Standard_E8s_v3", "standardESv3Family", 8, 64),
    VmSize("Standard_D4s_v3", "standardDSv3Family", 4, 16),
    VmSize("Standard_D8s_v3", "standardDSv3Family", 8, 32),
    VmSize("Standard_NC6s_v3", "standardNCSv3Family", 6, 112, 1, retired="2025-09-30"),
    VmSize("Standard_NC12s_v3", "standardNCSv3Family", 12, 224, 2, retired="2025-09-30"),
    VmSize("Standard_NC24s_v3", "standardNCSv3Family", 24, 448, 4, retired="2025-09-30"),
    VmSize("Standard_NC4as_T4_v3", "standard NCASv3_T4 Family", 4, 28, 1),
    VmSize("Standard_NC8as_T4_v3", "standard NCASv3_T4 Family", 8, 56, 1),
    VmSize("Standard_NC16as_T4_v3", "standard NCASv3_T4 Family", 16, 110, 1),
    VmSize("Standard_NC64as_T4_v3", "standard NCASv3_T4 Family", 64, 440, 4),
    VmSize("Standard_NC24ads_A100_v4", "standardNCADSA100v4Family", 24, 220, 1, extra=False),
    VmSize("Standard_NC48ads_A100_v4", "standardNCADSA100v4Family", 48, 440, 2, extra=False),
    VmSize("Standard_NC96ads_A100_v4", "standardNCADSA100v4Family", 96, 880, 4, extra=False),
    VmSize("Standard_NC40ads_H100_v5", "standardNCADSH100v5Family", 40, 320, 1, extra=False),
    VmSize(
        "Standard_NC80adis_H100_v5",
        "standardNCADSH100v5Family",
        80,
        640,
        2,
        extra=False,
        low_priority=False,
    ),
    VmSize("Standard_NV36ads_A10_v5", "standardNVADSA10v5Family", 36, 440, 1),
)

WITHOUT_GPUS = frozenset(
    [
        "westcentralus",
        "ukwest",
        "australiacentral",
        "australiacentral2",
        "jioindiawest",
        "koreasouth",
        "southindia",
        "westindia",
        "canadaeast",
    ]
)
"""Regions where no GPU size is offered: small or paired regions (Azure's "products by region"
changes by the month; UNVERIFIED, kept so that the refusal can be rehearsed)."""

CPU_LIMIT = 100
"""Cores a new subscription may use in each CPU family; GPU families start at 0."""

MODELS: dict[str, dict[str, range]] = {
    "azureml": {
        "Phi-3-mini-4k-instruct": range(1, 16),
        "Phi-3-mini-128k-instruct": range(1, 14),
        "Phi-3-medium-4k-instruct": range(1, 9),
        "Phi-3.5-mini-instruct": range(1, 7),
        "Phi-4-mini-instruct": range(1, 4),
        "Phi-4": range(1, 8),
        "mistralai-Mistral-7B-v01": range(1, 20),
    },
    "azureml-meta": {"Llama-2-7b": range(1, 24), "Meta-Llama-3-8B-Instruct": range(1, 10)},
}


def vm_size(name: str) -> VmSize | None:
    """Return a size by name in any case."""
    return next((size for size in VM_SIZES if size.name.lower() == name.lower()), None)


def is_offered(size: VmSize, location: str) -> bool:
    """Whether a size can be had in a region: not retired, and no GPU where there are none."""
    return not size.retired and not (size.gpus and location.lower() in WITHOUT_GPUS)


def families() -> dict[str, int]:
    """Return each VM family and the cores a new subscription gets of it."""
    return {size.family: 0 if size.gpus else CPU_LIMIT for size in VM_SIZES}


def family(name: str) -> str | None:
    """Return the proper spelling of a family named in any case."""
    return next((found for found in families() if found.lower() == name.lower()), None)


def is_retired(family_name: str) -> bool:
    """Whether every size of a family has been retired."""
    return all(size.retired for size in VM_SIZES if size.family.lower() == family_name.lower())
