"""A scripted daemon in a runtime folder of its own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.client.kit import ScriptedDaemon

from facewire.protocol.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder whose path is short enough for a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="fw-"))
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(folder / "run"))
    yield folder / "run"
    shutil.rmtree(folder)


@pytest.fixture
def daemon(runtime: Path) -> Iterator[ScriptedDaemon]:
    with ScriptedDaemon(runtime) as scripted:
        yield scripted


@pytest.fixture
def client(daemon: ScriptedDaemon) -> Iterator[Client]:
    del daemon  # must be there first
    with Client.connect(reconnect_s=3.0) as connected:
        yield connected
