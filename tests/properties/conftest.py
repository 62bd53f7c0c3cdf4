"""The sandbox of the contract tests, for histories."""

from tests.contract.conftest import server

__all__ = ["server"]
