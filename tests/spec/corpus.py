"""Bad specs, made from good ones by rules: each breaks one thing that a person may break.

A rule walks a good spec and yields (what was broken, the broken spec). Everything is small
and deterministic: the same corpus on every machine.
"""

import copy
import functools
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FULL = "specs/phi3-ultrachat.yaml"
LOCAL = "examples/bring-your-own-data.yaml"
TWO = "examples/two-deployments.yaml"
SMALL = "examples/smallest.yaml"
FREE = ("tags", "lifecycle", "keys", "environment_variables", "traffic", "connections")
ANY = ("hyperparameters",)
"""Maps that Azure ML alone judges."""
"""Maps whose keys are the user's own, so that another key is no mistake of spelling."""
NAMED = ("identities", "compute", "datasets", "jobs", "models", "endpoints", "deployments", "flows")


@functools.cache
def good(source):
    """Return a shipped spec as plain data, which nobody changes: `changed` copies."""
    return YAML(typ="safe").load((ROOT / source).read_text(encoding="utf-8"))


def text_of(data):
    """Return a spec as YAML."""
    out = StringIO()
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.sort_base_mapping_type_on_output = False
    yaml.dump(data, out)
    return out.getvalue()


def places(value, path=()):
    """Yield the path and value of every node below the top."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if path and path[-1] in ANY:
            continue
        yield (*path, key), item
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def opened(data, path):
    """Return a copy of a spec, and in it the container of a path, which may be changed.

    Only what leads there is copied: the specs of the corpus share the rest.
    """
    copied = holder = copy.copy(data)
    for key in path[:-1]:
        holder[key] = copy.copy(holder[key])
        holder = holder[key]
    return copied, holder


def changed(data, path, value):
    """Return a copy of a spec with another value at a path."""
    copied, holder = opened(data, path)
    holder[path[-1]] = value
    return copied


def shown(path):
    return ".".join(map(str, path))


def misspelt_keys(data):
    """Every key of ours with one letter too many; names of the user's own things are not ours."""
    for path, _ in places(data):
        key, above = path[-1], path[-2] if len(path) > 1 else ""
        if not isinstance(key, str) or above in FREE or (above in NAMED and len(path) == 2):
            continue
        copied, holder = opened(data, path)
        entries = [(f"{k}q" if k == key else k, v) for k, v in holder.items()]
        holder.clear()
        holder.update(entries)
        yield f"misspelt {shown(path)}", copied


def wrong_types(data):
    """Every value as something of another shape."""
    for path, value in places(data):
        if isinstance(value, dict):
            yield f"number for mapping {shown(path)}", changed(data, path, 17)
        elif isinstance(value, list):
            yield f"text for list {shown(path)}", changed(data, path, "seventeen words")
        elif isinstance(value, bool | int | float):
            yield f"text for number {shown(path)}", changed(data, path, "seventeen")
            yield f"list for number {shown(path)}", changed(data, path, [value])
        else:
            yield f"mapping for text {shown(path)}", changed(data, path, {"a": {"b": 1}})


def out_of_range(data):
    """Every number far below and far above what anything takes."""
    for path, value in places(data):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield f"negative {shown(path)}", changed(data, path, -7)
            if path[-1] not in ("seed", "learning_rate", "idle_time_before_scale_down"):
                yield f"huge {shown(path)}", changed(data, path, 10**12)


def broken_references(data):
    """Every reference to a thing that is not there, and to an attribute that it has not."""
    for path, value in places(data):
        if isinstance(value, str) and value.startswith("${{"):
            inner = value.strip("${} ")
            yield f"to nothing {shown(path)}", changed(data, path, f"${{{{ {inner}nowhere }}}}")
            yield f"no attribute {shown(path)}", changed(data, path, f"${{{{ {inner}.wrong }}}}")
            yield f"to the top {shown(path)}", changed(data, path, "${{ target }}")
            yield f"unclosed {shown(path)}", changed(data, path, f"${{{{ {inner}")


def bad_names(data):
    """Every name as one that Azure refuses."""
    words = ("", "a b", "-dash.", "ünïcode", "x" * 300, "semi;colon", "../up", "new\nline")
    for path, value in places(data):
        if path[-1] in ("name", "resource_group", "location") and isinstance(value, str):
            for word in words:
                yield f"{word[:12]!r} as {shown(path)}", changed(data, path, word)


def bad_keys(data):
    """Every thing of the user's own under a name that Azure refuses."""
    for section in NAMED:
        for key in data.get(section) or {}:
            for word in ("a b", "x" * 300, "dot.ted"):
                renamed = {word if k == key else k: v for k, v in data[section].items()}
                yield f"{word[:8]!r} for {section}.{key}", {**data, section: renamed}


def left_out(data, paths):
    """Each required thing taken away."""
    for path in paths:
        copied, holder = opened(data, path)
        del holder[path[-1]]
        yield f"without {shown(path)}", copied


def emptied(data, paths):
    """Each required thing with no value."""
    for path in paths:
        yield f"null {shown(path)}", changed(data, path, None)
        yield f"empty {shown(path)}", changed(data, path, "")


REQUIRED = [
    ("version",),
    ("name",),
    ("target",),
    ("target", "subscription_id"),
    ("target", "resource_group"),
    ("target", "location"),
    ("workspace", "storage_account"),
    ("workspace", "key_vault"),
    ("workspace", "storage_account", "name"),
    ("quota", 0, "vm_family"),
    ("quota", 0, "cores"),
    ("compute", "gpu-cluster", "size"),
    ("datasets", "ultrachat", "source"),
    ("datasets", "ultrachat", "source", "repo"),
    ("datasets", "ultrachat", "source", "revision"),
    ("jobs", "finetune", "model"),
    ("jobs", "finetune", "training_data"),
    ("models", "phi3-ultrachat", "path"),
    ("deployments", "blue", "endpoint_name"),
    ("deployments", "blue", "model"),
    ("deployments", "blue", "instance_type"),
    ("connections", "phi3-connection", "keys"),
    ("flows", "chat", "path"),
]


def generated():
    """Yield (name, plain data) of every spec that a rule breaks: its text is made when it is read."""
    full = good(FULL)
    for rule in (misspelt_keys, wrong_types, out_of_range, broken_references, bad_names, bad_keys):
        for name, data in rule(full):
            yield f"{rule.__name__}: {name}", data
    for rule in (left_out, emptied):
        for name, data in rule(full, REQUIRED):
            yield f"{rule.__name__}: {name}", data
