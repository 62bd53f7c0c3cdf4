"""Azure Storage of the sandbox: block blobs and file shares."""

from reconciler.sandbox.storage.blobstore import BlobStore
from reconciler.sandbox.storage.filestore import FileStore
from reconciler.sandbox.storage.routes import answer, is_storage_host, routes

__all__ = ["BlobStore", "FileStore", "answer", "is_storage_host", "routes"]
