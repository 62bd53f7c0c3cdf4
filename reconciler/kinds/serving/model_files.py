"""The local files of a model: which they are, where they go, and what their format asks for.

They lie below the last name of the path, as az ml puts them: a scoring script finds a folder
`model/` as `$AZUREML_MODEL_DIR/model`. The folder above it is of this version alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.datasets.fingerprint import fingerprint
from reconciler.diagnostics import Diagnostic
from reconciler.engine.types import Address, Observed
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.default_store import DATASTORE, FOLDER, in_container
from reconciler.kinds.data.tree_upload import put_tree, remove_tree
from reconciler.kinds.local.files import beside
from reconciler.kinds.local_tree import LocalTree, read_one, read_tree
from reconciler.spec.document import Document

HOME = f"azureml://datastores/{DATASTORE}/paths/"
OURS = f"{FOLDER}/models"
MLMODEL = "MLmodel"
PATH_HINT = "check the model's `path`: it is relative to the spec"
PATH_PROPERTY = "reconcile.path"
"""The property that says from where we registered a version."""


@dataclass(frozen=True)
class ModelFiles:
    """The files of a model, and the last name of their path: that of a folder, or of one file."""

    tree: LocalTree
    last: str
    is_folder: bool

    def version(self) -> str:
        """Return the version that names this content."""
        return fingerprint({"name": self.last, "tree": self.tree.digest})

    def uri(self, name: str, version: str) -> str:
        """Return where they go: another place for other bytes under one version."""
        own = self.version()
        folder = version if version == own else f"{version}-{own}"
        return f"{HOME}{OURS}/{name}/{folder}/{self.last}"


def files_of(document: Document, path: str) -> ModelFiles:
    """Return the files that a local path names: a folder, or one file."""
    found = beside(document, path)
    is_folder = found.place.is_dir()
    if Path(path).is_absolute():
        what = f"{path!r} is absolute: give a path relative to the spec"
        tree = LocalTree(found.place, found.shown, problems=(Diagnostic(what),))
    else:
        tree = (read_tree if is_folder else read_one)(found.place, found.shown, found.top)
    return ModelFiles(tree, found.place.name, is_folder)


def misfits(files: ModelFiles, form: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with the files, and what a format misses among them."""
    tree = files.tree
    yield from (replace(p, hint=p.hint or PATH_HINT) for p in tree.problems)
    names = {file.name for file in tree.files}
    if form == "mlflow_model" and names and MLMODEL not in names:
        yield Diagnostic(
            f"there is no file {MLMODEL} in {tree.shown}",
            detail="an MLflow model is a folder with that file",
            hint="name the folder that `mlflow.*.save_model` wrote, or set `type: custom_model`",
        )


def put_model(
    context: HandlerContext, address: Address, workspace: str, uri: str, files: ModelFiles
) -> None:
    """Upload the files that are not there yet."""
    path = uri.removeprefix(HOME)
    folder = path if files.is_folder else path.rpartition("/")[0]
    in_container(
        context, workspace, lambda box: put_tree(context, address, box, folder, files.tree)
    )


def remove_model(context: HandlerContext, workspace: str, observed: Observed) -> None:
    """Delete the files that we uploaded for a version; never what was only registered."""
    about = observed.body["properties"].get("properties") or {}
    path = str(about.get(PATH_PROPERTY) or "").removeprefix(HOME)
    if path.startswith(f"{OURS}/"):
        folder = path.rpartition("/")[0]
        in_container(context, workspace, lambda box: remove_tree(box, folder))
