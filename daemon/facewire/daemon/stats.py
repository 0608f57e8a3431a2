"""The daemon's figures, as `stats` answers them and `facewire status --json` prints them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import psutil

from facewire.daemon.counters import percentiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from facewire.daemon.counters import Counters
    from facewire.daemon.port import Port
    from facewire.daemon.services import Services
    from facewire.daemon.session import Session
    from facewire.daemon.voice import Voice

MAX_SESSIONS: Final = 64
MAX_STREAMS: Final = 120
"""Most sessions and streams told one by one: the answer must fit one header."""
_NS: Final = 1_000_000_000


def answer(
    daemon: Mapping[str, object],
    load: Mapping[str, object],
    services: Services,
    sessions: list[Session],
    ports: Sequence[Port],
) -> dict[str, object]:
    """Return all figures.

    ::

        daemon       who it is and how it is
        totals       what it has done since its start
        latency_ms   from window complete to sent, the most recent messages
        process      what it takes of the machine
        load         what it does now
        connections  per endpoint: open ones, and what was accepted and refused
        sessions     each with its streams, as many as fit; `sessions_omitted` says the rest
    """
    told = _sessions(sessions, services)
    return {
        "daemon": dict(daemon),
        "totals": _totals(services.counters, sessions),
        "latency_ms": percentiles(services.counters.latencies_ms),
        "process": _process(),
        "load": {"sessions": len(sessions), "streams": services.open_streams, **load},
        "connections": [
            {"endpoint": port.endpoint, "open": len(port.connections), **port.counts}
            for port in ports
        ],
        "sessions": told,
        "sessions_omitted": len(sessions) - len(told),
    }


def _totals(counters: Counters, sessions: list[Session]) -> dict[str, object]:
    traffic = [session.outbox.traffic for session in sessions]
    audio_ns = counters.audio_samples_16k * _NS // 16_000
    return {
        "sessions": counters.sessions,
        "streams": counters.streams,
        "windows": counters.windows,
        "void_windows": counters.void_windows,
        "frames": counters.frames,
        "dropped": counters.dropped,
        "audio_s": round(audio_ns / _NS, 3),
        "compute_s": round(counters.compute_ns / _NS, 3),
        "ring_payloads": counters.ring_payloads + sum(each.ring_payloads for each in traffic),
        "inline_payloads": counters.inline_payloads + sum(each.inline_payloads for each in traffic),
        "ring_failures": counters.ring_failures + sum(each.ring_failures for each in traffic),
        "errors": dict(counters.errors),
    }


def _process() -> dict[str, object]:
    own = psutil.Process()
    with own.oneshot():
        times = own.cpu_times()
        return {
            "pid": own.pid,
            "rss_bytes": own.memory_info().rss,
            "descriptors": own.num_fds() if hasattr(own, "num_fds") else own.num_handles(),
            "threads": threading.active_count(),
            "cpu_s": round(times.user + times.system, 3),
        }


def _sessions(sessions: list[Session], services: Services) -> list[dict[str, object]]:
    now_ns = services.clock()
    told = []
    room = MAX_STREAMS
    for session in sessions[:MAX_SESSIONS]:
        voices = list(session.voices)[:room]
        room -= len(voices)
        told.append(
            {
                "session": session.name,
                "client": session.client,
                "pid": session.pid,
                "transport": "ring" if session.rings is not None else "inline",
                "age_s": round((now_ns - session.begun_ns) / _NS, 1),
                "round_trip_ms": session.round_trip_ms,
                "ring_payloads": session.outbox.traffic.ring_payloads,
                "inline_payloads": session.outbox.traffic.inline_payloads,
                "open_streams": len(session.voices),
                "streams": [_voice(voice, now_ns) for voice in voices],
            }
        )
    return told


def _voice(voice: Voice, now_ns: int) -> dict[str, object]:
    utterance = voice.utterance
    outflow = utterance.outflow
    audio_s = utterance.samples / utterance.settings.sample_rate_hz
    return {
        "stream": voice.number,
        "generation": utterance.generation,
        "state": utterance.state,
        "model": voice.model.name,
        "rig": voice.rig.name,
        "mode": voice.request.mode,
        "fps": round(float(utterance.settings.fps), 3),
        "frames": outflow.sent,
        "frames_per_s": outflow.meter.per_s(now_ns),
        "waiting": outflow.waiting_frames,
        "dropped": outflow.dropped,
        "audio_s": round(audio_s, 3),
        "latency_ms": outflow.latencies_ms.percentiles(),
    }
