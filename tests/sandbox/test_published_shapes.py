"""`shapes.txt` says what Microsoft's installed packages say, and the schemas use it."""

from __future__ import annotations

from reconciler.sandbox.arm.schema import Check
from reconciler.sandbox.arm.schema_language import compile_schema
from tests.sandbox import published_shapes


def test_the_shapes_are_those_of_the_installed_packages() -> None:
    assert published_shapes.FILE.read_text() == published_shapes.text()


def test_what_a_kind_may_hold_depends_on_its_discriminator() -> None:
    schema = compile_schema("distribution: <ml.DistributionConfiguration>")
    body = {"distribution": {"distributionType": "tensorflow", "workerCount": 1}}
    proper = {"distribution": {"distributionType": "TensorFlow", "workerCount": 1}}
    assert Check("2024-10-01").body(schema, body, None) == proper
