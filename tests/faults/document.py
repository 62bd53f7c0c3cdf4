"""Keep figures and matrix in `docs/reliability.md`: `python -m tests.faults.document`."""

import re

from tests.faults.matrix import table
from tests.faults.scenes import ROOT

FILE = ROOT / "docs/reliability.md"
HEAD = ("| what | cases | result | time | measured |", "| --- | --- | --- | --- | --- |")


def main():
    """Write the matrix as it is now."""
    _replace("matrix", "\n".join(table()))


def holds(what, cases, source):
    """Whether the document has a figure of so many cases, from this commit and seed."""
    wanted = (_name(f"|{what}|"), cases)
    lines = [line for line in _between("figures").splitlines() if line and line not in HEAD]
    return any(
        (_name(line), line.split("|")[2].strip()) == wanted and source in line for line in lines
    )


def keep(line):
    """Put a line of figures in the place of the older one of its name, or at the end.

    The number of requests in a name is not part of it: it changes with the product.
    """
    lines = [old for old in _between("figures").splitlines() if old and old not in HEAD]
    names = [_name(old) for old in lines]
    if _name(line) in names:
        lines[names.index(_name(line))] = line
    else:
        lines.append(line)
    _replace("figures", "\n".join([*HEAD, *lines]))


def _name(line):
    return re.sub(r" \(\d+ requests\)", "", line.split("|")[1]).strip()


def _between(name):
    return _place(name).search(FILE.read_text(encoding="utf-8"))[2]


def _replace(name, rows):
    text = FILE.read_text(encoding="utf-8")
    FILE.write_text(_place(name).sub(lambda m: f"{m[1]}{rows}\n{m[3]}", text), encoding="utf-8")


def _place(name):
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- end -->)", re.DOTALL)


if __name__ == "__main__":
    main()
