"""What the tags of a resource, a group or a subscription may be.

Source: learn.microsoft.com/azure/azure-resource-manager/management/tag-resources (50 tags; names of
512 characters, 128 for storage accounts, without `<>%&\\?/`, told apart without regard to case;
values of 256) and the refusals that Azure PowerShell repeats (`InvalidTagNameCharacters`,
`InvalidTagName`, `InvalidTagValueLength`). What is said of a 51st tag was not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reconciler.sandbox.arm.errors import GATEWAY, ArmError

MOST_TAGS = 50
NAME_LENGTH, VALUE_LENGTH = 512, 256
_NAME_LENGTHS = {"microsoft.storage/storageaccounts": 128}
_RESERVED = re.compile(r"[<>%&\\?/\x00-\x1f\x7f]")


def check_tags(tags: Mapping[str, str | None], type_: str) -> None:
    """Raise ArmError 400 for tags that a resource of a type may not have."""
    longest = _NAME_LENGTHS.get(type_.lower(), NAME_LENGTH)
    reserved = [name for name in tags if _RESERVED.search(name)]
    if reserved:
        raise _refused(
            "InvalidTagNameCharacters",
            f"The tag names '{', '.join(reserved)}' have reserved characters '<,>,%,&,\\,?,/' or "
            "control characters.",
        )
    _check_lengths("InvalidTagName", "name", tags, longest)
    values = [value for value in tags.values() if value]
    _check_lengths("InvalidTagValueLength", "value", values, VALUE_LENGTH)
    if len(tags) > MOST_TAGS:
        raise _refused(
            "InvalidTagCount",
            f"The number of tags '{len(tags)}' exceeds the maximum of '{MOST_TAGS}'.",
        )


def merged(tags: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    """Return the tags with those sent in place of, or beside, what has their names."""
    names = {name.lower() for name in sent}
    return {name: value for name, value in tags.items() if name.lower() not in names} | dict(sent)


def without(tags: Mapping[str, str], sent: Mapping[str, str | None]) -> dict[str, str]:
    """Return the tags without those sent: by name and value, or by name where no value is sent."""
    gone = {name.lower(): value for name, value in sent.items()}
    return {
        name: value
        for name, value in tags.items()
        if name.lower() not in gone or (gone[name.lower()] or value) != value
    }


def _check_lengths(code: str, what: str, texts: Iterable[str], most: int) -> None:
    long = [text for text in texts if len(text) > most]
    if long:
        word = "key" if what == "name" else "value"
        raise _refused(
            code,
            f"Tag {word} too large. Following tag {what} '{', '.join(long)}' exceeded the maximum "
            f"length. Maximum allowed length for tag {what} - '{most}' characters.",
        )


def _refused(code: str, message: str) -> ArmError:
    return ArmError(400, code, message, headers=GATEWAY)
