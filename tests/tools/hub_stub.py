"""A hub on the loopback: the two requests that fetching a file needs, and what may go wrong."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMIT = "c0ffee" * 6 + "beef"


@dataclass
class Hub:
    """What the stub serves, and what it was asked."""

    folder: Path
    """Its files are those of every repository."""
    absent: set[str] = field(default_factory=set)
    gated: bool = False
    wrong_etag_of: str = ""
    stall: dict[str, int] = field(default_factory=dict)
    """File -> bytes after which its answer stops coming, until `go_on`."""
    storage: str = ""
    """Address of another server that has the bytes; "": this one."""
    address: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, file, range of every request."""
    repos: set[str] = field(default_factory=set)
    revisions: set[str] = field(default_factory=set)
    tokens: set[str | None] = field(default_factory=set)
    stalled: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Run the stub; its address is `hub.address`."""

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        hub.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        content = self._found()
        if content is None:
            return
        hub, name = self.served, self._name()
        digest = "0" * 64 if name == hub.wrong_etag_of else hashlib.sha256(content).hexdigest()
        if hub.storage:
            self.send_response(302)
            self.send_header("Location", f"{hub.storage}/stored/{name}")
            self.send_header("X-Linked-Size", str(len(content)))
            self.send_header("X-Linked-Etag", f'"{digest}"')
            length = 0
        else:
            self.send_response(200)
            self.send_header("ETag", f'"{digest}"')
            length = len(content)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def do_GET(self) -> None:
        content = self._found()
        if content is None:
            return
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        until = self.served.stall.get(self._name(), len(content))
        try:
            self.wfile.write(content[start:until])
            if until < len(content):
                self.wfile.flush()
                self.served.stalled.set()
                self.served.go_on.wait(30)
        except ConnectionError:
            pass  # the client was ended, as the test wanted
        self.close_connection |= until < len(content)

    def _found(self) -> bytes | None:
        """Note the request; return the file's content, or answer that there is none."""
        hub, name = self.served, self._name()
        hub.asked.append((self.command, name, self.headers.get("Range", "")))
        hub.tokens.add(self.headers.get("Authorization"))
        repo, _, rest = self.path.strip("/").partition("/resolve/")
        if rest:
            hub.repos.add(repo)
            hub.revisions.add(rest.partition("/")[0])
        if hub.gated:
            self._refuse(403, "GatedRepo")
        elif name in hub.absent or not (hub.folder / name).is_file():
            self._refuse(404, "EntryNotFound")
        else:
            return (hub.folder / name).read_bytes()
        return None

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _name(self) -> str:
        return self.path.rpartition("/")[2]

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
