"""Git over SSH for dulwich: a key from a file, and only hosts whose keys are known.

No agent, no `~/.ssh`, no key of a host that is seen for the first time. When the time of a question
is over the connection is closed under it, whatever the server does.
"""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.parse import urlsplit

import paramiko
from dulwich.client import SSHGitClient, SSHVendor
from paramiko.hostkeys import InvalidHostKey

from reconciler.cloud.network_errors import CONNECT_BUDGET_S
from reconciler.cloud.request_deadline import current
from reconciler.gitops.config_source import SshKey
from reconciler.gitops.git.http import Allowance
from reconciler.secrets import on_one_line

USER, PORT = "git", 22
STEP = 64 * 1024
MOST_SAID = 200
PROTOCOL = "GIT_PROTOCOL"
CHECK = "check `source.url`, and the files that `source.credentials.ssh` names"
ERRORS = (paramiko.SSHException, EOFError)


class SshError(Exception):
    """A connection that did not come about, in words: what, and what to do."""

    def __init__(self, what: str, hint: str) -> None:
        """Keep both."""
        super().__init__(what)
        self.what, self.hint = what, hint


def ssh_client(url: str, key: SshKey, allowance: Allowance) -> tuple[SSHGitClient, str]:
    """Return a client for a repository's host, and the repository's path there."""
    parts = urlsplit(url)
    client = SSHGitClient(
        parts.hostname or "",
        port=parts.port or PORT,
        username=parts.username or USER,
        vendor=_Vendor(key, allowance),
        quiet=True,
    )
    return client, parts.path


class _Vendor(SSHVendor):
    def __init__(self, key: SshKey, allowance: Allowance) -> None:
        self._key, self._allowance = key, allowance

    def run_command(  # type: ignore[override]  # what it reads and writes is all that is used
        self,
        host: str,
        command: bytes,
        username: str | None = None,
        port: int | None = None,
        protocol_version: int | None = None,
        **_others: object,
    ) -> _Connection:
        """Run git on the host."""
        client = paramiko.SSHClient()
        timer = threading.Timer(current().left(), client.close)
        timer.daemon = True
        timer.start()
        try:
            self._connect(client, host, port or PORT, username or USER)
            return _Connection(client, timer, command, protocol_version, self._allowance)
        except BaseException:
            timer.cancel()
            _end(client)
            raise

    def _connect(self, client: paramiko.SSHClient, host: str, port: int, username: str) -> None:
        left = current().left()
        try:
            client.load_host_keys(_readable(self._key.known_hosts, "known_hosts"))
            client.set_missing_host_key_policy(paramiko.RejectPolicy())
            client.connect(
                host,
                port,
                username,
                key_filename=_readable(self._key.key_file, "key_file"),
                look_for_keys=False,
                allow_agent=False,
                timeout=min(left, CONNECT_BUDGET_S),
                banner_timeout=left,
                auth_timeout=left,
            )
        except paramiko.BadHostKeyException as error:
            raise self._unknown_host(f"{host} has another key than the known one") from error
        except paramiko.AuthenticationException as error:
            hint = (
                "check `source.credentials.ssh.key_file`, and that its key may read the repository"
            )
            raise SshError(f"{host} does not let us in", hint) from error
        except (paramiko.SSHException, EOFError) as error:
            if "known_hosts" in str(error):
                raise self._unknown_host(f"the key of {host} is not known") from error
            raise SshError(f"no connection to {host}: {_said(error)}", CHECK) from error
        except InvalidHostKey as error:
            file = self._key.known_hosts
            raise SshError(
                f"{file} is malformed", "it has the form of ~/.ssh/known_hosts"
            ) from error

    def _unknown_host(self, what: str) -> SshError:
        hint = f"if you trust it, put the key that its owner publishes into {self._key.known_hosts}"
        return SshError(what, hint)


class _Connection:
    """What dulwich reads from and writes to."""

    def __init__(
        self,
        client: paramiko.SSHClient,
        timer: threading.Timer,
        command: bytes,
        protocol_version: int | None,
        allowance: Allowance,
    ) -> None:
        transport = client.get_transport()
        if transport is None:
            raise EOFError("the connection has ended")
        self._client, self._timer, self._allowance = client, timer, allowance
        self._channel = transport.open_session(timeout=current().left())
        if protocol_version == 2:
            self._channel.set_environment_variable(PROTOCOL, "version=2")
        self._channel.exec_command(command.decode())

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        content = bytearray()
        while len(content) < size:
            self._channel.settimeout(current().left())
            piece = self._channel.recv(min(size - len(content), STEP))
            if not piece:
                break
            content += piece
            self._allowance.take(len(piece))
        return bytes(content)

    def write(self, content: bytes) -> int:
        """Send all of it."""
        self._channel.settimeout(current().left())
        self._channel.sendall(content)
        return len(content)

    def can_read(self) -> bool:
        """Whether something has come."""
        return bool(self._channel.recv_ready())

    def close(self) -> None:
        """End the connection."""
        self._timer.cancel()
        self._client.close()


def _said(error: Exception) -> str:
    return on_one_line(str(error), MOST_SAID) or "it was closed"


def _end(client: paramiko.SSHClient) -> None:
    """Close a connection, and paramiko's timer of a handshake that did not come to its end."""
    transport = client.get_transport()
    if transport is not None:
        transport.packetizer.complete_handshake()
    client.close()


def _readable(file: str, field: str) -> str:
    """Return a file's name. Raises `SshError` where it cannot be read: paramiko's words are poor."""
    try:
        with Path(file).open("rb"):
            return file
    except OSError as error:
        what = f"{file} cannot be read: {error.strerror}"
        raise SshError(what, f"`source.credentials.ssh.{field}` names it") from error
