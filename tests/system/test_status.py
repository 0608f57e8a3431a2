"""`facewire status` tells what the daemon does, to people and to programs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from tests.system.kit import DaemonProcess, speech_like

from facewire.tools.status import view

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.system.peer import RawPeer


def status(runtime: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facewire", "status", *arguments],
        env={**os.environ, "FACEWIRE_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_status_shows_the_streams_and_their_figures(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peer = connect(daemon, "ring")
    peer.open_stream(3)
    peer.audio(speech_like(2.0), 3)
    peer.end_audio(3)
    peer.utterance(3)

    text = status(daemon.runtime)
    told = status(daemon.runtime, "--json")

    assert text.returncode == told.returncode == 0
    assert f"pid {daemon.pid}" in text.stdout
    row = next(line for line in text.stdout.splitlines() if line.startswith("raw-peer"))
    assert row.split()[2:8] == ["ring", "3.0", "ended", "embedded/a2f", "burst", "60"]
    assert "facewire status" not in text.stdout
    stats = json.loads(told.stdout)
    (stream,) = next(s for s in stats["sessions"] if s["client"] == "raw-peer")["streams"]
    assert (stream["frames"], stream["dropped"], stream["state"]) == (120, 0, "ended")
    assert stats["totals"]["frames"] == 120
    assert set(stats["latency_ms"]) == {"p50", "p90", "p99"}
    assert stats["process"]["rss_bytes"] > 0


def test_people_are_told_the_variants_and_what_hears_emotions() -> None:
    told = {
        "daemon": {
            "state": "ready", "instance": "default", "pid": 7, "endpoint": "ipc://x", "remote": "",
            "version": "facewire 1", "uptime_s": 1.0, "models": ["claire", "v3@int8", "embedded"],
            "provider": "cpu", "workers": 1,
        },
        "totals": {
            "errors": {}, "audio_s": 3.0, "compute_s": 4.0, "frames": 0, "dropped": 0,
            "ring_payloads": 0, "inline_payloads": 0,
        },
        "process": {"rss_bytes": 0, "descriptors": 1, "cpu_s": 0.0},
        "load": {"queued_windows": 0, "streams": 0}, "latency_ms": {}, "sessions": [],
        "sessions_omitted": 0,
    }  # fmt: skip
    models = [
        {"name": "claire", "variant": "exact", "emotion": "a2e"},
        {"name": "v3@int8", "variant": "int8", "emotion": "a2e"},
        {"name": "embedded"},
    ]
    console = Console(width=160, file=io.StringIO())
    console.print(view(told, "", models))
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()

    assert "claire (exact), v3@int8, embedded on cpu" in said
    assert "a2e hears it for claire, v3@int8" in said
    assert "0.75 x real time" in said


def test_status_without_a_daemon_says_how_to_start_one(runtime: Path) -> None:
    for arguments in ([], ["--json"], ["--watch"]):
        done = status(runtime, *arguments)

        assert done.returncode == 1
        assert "facewire serve" in done.stderr
        assert "Traceback" not in done.stderr
        if "--json" in arguments:
            assert "facewire serve" in json.loads(done.stdout)["error"]["hint"]
        else:
            assert done.stdout == ""


def test_watching_as_json_gives_a_line_each_second_and_ends_with_its_reader(
    daemon: DaemonProcess,
) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "facewire", "status", "--json", "--watch"],
        env={**os.environ, "FACEWIRE_RUNTIME_DIR": str(daemon.runtime)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    assert watching.stderr is not None
    lines = [json.loads(watching.stdout.readline()) for _ in range(2)]
    watching.stdout.close()
    complaint = watching.stderr.read()
    watching.wait(10)
    watching.stderr.close()

    assert lines[0]["daemon"]["pid"] == daemon.pid
    assert lines[1]["daemon"]["uptime_s"] > lines[0]["daemon"]["uptime_s"]
    assert complaint == ""


def test_a_daemon_full_of_streams_still_answers(
    daemon: DaemonProcess, connect: Callable[..., RawPeer]
) -> None:
    peers = [connect(daemon) for _ in range(8)]
    for peer in peers:
        for stream in range(1, 32):
            peer.open_stream(stream)

    stats = peers[0].stats()

    assert stats["load"]["streams"] == 8 * 31
    assert sum(len(session["streams"]) for session in stats["sessions"]) == 120
    assert [session["open_streams"] for session in stats["sessions"]] == [31] * 8
