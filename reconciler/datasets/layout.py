"""Which files of a hub repository make up a split: by its card, otherwise by their names.

Sources: huggingface.co/docs/hub/datasets-manual-configuration (`configs` in the card) and
datasets-file-names-and-splits (names without one).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.engine.wildcards import path_pattern

READABLE = (".parquet", ".jsonl", ".ndjson")


def files_by_split(
    card: Mapping[str, Any], config: str, files: Iterable[str], splits: Iterable[str]
) -> dict[str, list[str]]:
    """Return the files of each wanted split, in order.

    Raises `ValueError` with a sentence for a configuration or split that is not there.
    """
    paths = sorted(files)
    chosen = _config(card, config)
    stated = _stated(chosen) if chosen else {}
    found: dict[str, list[str]] = {}
    for split in splits:
        patterns = stated.get(split) if stated else None
        if stated and patterns is None:
            raise ValueError(f"there is no split `{split}`; it has {', '.join(sorted(stated))}")
        names = _matching(patterns, paths) if patterns else _by_name(split, config, paths)
        readable = [name for name in names if name.lower().endswith(READABLE)]
        if not readable:
            others = f": its files are {', '.join(names[:3])}" if names else ""
            raise ValueError(
                f"the split `{split}` has no Parquet or JSON lines files at this commit{others}"
            )
        found[split] = readable
    return found


def _config(card: Mapping[str, Any], config: str) -> Mapping[str, Any] | None:
    stated = card.get("configs") if isinstance(card, Mapping) else None
    configs = [c for c in stated if isinstance(c, dict)] if isinstance(stated, list) else []
    for candidate in configs:
        if candidate.get("config_name", "default") == config:
            return candidate
    preset = [c for c in configs if c.get("default") is True] or configs
    if config == "default" and len(preset) == 1:
        return preset[0]
    if configs:
        names = ", ".join(str(c.get("config_name")) for c in configs)
        raise ValueError(f"there is no configuration `{config}`: choose one of {names}")
    return None


def _stated(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the patterns of each split that the card states."""
    folder = str(config.get("data_dir") or "").strip("/")
    data_files = config.get("data_files")
    if isinstance(data_files, str):
        data_files = [data_files]
    entries = data_files if isinstance(data_files, list) else []
    stated: dict[str, list[str]] = {}
    for entry in entries:
        item = entry if isinstance(entry, dict) else {"split": "train", "path": entry}
        paths = item.get("path")
        for path in paths if isinstance(paths, list) else [paths]:
            pattern = f"{folder}/{path}" if folder else str(path)
            stated.setdefault(str(item.get("split", "train")), []).append(pattern)
    return stated


def _matching(patterns: list[str], paths: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for pattern in patterns:
        wanted = path_pattern(pattern)
        found.update(dict.fromkeys(filter(wanted.fits, paths)))
    return list(found)


def _by_name(split: str, config: str, paths: list[str]) -> list[str]:
    """Return the files that bear the name of the split, in the file's or a folder's name."""
    word = re.escape(split)
    named = config != "default"
    folder = rf"(?:data/)?{re.escape(config)}/" if named else r"(?:data/|default/)?"
    file = rf"{folder}(?:{word}(?:[-_.]\d[^/]*)?|{word}/[^/]+)\.(?:parquet|jsonl|ndjson)"
    wanted = re.compile(file, re.IGNORECASE)
    return [path for path in paths if wanted.fullmatch(path)]
