"""Every limit of the wire in one place; SPEC §limits prints this table and `status` shows it."""

from __future__ import annotations

from typing import Final

PROTOCOL_VERSION: Final = (1, 1)
"""(major, minor) this package speaks."""

MAX_PART_BYTES: Final = 2 * 1024 * 1024
"""One ZeroMQ message part (`MAXMSGSIZE`); a larger one cuts the peer."""
MAX_HEADER_BYTES: Final = 64 * 1024
"""One header part, checked before it is decoded."""
MAX_DEPTH: Final = 8
"""Nesting of arrays and maps in a header."""
MAX_ITEMS: Final = 4096
"""Entries of one array or map."""
MAX_STRING_BYTES: Final = 4096
"""UTF-8 bytes of one string."""
MAX_VALUES: Final = 16_384
"""Values in a whole header, keys and containers counted: bounds the time to refuse a bomb."""
MAX_EMOTION_KEYS: Final = 512
"""Keys of one `emotion`."""

MAX_AUDIO_BYTES: Final = 1024 * 1024
"""Audio of one message; the byte limit rules before the duration does."""
MAX_AUDIO_S: Final = 10
"""Seconds of audio of one message."""
MIN_SAMPLE_RATE_HZ: Final = 8_000
"""Telephone speech."""
MAX_SAMPLE_RATE_HZ: Final = 192_000
"""Of the audio a stream takes."""
MAX_CHANNELS: Final = 2
"""Stereo is mixed down."""
MAX_FPS: Final = 240
"""Frames per second of a stream; the smallest is 1."""
MAX_FRAMES_PER_MESSAGE: Final = 1024
"""Frames of one message."""
MAX_CURVES: Final = 1024
"""Curves of one frame."""
MAX_GEOMETRY_FLOATS: Final = 512 * 1024
"""Numbers of one frame's skin or tongue; a whole frame must fit in a part."""

CREDIT_S: Final = 10
"""Seconds of audio a client may be ahead of what the daemon has consumed."""
CREDIT_FRAMES: Final = 1200
"""Frames a client grants ahead by default (20 s at 60 fps)."""
CREDIT_GEOMETRY_FRAMES: Final = 60
"""Frames with geometry a client grants ahead by default: 50 MB of a full-size face."""
RING_BYTES: Final = 4 * 1024 * 1024
"""One byte ring; a session has one each way."""
MAX_RINGS_BYTES: Final = 256 * 1024 * 1024
"""All rings of a daemon together; past it sessions go inline."""

MAX_SESSIONS: Final = 64
"""Sessions of a daemon, unless the configuration says otherwise."""
MAX_STREAMS: Final = 256
"""Streams of a daemon, all sessions together, unless the configuration says otherwise."""
MAX_STREAMS_PER_SESSION: Final = 64
"""Streams of one session."""

HANDSHAKE_MS: Final = 2_000
"""ZMTP handshake, and the time a connected peer has to say hello."""
HEARTBEAT_INTERVAL_MS: Final = 300
"""ZeroMQ's own heartbeat, both ways."""
HEARTBEAT_TIMEOUT_MS: Final = 900
"""Silence after which ZeroMQ drops a connection."""
PING_INTERVAL_MS: Final = 400
"""Our own ping per session, both ways: a ROUTER never says which peer died."""
SILENT_DAEMON_MS: Final = 1_500
"""A client that heard nothing for this long takes the daemon for dead or hung."""
IDLE_SESSION_S: Final = 30
"""A session without any message for this long is closed."""
DRAIN_S: Final = 10
"""Streams may finish for this long after SIGTERM."""
MAX_VIOLATIONS: Final = 3
"""Malformed messages of one session before it is closed."""
IPC_PATH_BYTES: Final = 107
"""Longest path of a Unix socket."""


def limits_for_welcome() -> dict[str, int]:
    """Return the limits a client must keep, by the names used in `welcome` and SPEC."""
    return {
        "part_bytes": MAX_PART_BYTES,
        "header_bytes": MAX_HEADER_BYTES,
        "audio_bytes": MAX_AUDIO_BYTES,
        "audio_s": MAX_AUDIO_S,
        "credit_s": CREDIT_S,
        "frames_per_message": MAX_FRAMES_PER_MESSAGE,
        "streams_per_session": MAX_STREAMS_PER_SESSION,
        "ring_bytes": RING_BYTES,
        "idle_session_s": IDLE_SESSION_S,
    }
