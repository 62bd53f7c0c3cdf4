"""What the operations are tested on: the sandbox of the serving kinds."""

from tests.kinds.conftest import applied, azure, live, prepared, started

__all__ = ["applied", "azure", "live", "prepared", "started"]
