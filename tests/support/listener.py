"""A port on loopback that answers as it is told, and leaves no thread behind when it is closed."""

import contextlib
import socket
import threading


class Listener:
    """One open port. `heard` keeps all that was sent to it in the clear."""

    def __init__(self, answer):
        self.heard = []
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self._open = []
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._socket.accept()
                self._open.append(peer)
                self._threads.append(threading.Thread(target=self._meet, args=(peer,), daemon=True))
                self._threads[-1].start()

    def _meet(self, peer):
        with contextlib.suppress(OSError):
            self._answer(self, peer)

    def close(self):
        """End every connection and thread: the fault tests fork, and must be alone for it."""
        for one in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()
