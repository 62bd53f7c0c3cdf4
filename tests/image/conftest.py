"""The image of the Dockerfile, built here of Debian's packages, and run as a container would run it.

No registry is asked for a base: mmdebstrap makes one. It needs root, buildah, mmdebstrap and
bubblewrap; without them these tests are skipped, and say which are missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("buildah", "mmdebstrap", "bwrap")
CERTIFICATES = "/etc/ssl/certs"
USER = "65532"
BASE_PACKAGES = "python3,python3-venv,ca-certificates"

Command = Callable[[Sequence[str], Sequence[str]], list[str]]


def run(*words: str, **options: object) -> str:
    env = {**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env, **options)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout.strip()


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing or os.geteuid():
        pytest.skip("needs root and " + ", ".join(missing or TOOLS))
    tar = tmp_path_factory.mktemp("base") / "base.tar"
    run("mmdebstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", "bookworm", str(tar))
    container = run("buildah", "from", "scratch")
    run("buildah", "add", "-q", container, str(tar), "/")
    run("buildah", "commit", "-q", container, "localhost/reconcile-test-base")
    run("buildah", "rm", container)
    tar.unlink()
    return "localhost/reconcile-test-base"


@pytest.fixture(scope="session")
def image(base: str) -> Iterator[str]:
    """The image by its id."""
    given = run(
        *("buildah", "bud", "-q", "--layers", "--build-arg", f"BASE={base}"),
        *("--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro", "."),
        cwd=ROOT,
    )
    built = given.splitlines()[-1]
    yield built
    run("buildah", "rmi", "--force", built, base)


@pytest.fixture(scope="session")
def root(image: str) -> Iterator[Path]:
    """Its files, as a folder that nobody writes to."""
    container = run("buildah", "from", "--pull-never", image)
    yield Path(run("buildah", "mount", container))
    run("buildah", "rm", container)


@pytest.fixture(scope="session")
def contained(root: Path) -> Command:
    """Return the words that run a command in the image: read-only, unprivileged, no environment."""

    def words(command: Sequence[str], binds: Sequence[str] = ()) -> list[str]:
        bound = [word for path in binds for word in ("--ro-bind", path, path)]
        return [
            *("bwrap", "--ro-bind", str(root), "/", "--proc", "/proc", "--dev", "/dev"),
            *("--tmpfs", "/tmp", *bound, "--chdir", "/tmp", "--die-with-parent", "--unshare-pid"),
            *("--unshare-user", "--uid", USER, "--gid", USER, "--cap-drop", "ALL", "--clearenv"),
            *("--setenv", "HOME", "/tmp", "--setenv", "PATH", "/opt/reconcile/bin:/usr/bin:/bin"),
            *("--", *command),
        ]

    return words
