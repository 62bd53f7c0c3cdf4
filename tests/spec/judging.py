"""Put a bad file through the command line and say what was told of it."""

import contextlib
import gc
import io
import json
import shutil
import time
from dataclasses import dataclass
from functools import cache

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from reconciler.kinds.spec_fields import sections
from tests.spec import corpus
from tests.spec.corpus import ROOT

GOOD_ROW = '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}\n'
DATA = {"empty.jsonl": "", "prose.jsonl": "hello\n", "cut.jsonl": GOOD_ROW * 3 + '{"messages": [\n'}
"""Data files beside the specs, each bad in its own way."""


@dataclass(frozen=True)
class Told:
    """How a run of `validate` ended, its errors, all that was written, and its seconds."""

    code: int
    errors: list
    written: str
    seconds: float

    @property
    def crashed(self):
        """Whether somebody sees the inside of the program."""
        return "Traceback" in self.written or "internal error" in self.written

    def is_whole(self, top):
        """Whether it was refused, and each error has a place in `top`, a cause and a fix."""
        return (
            self.code == ExitCode.INVALID_SPEC
            and bool(self.errors)
            and all(
                error["range"]["filename"].startswith(str(top))
                and error["range"]["start"]["line"] >= 1
                and error["range"]["start"]["column"] >= 1
                and error["summary"].strip()
                and len(error["summary"]) < 1000
                and (error["hint"].strip() or error["detail"].strip())
                and error["hint"] not in meanings()
                for error in self.errors
            )
        )


@cache
def meanings():
    """Return what each field of a spec means: that is no way out of a mistake."""
    return {field.meaning for section in sections() for field in section.fields}


def planted(top):
    """Make a folder with the files beside a spec that the shipped ones refer to."""
    (top / "specs" / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "examples", top / "examples")
    for name, text in DATA.items():
        (top / "specs" / "data" / name).write_text(text)
    with contextlib.redirect_stdout(io.StringIO()):
        main(["validate", str(ROOT / corpus.SMALL), "-q"])  # what is imported once, is now
    return top


def validated(top, content):
    """Return what is told of a file that may hold anything."""
    file = top / "specs" / "spec.yaml"
    file.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    gc.disable()  # as the command line does; a test process holds much that is no garbage
    began = time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["validate", str(file), "-o", "json"])
    seconds = time.process_time() - began
    gc.enable()
    found = json.loads(out.getvalue())["diagnostics"] if out.getvalue() else []
    errors = [d for d in found if d["severity"] == "error"]
    return Told(code, errors, out.getvalue() + err.getvalue(), seconds)
