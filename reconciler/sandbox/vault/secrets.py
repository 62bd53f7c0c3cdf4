"""The secrets of the vaults: versions, attributes, and what is soft-deleted.

They belong to the vault's name: a vault that is deleted and recovered has them again, one that is
purged has lost them. Source: learn.microsoft.com/azure/key-vault/secrets/about-secrets (names,
versions, attributes, and that `nbf` and `exp` do not keep anybody from reading a value) and
/azure/key-vault/general/soft-delete-overview.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from reconciler.sandbox.store import Record
from reconciler.sandbox.vault.errors import bad, deleted_not_found, not_found, taken_by_deleted
from reconciler.sandbox.world import World

Json = dict[str, Any]
SPACE = "vault_secrets"
NAME = re.compile(r"[0-9a-zA-Z-]{1,127}", re.ASCII)
MAX_VALUE_BYTES = 25 * 1024
DAY_S = 86400
_STATED = ("enabled", "nbf", "exp")


class Secrets:
    """The secrets of one vault."""

    def __init__(self, world: World, vault: Record) -> None:
        self._world = world
        self._vault = vault
        self._prefix = f"{vault.name.lower()}/"
        self._host = f"https://{vault.name.lower()}.vault.sandbox.test"

    def set(self, name: str, body: Json, version_id: str = "") -> Json:
        """Add a version; it is the current one from now on.

        Azure makes up what a version is called; the controls may say it.
        """
        if not NAME.fullmatch(name):
            raise bad(f"The request URI contains an invalid name: {name}")
        value = body.get("value")
        if not isinstance(value, str):
            raise bad("Property value is required.")
        if len(value.encode()) > MAX_VALUE_BYTES:
            raise bad("Secret value is longer than 25k.")
        found = self._document(name) or {"name": name, "versions": [], "deleted": None}
        if found["deleted"]:
            raise taken_by_deleted(name)
        now = int(self._world.clock.now())
        version: Json = {"version": version_id or uuid.uuid4().hex, "value": value}
        version["attributes"] = {"enabled": True, "created": now, "updated": now}
        _change(version, body)
        found["versions"].append(version)
        self._save(found)
        return self._bundle(found, version)

    def get(self, name: str, version: str) -> Json:
        """Return one version, or the current one, with its value."""
        found = self._living(name)
        return self._bundle(found, _version(found, version))

    def update(self, name: str, version: str, body: Json) -> Json:
        """Change attributes, tags or content type of a version; the value stays."""
        found = self._living(name)
        chosen = _version(found, version)
        _change(chosen, body)
        chosen["attributes"]["updated"] = int(self._world.clock.now())
        self._save(found)
        return _without_value(self._bundle(found, chosen))

    def items(self) -> list[Json]:
        """Return the current version of each secret, without values."""
        return [
            {**_without_value(self._bundle(found, found["versions"][-1])), "id": self._id(found)}
            for found in self._documents()
            if not found["deleted"]
        ]

    def versions(self, name: str) -> list[Json]:
        """Return every version of a secret, without values."""
        found = self._living(name)
        return [_without_value(self._bundle(found, version)) for version in found["versions"]]

    def delete(self, name: str) -> Json:
        """Soft-delete a secret with all its versions."""
        found = self._living(name)
        now = int(self._world.clock.now())
        found["deleted"] = {"deletedDate": now, "scheduledPurgeDate": now + self._days * DAY_S}
        self._save(found)
        return self._deleted(found)

    def deleted(self, name: str) -> Json:
        """Return a soft-deleted secret."""
        return self._deleted(self._gone(name))

    def deleted_items(self) -> list[Json]:
        """Return all that is soft-deleted."""
        found = (one for one in self._documents() if one["deleted"])
        return [{**_without_value(self._deleted(one)), "id": self._id(one)} for one in found]

    def recover(self, name: str) -> Json:
        """Take a soft-deleted secret back."""
        found = self._gone(name)
        found["deleted"] = None
        self._save(found)
        return _without_value(self._bundle(found, found["versions"][-1]))

    def purge(self, name: str) -> None:
        """Forget a soft-deleted secret for good."""
        found = self._gone(name)
        self._world.store.delete_document(SPACE, self._key(found["name"]))

    @property
    def _days(self) -> int:
        return int(self._vault.body["properties"].get("softDeleteRetentionInDays") or 90)

    def _documents(self) -> Iterator[Json]:
        """Yield each secret; what is deleted longer than the vault keeps it is forgotten."""
        for key, found in self._world.store.documents(SPACE).items():
            if not key.startswith(self._prefix):
                continue
            gone = found["deleted"]
            if gone and gone["scheduledPurgeDate"] <= self._world.clock.now():
                self._world.store.delete_document(SPACE, key)
                continue
            yield found

    def _key(self, name: str) -> str:
        return self._prefix + name.lower()

    def _document(self, name: str) -> Json | None:
        return next((d for d in self._documents() if self._key(d["name"]) == self._key(name)), None)

    def _living(self, name: str) -> Json:
        found = self._document(name)
        if found is None or found["deleted"]:
            raise not_found(name)
        return found

    def _gone(self, name: str) -> Json:
        found = self._document(name)
        if found is None or not found["deleted"]:
            raise deleted_not_found(name)
        return found

    def _save(self, found: Json) -> None:
        self._world.store.put_document(SPACE, self._key(found["name"]), found)

    def _id(self, found: Json, version: str = "") -> str:
        return f"{self._host}/secrets/{found['name']}" + (f"/{version}" if version else "")

    def _bundle(self, found: Json, version: Json) -> Json:
        protected = self._vault.body["properties"].get("enablePurgeProtection")
        level = "Recoverable" if protected else "Recoverable+Purgeable"
        if self._days < 90:
            level = f"Customized{level}"
        shown = {k: v for k, v in version.items() if k in ("value", "contentType", "tags")}
        limits = {"recoveryLevel": level, "recoverableDays": self._days}
        return {
            **shown,
            "id": self._id(found, version["version"]),
            "attributes": {**version["attributes"], **limits},
        }

    def _deleted(self, found: Json) -> Json:
        shown = _without_value(self._bundle(found, found["versions"][-1]))
        recovery = f"{self._host}/deletedsecrets/{found['name']}"
        return {**shown, **found["deleted"], "recoveryId": recovery}


def put(world: World, vault: str, body: Json) -> Json:
    """Put a secret under a vault's name as somebody who may, whether it exists yet or not."""
    record = world.store.find_named("Microsoft.KeyVault/vaults", vault)
    record = record or Record(f"/vaults/{vault}", "Microsoft.KeyVault/vaults", {"properties": {}})
    stated = {key: value for key, value in body.items() if key not in ("name", "version")}
    found = Secrets(world, record).set(
        str(body.get("name", "")), stated, str(body.get("version", "")).lower()
    )
    return _without_value(found)


def forget(world: World, vault: str) -> None:
    """Forget every secret of a vault that was purged."""
    for key in world.store.documents(SPACE):
        if key.startswith(f"{vault.lower()}/"):
            world.store.delete_document(SPACE, key)


def _version(found: Json, version: str) -> Json:
    versions: list[Json] = found["versions"]
    if not version:
        return versions[-1]
    for one in versions:
        if one["version"] == version.lower():
            return one
    raise not_found(f"{found['name']}/{version}")


def _change(version: Json, body: Json) -> None:
    """Put what a body states on a version; raises for what is no attribute of a secret."""
    attributes = body.get("attributes") or {}
    if not isinstance(attributes, dict) or not isinstance(body.get("tags") or {}, dict):
        raise bad("The request body is not a secret.")
    for key in _STATED:
        if attributes.get(key) is not None:
            version["attributes"][key] = attributes[key]
    for key in ("contentType", "tags"):
        if body.get(key) is not None:
            version[key] = body[key]


def _without_value(bundle: Json) -> Json:
    return {key: value for key, value in bundle.items() if key != "value"}
