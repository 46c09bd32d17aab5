"""Web servers of the tests' own on loopback, in threads of this process."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Server(ThreadingHTTPServer):
    """A port that nobody else has; nobody waits for a connection that is still open at the end."""

    daemon_threads = True
    block_on_close = False


class Serving:
    """Answers at ``url`` between the two ends of a with statement; ``_server`` is made before that."""

    _server: Server

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"
