"""Much data: rows by the gigabyte and a folder of 5,000 files, in bounded memory, each sent once.

`python -m tests.faults.volumes MEGABYTES` measures in a process of its own, whose memory is that of
the runs. Either upload is killed half way, and the next run sends what is missing: of the folder
the files, of the rows the blocks of eight megabytes.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from reconciler.sandbox.launch import launch
from tests.faults.arena import Arena
from tests.faults.seed import ROOT

FILES = 5_000
KILLED_AT = FILES // 2
MOST_MIB = 300
SPEC = """
version: 1
name: volumes
target: {{subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg-volumes, location: eastus}}
workspace:
  name: ws-volumes
  storage_account: {{name: volumesstorage}}
  key_vault: {{name: kv-volumes}}
  application_insights: {{name: ins-volumes}}
datasets:
  {dataset}
"""
FOLDER = "many: {source: {type: local_folder, path: many}}"
ROWS = "rows: {source: {type: local, path: rows.jsonl}}"


@dataclass(frozen=True)
class Measured:
    """What came of it: runs that went wrong in words, files and blocks sent twice, the most memory of a run."""

    files: int
    rows: int
    sent_twice: int
    missing: int
    memory_mib: int
    wrong: tuple[str, ...]

    @property
    def violations(self):
        """How much is not as promised."""
        is_large = self.memory_mib > MOST_MIB
        return len(self.wrong) + self.sent_twice + self.missing + is_large


def measured(megabytes):
    """Return the figures for so many megabytes of rows."""
    command = [sys.executable, "-m", "tests.faults.volumes", str(megabytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found = json.loads(done.stdout)
    return Measured(**{**found, "wrong": tuple(found["wrong"])})


def write_files(folder, count):
    """Write files of a few bytes into a hundred folders."""
    for number in range(count):
        place = folder / f"{number % 100:02}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(f"file {number}\n")


def write_rows(file, megabytes):
    """Write conversations of half a kilobyte; return how many."""
    words, rows = "word " * 45, 0
    with file.open("w") as out:
        while out.tell() < megabytes * 1_000_000:
            for _ in range(1_000):
                question = {"role": "user", "content": f"question {rows} {words}"}
                answer = {"role": "assistant", "content": f"answer {rows} {words}"}
                out.write(json.dumps({"messages": [question, answer]}) + "\n")
                rows += 1
    return rows


def killed_and_resumed(arena, spec, nth, dataset="many"):
    """Upload a dataset, killed at its nth file or block, then again; return what went wrong."""
    run = arena.start("apply", str(spec), "--yes")
    place = {"method": "PUT", "path": f"/reconcile/{dataset}/", "nth": nth, "when": "after"}
    arena.arm({**place, "action": {"kill": run.pid}})
    run.go()
    first = run.join()
    arena.disarm()
    second = arena.run("apply", str(spec), "--yes")
    wrong = [] if first.killed else [f"it was not killed but ended with {first.code}: {first.err}"]
    return wrong + ([] if second.code == 0 else [f"the run after it failed: {second.err}"])


def uploads(arena, dataset="many"):
    """Return how often each file or block was put, as far as it was carried out."""
    place = f"/reconcile/{dataset}/"
    puts = (e for e in arena.journal() if e["method"] == "PUT" and place in e["path"])
    done = (entry for entry in puts if entry["status"] == 201)
    return Counter((entry["path"], entry["query"].get("blockid", "")) for entry in done)


def _measure(top, megabytes):
    rows = write_rows(top / "rows.jsonl", megabytes)
    write_files(top / "many", FILES)
    spec = top / "spec.yaml"
    with launch(top / "state", clock="instant") as server:
        arena = Arena(server, top / "state")
        spec.write_text(SPEC.format(dataset=FOLDER))
        wrong = killed_and_resumed(arena, spec, KILLED_AT)
        files = uploads(arena)
        spec.write_text(SPEC.format(dataset=ROWS))
        wrong += killed_and_resumed(arena, spec, max(1, megabytes // 20), "rows")
        blocks = {place: n for place, n in uploads(arena, "rows").items() if place[1]}
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    twice = sum(count - 1 for count in (*files.values(), *blocks.values()))
    return Measured(FILES, rows, twice, FILES - len(files), memory, tuple(wrong))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        os.environ["RECONCILE_CACHE"] = f"{name}/cache"
        json.dump(asdict(_measure(Path(name).resolve(), int(sys.argv[1]))), sys.stdout)
