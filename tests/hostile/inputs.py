"""Hostile inputs: each writes one file, or folder, that a pull request could bring.

Each of `FAMILIES` takes a folder with good files and chance, and returns the words of the command
that reads what it wrote. Beside what is hostile there is a secret, where there can be one.
"""

import json
import os

import duckdb

from tests.hostile.hostile_specs import (
    OWN,
    PUMPS,
    SECRET,
    pumped,
    spec_in_another_coding,
    spec_of_aliases,
    spec_of_bytes,
    spec_of_many_keys,
    spec_of_references,
    spec_that_is_no_file,
    spec_that_is_pumped,
    spec_too_large,
    spec_with_a_long_value,
)

SPEC = "specs/phi3-ultrachat.yaml"
FLOW = "examples/flows/phi3-chat"
ROW = '{"messages":[{"role":"user","content":%s},{"role":"assistant","content":"a"}]}\n'
MESSAGES = "[{'role': 'user', 'content': %s}, {'role': 'assistant', 'content': 'a'}]"


def _rows(folder, content, name="support-chats.jsonl"):
    file = folder / "examples/data" / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    return "validate", OWN


def row_that_is_pumped(folder, chance):
    return _rows(folder, (ROW % json.dumps(pumped(chance, 5_000_000) + SECRET)) * 2)


def row_that_explodes(folder, chance):
    inner = chance.choice(
        ("[],", "{},", '{"a":1},', "[[", '{"a":', "1e999,", '"",', "9" * 5000 + ",")
    )
    return _rows(folder, ROW % (inner * (chance.randint(1_000, 4 << 20) // len(inner))))


def rows_that_are_many_and_bad(folder, chance):
    return _rows(
        folder, f'{{"messages": {chance.choice(PUMPS)}{SECRET}\n' * chance.randint(1, 50_000)
    )


def rows_of_bytes(folder, chance):
    return _rows(folder, chance.randbytes(chance.randint(1, 500_000)) * chance.randint(1, 4))


def rows_of_blanks(folder, chance):
    return _rows(
        folder,
        chance.choice((b"\n", b" \n", b"\r\n", b"\0", b"\xef\xbb\xbf"))
        * chance.randint(1, 300_000),
    )


def rows_that_are_no_file(folder, chance):
    file = folder / "examples/data/support-chats.jsonl"
    file.unlink()
    kind = chance.choice(("fifo", "loop", "folder", "outside", "sparse"))
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "sparse":
        with file.open("wb") as made:
            made.truncate(10 << 30)
    else:
        file.symlink_to("support-chats.jsonl" if kind == "loop" else "/etc/passwd")
    return "validate", OWN


def _parquet(folder, content):
    text = (folder / OWN).read_text().replace("support-chats.jsonl", "rows.parquet")
    (folder / OWN).write_text(text)
    return _rows(folder, content, "rows.parquet")


def parquet_of_one_query(folder, chance):
    size = chance.randint(10_000, 300_000)
    query = chance.choice(
        (
            f"SELECT [{{'role': 'user', 'content': 'q'}} for i in range({size})] AS messages",
            "SELECT " + MESSAGES % f"repeat('x', {size * 20})" + " AS messages",
            "SELECT " + MESSAGES % f"repeat('x', {size})" + " AS messages FROM range(100)",
            f"SELECT [range({size})] AS messages FROM range(5)",
            "SELECT " + ", ".join(f"{n} AS c{n}" for n in range(size // 100)) + ", 1 AS messages",
            f"SELECT MAP {{'{SECRET}': 1}} AS messages FROM range({size})",
        )
    )
    file = folder / "examples/data/rows.parquet"
    duckdb.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    return _parquet(folder, file.read_bytes())


def parquet_that_lies(folder, chance):
    """Its footer says another length, or its bytes are others."""
    file = folder / "examples/data/rows.parquet"
    query = "SELECT " + MESSAGES % "'q' || i" + " AS messages FROM range(300) t(i)"
    duckdb.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    content = bytearray(file.read_bytes())
    for _ in range(chance.randint(1, 40)):
        content[chance.randrange(4, len(content))] = chance.randrange(256)
    if chance.random() < 0.3:
        content[-8:-4] = chance.randbytes(4)
    return _parquet(folder, bytes(content))


def _flow(folder, name, content):
    file = folder / FLOW / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    return "validate", SPEC


def python_that_is_deep(folder, chance):
    count = chance.randint(1_000, 60_000)
    text = chance.choice(
        (
            f"x = a{'.b' * count}",
            f"x = {'-' * count}1",
            f"x = {'lambda: ' * count}1",
            f"x = 1{' + 1' * count}",
            f"x = {'(' * count}",
            f"x = {'[' * count}{']' * count}",
            "if a: pass\n" + "elif a: pass\n" * count,
            "a\n" * count,
            f"x = {'9' * count}",
            f"x = f'{'{' * count}'",
            "\n".join(" " * n + "if a:" for n in range(min(count, 700))),
        )
    )
    return _flow(folder, "chat.py", f"{text}\n# {SECRET}")


def python_that_is_large(folder, chance):
    return _flow(folder, "chat.py", chance.choice(("a\n", "\n", "#", "x=1;", "\0")) * (4 << 20))


def flow_that_is_pumped(folder, chance):
    good = (folder / FLOW / "flow.dag.yaml").read_text()
    at = chance.randrange(len(good))
    return _flow(folder, "flow.dag.yaml", f"{good[:at]}{pumped(chance)}{good[at:]}")


def flow_of_many_nodes(folder, chance):
    count = chance.randint(100, 3_000)
    nodes = "\n".join(
        f"- {{name: n{n}, type: python, source: {{type: code, path: chat.py}}, inputs: {{a: '${{n{(n + 1) % count}.output}}'}}}}"
        for n in range(count)
    )
    return _flow(folder, "flow.dag.yaml", f"nodes:\n{nodes}\n")


def ignore_file(folder, chance):
    piece = chance.choice(("*a", "*", "?*", "[!b]*", "**/", "**/*a", "[", "!", "\\", "[a-", "{a,"))
    (folder / FLOW / ("a" * 250)).write_text("")
    return _flow(
        folder, ".gitignore", f"{piece * chance.randint(2, 5_000)}b\n" * chance.randint(1, 50)
    )


def folder_of_links(folder, chance):
    here = folder / FLOW
    for n in range(chance.randint(1, 100)):
        (here / f"l{n}").symlink_to(
            chance.choice((".", "..", f"l{n + 1}", "/", "/dev/zero", "/proc", "gone"))
        )
    return "validate", SPEC


def folder_that_is_deep(folder, chance):
    here = folder / FLOW
    for _ in range(chance.randint(20, 120)):
        here = here / chance.choice(("d", "e" * 20))
    here.mkdir(parents=True)
    (here / "x").write_text(SECRET)
    return "validate", SPEC


def folder_of_many(folder, chance):
    for n in range(chance.randint(150, 2_500)):
        (folder / FLOW / f"f{n}.txt").write_text("x")
    return "validate", SPEC


def folder_of_large(folder, chance):
    with (folder / FLOW / "large.bin").open("wb") as file:
        file.truncate(chance.choice((10 << 20, (10 << 20) + 1, 10 << 30)))
    return "validate", SPEC


def _plan(folder, text, chance):
    (folder / "plan.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    return "show", "plan.json", "-o", chance.choice(("text", "json", "markdown"))


def plan_that_explodes(folder, chance):
    inner = chance.choice(("[],", "{},", '{"a":1},', "[", '{"a":', '"a",', "1e999,", '"\\ud800",'))
    count = (chance.randint(1_000, 20 << 20)) // len(inner)
    good = (folder / "plan.json").read_text()
    return _plan(folder, f'{good[:-2]},"more":[{inner * count}1]}}', chance)


def plan_with_a_long_text(folder, chance):
    plan = json.loads((folder / "plan.json").read_text())
    key = chance.choice(sorted(plan))
    plan[key] = pumped(chance, 2_000_000) + SECRET
    return _plan(folder, json.dumps(plan), chance)


def plan_of_bytes(folder, chance):
    (folder / "plan.json").write_bytes(chance.randbytes(chance.randint(0, 500_000)))
    return "show", "plan.json"


def policy_that_is_pumped(folder, chance):
    good = (folder / "policies/policy.yaml").read_text()
    at = chance.randrange(len(good))
    (folder / "policies/policy.yaml").write_text(
        f"{good[:at]}{pumped(chance, 29_000)}{good[at:]}# {SECRET}"
    )
    return "plan", "own/smallest.yaml", "--policy", "policies/policy.yaml"


def policy_of_patterns(folder, chance):
    size = chance.choice(("*a", "?", "[!b]*", "*")) * chance.randint(2, 300)
    text = f"version: 1\nallow:\n  sizes: ['{size}']\n  locations: ['{'a' * 1000}', '{size}']\n"
    (folder / "policies/policy.yaml").write_text(text)
    return "plan", "own/smallest.yaml", "--policy", "policies/policy.yaml"


FAMILIES = (
    spec_that_is_pumped,
    spec_with_a_long_value,
    spec_of_aliases,
    spec_of_many_keys,
    spec_of_references,
    spec_in_another_coding,
    spec_of_bytes,
    spec_too_large,
    spec_that_is_no_file,
    row_that_is_pumped,
    row_that_explodes,
    rows_that_are_many_and_bad,
    rows_of_bytes,
    rows_of_blanks,
    rows_that_are_no_file,
    parquet_of_one_query,
    parquet_that_lies,
    python_that_is_deep,
    python_that_is_large,
    flow_that_is_pumped,
    flow_of_many_nodes,
    ignore_file,
    folder_of_links,
    folder_that_is_deep,
    folder_of_many,
    folder_of_large,
    plan_that_explodes,
    plan_with_a_long_text,
    plan_of_bytes,
    policy_that_is_pumped,
    policy_of_patterns,
)
