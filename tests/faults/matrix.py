"""The fault matrix F01 to F60: where each row is tested, or why it is not.

`docs/reliability.md` shows this table; `test_matrix.py` holds the two together and checks that
every test named here is there. `PARTLY` and `OPEN` say in one sentence what is missing.
"""

from tests.faults.matrix_azure import AZURE
from tests.faults.matrix_here import HERE

MATRIX = tuple(sorted((*AZURE, *HERE), key=lambda row: row.number))


def table():
    """Return the matrix as the lines of a Markdown table."""
    lines = ["| row | fault | state | tests, or what is missing |", "| --- | --- | --- | --- |"]
    for row in MATRIX:
        files = sorted({f"`{test.partition('::')[0]}`" for test in row.tests})
        said = "; ".join(part for part in (row.lacks, ", ".join(files)) if part)
        lines.append(f"| {row.number} | {row.fault} | {row.state} | {said} |")
    return lines
