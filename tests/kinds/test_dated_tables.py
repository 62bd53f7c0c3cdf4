"""The dated tables of sizes and retirements, held against the sandbox's catalog, made apart."""

from datetime import date

import pytest

from reconciler.kinds import retirements
from reconciler.kinds.quota.sizes import SIZES, Size, families, size_of
from reconciler.sandbox.arm import catalog

SHARED = [size for size in SIZES if catalog.vm_size(size.name)]
TABLES = [*retirements.SIZES, *retirements.MODELS, retirements.PROMPT_FLOW]


def test_every_size_stands_once() -> None:
    names = [size.name.casefold() for size in SIZES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("size", SIZES, ids=lambda s: s.name)
def test_a_size_is_found_in_any_case(size: Size) -> None:
    assert size_of(size.name.upper()) is size
    assert size.family in families()


@pytest.mark.parametrize("size", SHARED, ids=lambda s: s.name)
def test_family_cores_and_gpus_agree_with_the_catalog_of_the_sandbox(size: Size) -> None:
    other = catalog.vm_size(size.name)
    assert other is not None
    assert (size.family.casefold(), size.cores, size.gpus) == (
        other.family.casefold(),
        other.cores,
        other.gpus,
    )


@pytest.mark.parametrize("other", catalog.VM_SIZES, ids=lambda s: s.name)
def test_every_gpu_size_of_the_sandbox_is_known(other: catalog.VmSize) -> None:
    assert not other.gpus or size_of(other.name) is not None


def test_all_sizes_of_the_retired_series_are_named() -> None:
    retired = {size.name for size in catalog.VM_SIZES if size.retired}
    assert retired
    for name in (*retired, "Standard_NC24rs_v3", "standard_nc6S_V3"):
        assert any(retirements.matches(item, name) for item in retirements.SIZES), name


@pytest.mark.parametrize("name", ["Standard_NC24ads_A100_v4", "Standard_NC4as_T4_v3"])
def test_the_replacements_are_not_retired(name: str) -> None:
    assert any(name in item.replacement for item in retirements.SIZES)
    assert not any(retirements.matches(item, name) for item in retirements.SIZES)


def test_every_retirement_has_a_date_and_a_replacement() -> None:
    assert all(item.on > date(2025, 1, 1) and item.replacement for item in TABLES)
    assert date(2027, 4, 20) == retirements.PROMPT_FLOW.on
