"""What a user of the sandbox may tune at run time (through `/_sandbox/*`), kept in the store."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.store import Store

DEFAULTS: dict[str, Any] = {
    "latency_ms": 0.0,
    "latency_jitter_ms": 0.0,
    "throttle": None,
    "role_propagation_s": 60.0,
    "directory_replication_s": 10.0,
    "token_lifetime_s": 86400,
    "vm_price_estimates": 1,
    "change_feed_delay_s": 0.0,
    "forge": 0,
    "git": 0,
}


class Settings:
    """Named values with defaults; unknown names are refused with KeyError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getitem__(self, name: str) -> Any:
        value = self._store.document("settings", name)
        return DEFAULTS[name] if value is None else value

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in DEFAULTS:
            raise KeyError(name)
        self._store.put_document("settings", name, value)

    def all(self) -> dict[str, Any]:
        """Return every setting and its value."""
        return {name: self[name] for name in DEFAULTS}
