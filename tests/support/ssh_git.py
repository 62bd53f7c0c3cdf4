"""A git server over SSH on this machine: one repository, one key that may read it."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dulwich.errors import HangupException
from dulwich.protocol import Protocol
from dulwich.repo import MemoryRepo
from dulwich.server import DictBackend, UploadPackHandler
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

PATH = "/acme/ml.git"


class SshGit:
    """Serves until it is closed. `silent`: it takes connections and says nothing."""

    def __init__(self, folder: Path, repo: MemoryRepo, *, silent: bool = False) -> None:
        self.repo, self._silent = repo, silent
        self.commands: list[str] = []
        self._host_key, self._client_key = new_key(folder / "host"), new_key(folder / "id")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"ssh://git@127.0.0.1:{self.port}{PATH}"
        self.known = (
            f"[127.0.0.1]:{self.port} {self._host_key.get_name()} {self._host_key.get_base64()}\n"
        )
        (folder / "known_hosts").write_text(self.known)
        self.credentials = {
            "ssh": {"key_file": str(folder / "id"), "known_hosts": str(folder / "known_hosts")}
        }
        self._open: list[Any] = []
        self._uploads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for one in self._open:
            one.close()
        for upload in self._uploads:
            upload.join()

    def upload(self, channel: Any) -> None:
        self._uploads.append(threading.Thread(target=_upload, args=(channel, self.repo)))
        self._uploads[-1].start()

    def may_read(self, key: paramiko.PKey) -> bool:
        return key == self._client_key

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(peer)
            if not self._silent:
                self._meet(peer)

    def _meet(self, peer: socket.socket) -> None:
        transport = paramiko.Transport(peer)
        self._open.append(transport)
        transport.add_server_key(self._host_key)
        try:
            transport.start_server(server=_Session(self))
        except (paramiko.SSHException, EOFError):
            return


class Noise:
    """Says one thing to each who connects, and leaves. Gives its port."""

    def __init__(self, said: bytes) -> None:
        self._said, self._listener = said, socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
                with peer:
                    peer.sendall(self._said)
            except OSError:
                return


def new_key(file: Path) -> paramiko.Ed25519Key:
    """Return a new key, and write it as ssh-keygen does."""
    made = Ed25519PrivateKey.generate()
    format_ = serialization.PrivateFormat.OpenSSH
    pem = made.private_bytes(serialization.Encoding.PEM, format_, serialization.NoEncryption())
    file.write_bytes(pem)
    return paramiko.Ed25519Key.from_private_key_file(str(file))


class _Session(paramiko.ServerInterface):
    def __init__(self, server: SshGit) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        is_ours = username == "git" and self._server.may_read(key)
        return AUTH_SUCCESSFUL if is_ours else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_env_request(self, channel: Any, name: bytes, value: bytes) -> bool:
        return True

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        self._server.commands.append(command.decode())
        self._server.upload(channel)
        return True


def _upload(channel: Any, repo: MemoryRepo) -> None:
    stream = channel.makefile("rb")
    protocol = Protocol(stream.read, lambda content: channel.sendall(content) or len(content))
    served: Any = DictBackend({PATH.encode(): repo})  # type: ignore[dict-item]
    with contextlib.suppress(HangupException, OSError, EOFError):
        UploadPackHandler(served, [PATH.encode()], protocol).handle()
        channel.send_exit_status(0)
    with contextlib.suppress(OSError, EOFError):
        channel.close()
