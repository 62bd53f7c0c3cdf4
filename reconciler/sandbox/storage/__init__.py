"""Azure Storage of the sandbox: block blobs and file shares."""

from reconciler.sandbox.storage.blobstore import BlobStore
from reconciler.sandbox.storage.filestore import FileStore
from reconciler.sandbox.storage.routes import routes

__all__ = ["BlobStore", "FileStore", "routes"]
