"""Write the fault matrix into `docs/reliability.md`: `python -m tests.faults.document`."""

import re

from tests.faults.matrix import table
from tests.faults.scenes import ROOT

FILE = ROOT / "docs/reliability.md"
PLACE = re.compile(r"(<!-- matrix -->\n).*?(<!-- end -->)", re.DOTALL)


def main():
    """Replace what stands between the two comments."""
    text = FILE.read_text(encoding="utf-8")
    rows = "\n".join(table())
    FILE.write_text(PLACE.sub(lambda m: f"{m[1]}{rows}\n{m[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
