"""A usual message of each type, from which its cases depart one field at a time."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from facewire.protocol import limits, messages

if TYPE_CHECKING:
    from facewire.protocol.messages import Message

_MODEL: Final = {
    "name": "embedded",
    "family": "direct",
    "identities": ["neutral"],
    "look_ahead_samples": 3200,
}
_STREAM: Final = {"stream": 3, "generation": 2}

BASES: Final[dict[type[Message], dict[str, Any]]] = {
    messages.Hello: {
        "versions": [[1, 1]],
        "client": "vectors 1.0",
        "token": "f0e1d2c3",
        "transports": ["ring", "inline"],
        "pid": 4242,
    },
    messages.Welcome: {
        "protocol": [1, 1],
        "session": "5f2c9d1e",
        "daemon": "facewire 0.1.0",
        "limits": {"part_bytes": limits.MAX_PART_BYTES},
        "models": [],
        "rigs": ["a2f"],
        "capacity": {"streams": 256},
    },
    messages.Ping: {"nonce": 1, "sent_ns": 123_456_789_012_345},
    messages.Pong: {"nonce": 1, "sent_ns": 123_456_789_012_345, "answered_ns": 9_876_543_210},
    messages.Bye: {"reason": "done"},
    messages.Draining: {"deadline_ms": 10_000},
    messages.Error: {
        "code": "unknown_stream",
        "text": "Stream 3 is not open.",
        "stream": 3,
        "field": "stream",
    },
    messages.Warning: {"code": "degraded", "text": "The rings are full.", "stream": 3},
    messages.OpenStream: {"stream": 3, "sample_rate_hz": 24_000},
    messages.StreamOpened: {
        **_STREAM,
        "curves": ["browDownLeft", "jawOpen", "tongueOut"],
        "fps": [60, 1],
        "look_ahead_samples": 3200,
        "burst_frames": 6,
        "mouth_close": "arkit",
        "credit_samples": 240_000,
        "model": "embedded",
        "identity": "neutral",
        "rig": "a2f",
    },
    messages.Audio: {**_STREAM, "samples": 3},
    messages.Emotion: {**_STREAM, "keys": [[0, [0.0] * 10], [16_000, [0.1] * 9 + [1.0]]]},
    messages.SetParameters: {"stream": 3, "parameters": {"tongueStrength": 2.5}},
    messages.EndAudio: _STREAM,
    messages.Interrupt: {**_STREAM, "credit_frames": 600},
    messages.Interrupted: {**_STREAM, "credit_samples": 240_000},
    messages.Credit: {**_STREAM, "samples": 480_000, "frames": 1260, "released": 41},
    messages.Frames: {
        **_STREAM,
        "first": 120,
        "count": 2,
        "curves": 3,
        "timestamps": [32_000, 32_266],
        "eyes": True,
        "flags": ["audio_sanitised"],
        "ledger": [10, 20, 30, 40, 50],
    },
    messages.StreamEnded: {
        **_STREAM,
        "frames": 1200,
        "real_time_factor": 0.0625,
        "latency_ms": {"p50": 2.5, "p90": 4.0, "p99": 7.75},
    },
    messages.CloseStream: {"stream": 3},
    messages.StreamClosed: {"stream": 3},
    messages.ListModels: {},
    messages.Models: {"models": [_MODEL]},
    messages.Stats: {"stats": {"sessions": 2, "uptime_s": 12.5, "streams": [{"stream": 3}]}},
    messages.WarmUp: {"model": "embedded"},
    messages.WarmedUp: {"model": "embedded", "load_ms": 120.5},
}

FULL: Final[dict[type[Message], dict[str, Any]]] = {
    messages.Welcome: {
        "protocol": [1, 1],
        "session": "5f2c9d1e",
        "daemon": "facewire 0.1.0",
        "features": ["eyes"],
        "limits": limits.limits_for_welcome(),
        "rings": {
            "to_daemon": {"path": "/run/user/1000/facewire/default/a.ring", "size_bytes": 4194304},
            "to_client": {"path": "/run/user/1000/facewire/default/b.ring", "size_bytes": 4194304},
        },
        "models": [_MODEL],
        "rigs": ["a2f", "arkit"],
        "capacity": {"sessions": 64, "streams": 256},
    },
    messages.OpenStream: {
        "stream": 3,
        "generation": 2,
        "sample_rate_hz": 24_000,
        "channels": 2,
        "encoding": "float32",
        "model": "embedded",
        "identity": "neutral",
        "rig": "arkit",
        "fps": [30_000, 1001],
        "mode": "live",
        "parameters": {"lowerFaceStrength": 1.25, "blinkStrength": 0.0},
        "emotion": {"joy": 0.6},
        "seed": 99,
        "start_sample": 48_000,
        "first_frame": 60,
        "credit_frames": 90,
        "mouth_close": "raw",
        "ledger": True,
        "automatic_emotion": True,
        "emotion_window_samples": 10_000,
        "outputs": ["emotion", "jaw", "geometry"],
    },
    messages.StreamOpened: {
        **_STREAM,
        "curves": ["jawOpen"],
        "fps": [60, 1],
        "look_ahead_samples": 5000,
        "burst_frames": 31,
        "mouth_close": "raw",
        "credit_samples": 240_000,
        "model": "mark@int8",
        "identity": "mark",
        "rig": "arkit",
        "emotion_model": "a2e",
        "emotion_window_samples": 10_000,
        "outputs": ["emotion", "jaw", "geometry"],
        "geometry": [9, 6],
    },
    messages.Frames: {
        **_STREAM,
        "first": 0,
        "count": 2,
        "curves": 1,
        "timestamps": [0, 266],
        "eyes": True,
        "emotion": True,
        "jaw": True,
        "geometry": [9, 6],
        "flags": ["network_repaired"],
        "ledger": [10, 20, 30, 40, 50],
    },
    messages.Models: {
        "models": [
            {**_MODEL, "emotion": "a2e", "provider": "cuda", "variant": "int8"},
            {**_MODEL, "provider": "cpu"},
        ]
    },
}
"""Messages whose usual form leaves much out, with every field said."""

COUPLED: Final[dict[type[Message], frozenset[str]]] = {
    messages.OpenStream: frozenset({"fps"}),
    messages.Audio: frozenset({"samples", "offset", "length_bytes"}),
    messages.Frames: frozenset(
        {
            "count",
            "curves",
            "timestamps",
            "eyes",
            "emotion",
            "jaw",
            "geometry",
            "offset",
            "length_bytes",
        },
    ),
}
"""Fields whose value must agree with others of the message."""


def payload_for(cls: type[Message], values: dict[str, Any]) -> bytes | None:
    """Return the inline payload a usual message of these values carries; None without one."""
    if cls is messages.Audio:
        return struct.pack(f"<{values['samples']}h", *range(-1, values["samples"] - 1))
    if cls is messages.Frames:
        sides = 4 * values.get("eyes", False) + 10 * values.get("emotion", False)
        sides += 16 * values.get("jaw", False) + sum(values.get("geometry", ()))
        numbers = values["count"] * (values["curves"] + sides)
        return struct.pack(f"<{numbers}f", *(index / 16 for index in range(numbers)))
    return None
