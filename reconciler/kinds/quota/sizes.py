"""VM sizes: the family whose quota they draw on, and how many cores one machine takes.

A dated excerpt, not a list of all: a size that is not here is passed on to Azure, which
knows. Sources: learn.microsoft.com/azure/virtual-machines/sizes and, for the families and
the sizes exempt from the upgrade reserve of online endpoints,
learn.microsoft.com/azure/machine-learning/how-to-manage-quotas, both read 2026-08.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """One VM size. `exempt`: online endpoints reserve no 20 % extra machines for upgrades."""

    name: str
    family: str
    cores: int
    gpus: int = 0
    exempt: bool = False


A100 = "standardNCADSA100v4Family"
H100 = "standardNCADSH100v5Family"
T4 = "standard NCASv3_T4 Family"
V100 = "standardNCSv3Family"
A10 = "standardNVADSA10v5Family"

SIZES = (
    Size("Standard_NC24ads_A100_v4", A100, 24, 1, exempt=True),
    Size("Standard_NC48ads_A100_v4", A100, 48, 2, exempt=True),
    Size("Standard_NC96ads_A100_v4", A100, 96, 4, exempt=True),
    Size("Standard_NC40ads_H100_v5", H100, 40, 1, exempt=True),
    Size("Standard_NC80adis_H100_v5", H100, 80, 2, exempt=True),
    Size("Standard_NC4as_T4_v3", T4, 4, 1),
    Size("Standard_NC8as_T4_v3", T4, 8, 1),
    Size("Standard_NC16as_T4_v3", T4, 16, 1),
    Size("Standard_NC64as_T4_v3", T4, 64, 4),
    Size("Standard_NC6s_v3", V100, 6, 1),
    Size("Standard_NC12s_v3", V100, 12, 2),
    Size("Standard_NC24s_v3", V100, 24, 4),
    Size("Standard_NV36ads_A10_v5", A10, 36, 1),
    Size("Standard_NV72ads_A10_v5", A10, 72, 2),
    Size("Standard_DS2_v2", "standardDSv2Family", 2),
    Size("Standard_DS3_v2", "standardDSv2Family", 4),
    Size("Standard_DS4_v2", "standardDSv2Family", 8),
    Size("Standard_DS5_v2", "standardDSv2Family", 16),
    Size("Standard_D2s_v3", "standardDSv3Family", 2),
    Size("Standard_D4s_v3", "standardDSv3Family", 4),
    Size("Standard_D8s_v3", "standardDSv3Family", 8),
    Size("Standard_E4s_v3", "standardESv3Family", 4),
    Size("Standard_E8s_v3", "standardESv3Family", 8),
    Size("Standard_F4s_v2", "standardFSv2Family", 4),
    Size("Standard_F8s_v2", "standardFSv2Family", 8),
)

_BY_NAME = {size.name.casefold(): size for size in SIZES}


def size_of(name: str) -> Size | None:
    """Return what is known of a VM size (in any case), None for one not in the table."""
    return _BY_NAME.get(name.casefold())


def families() -> set[str]:
    """Return the names of all families in the table."""
    return {size.family for size in SIZES}
