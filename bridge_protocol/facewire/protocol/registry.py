"""Every short name on the wire that is not a key: REGISTRY.md prints these tables.

Code takes the words from here or is checked against them by the tests, so that no error code, flag
or reason exists which a person cannot look up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, kw_only=True)
class ErrorCode:
    """What an `error` of this code means for the one who gets it."""

    retry: bool
    """True when the same request may succeed later."""
    ends: Literal["", "generation", "session"]
    """What is over with it: nothing, the stream's generation, or the session."""
    words: str
    """What happened, and what to do."""


ERRORS: Final[dict[str, ErrorCode]] = {
    "unauthorized": ErrorCode(
        retry=False,
        ends="session",
        words="Wrong or missing token. Read the handshake file again: the daemon may be a new one.",
    ),
    "hello_required": ErrorCode(
        retry=False,
        ends="",
        words="A message came before `hello` was answered, or after the session had ended: say "
        "hello again.",
    ),
    "already_greeted": ErrorCode(
        retry=False, ends="", words="A second `hello` in one session; the first one holds."
    ),
    "version_refused": ErrorCode(
        retry=False,
        ends="session",
        words="No common major version; the text names both sides'. Update the older side.",
    ),
    "malformed": ErrorCode(
        retry=False,
        ends="",
        words="Not a message by SPEC: structure, a missing key, a wrong type, a payload that does "
        "not fit. A malformed `audio` ends its generation; repeated ones end the session.",
    ),
    "too_large": ErrorCode(
        retry=False,
        ends="",
        words="A part, a header, a string, a list, a map or a chunk beyond its limit. As "
        "`malformed`.",
    ),
    "unsupported": ErrorCode(
        retry=False,
        ends="",
        words="A message type this side does not take. Do without what it asks for.",
    ),
    "out_of_range": ErrorCode(
        retry=False,
        ends="",
        words="A value outside its range or set; `field` names it. Nothing of the message was "
        "applied.",
    ),
    "unknown_stream": ErrorCode(
        retry=False,
        ends="",
        words="No stream of this id is open here. Harmless when it has just been closed.",
    ),
    "stream_exists": ErrorCode(
        retry=False, ends="", words="This id is taken in this session; the old stream goes on."
    ),
    "too_many_streams": ErrorCode(
        retry=True,
        ends="",
        words="The session or the daemon has as many streams as it admits. Close one, or wait.",
    ),
    "too_many_sessions": ErrorCode(
        retry=True, ends="session", words="The daemon has as many sessions as it admits. Wait."
    ),
    "unknown_model": ErrorCode(
        retry=False, ends="", words="No model of this name is there; `list_models` names them."
    ),
    "unknown_identity": ErrorCode(
        retry=False, ends="", words="The model has no face of this name; `models` names them."
    ),
    "unknown_rig": ErrorCode(
        retry=False,
        ends="",
        words="The daemon has no curve set of this name; `welcome` names them.",
    ),
    "wrong_generation": ErrorCode(
        retry=False,
        ends="",
        words="The message belongs to a generation that is not in force, or an `interrupt` does "
        "not go up.",
    ),
    "out_of_sequence": ErrorCode(
        retry=False,
        ends="session",
        words="The number of a message is not one above the last: one was lost or repeated. "
        "Say hello again.",
    ),
    "credit_exceeded": ErrorCode(
        retry=False,
        ends="generation",
        words="Audio beyond the credit. It and what follows is refused, as there is a hole now: "
        "interrupt, or close and reopen.",
    ),
    "ring_mismatch": ErrorCode(
        retry=False,
        ends="generation",
        words="The record in the ring is not the one the message names. Send inline in a new "
        "generation, and say hello again soon.",
    ),
    "audio_ended": ErrorCode(
        retry=False,
        ends="",
        words="Audio or a second `end_audio` after `end_audio`: `interrupt` begins anew.",
    ),
    "draining": ErrorCode(
        retry=True,
        ends="",
        words="The daemon is about to end and opens nothing. Wait for the next.",
    ),
    "internal": ErrorCode(
        retry=True,
        ends="generation",
        words="A fault of the daemon, in its log. `interrupt` or reopen; other streams go on.",
    ),
}
"""`error.code`."""

WARNINGS: Final[dict[str, str]] = {
    "audio_sanitised": "NaN, infinite, denormal or far too loud samples were replaced; said once "
    "per generation, and `frames` made from such audio carry the flag.",
    "provider_fallback": "The accelerator asked for with `auto` is not there: the CPU computes.",
    "loading": "The model is still being made ready (a TensorRT engine takes minutes the first "
    "time); said every two seconds at most to who waits for it.",
    "network_repaired": "A network answered with numbers that are none (NaN, Inf): they were left "
    "out; said once per generation, and `frames` made of such answers carry the flag.",
    "ring_unavailable": "No ring could be made for this session: payloads go inline.",
    "mapping_refused": "The curve table of this stream's rig was edited and is not valid; the last "
    "valid one stays in force. The text says what is wrong and where.",
    "mapping_outdated": "The curve table of this stream's rig was edited and has other curves now: "
    "this stream keeps the old table. Open it anew to get the new one.",
    "degraded": "Slower than real time, or a slow reader: in `mode: live` frames are dropped.",
}
"""`warning.code`."""

FLAGS: Final[dict[str, str]] = {
    "audio_sanitised": "Audio behind these frames was repaired.",
    "network_repaired": "A network's answer behind these frames was repaired.",
    "dropped": "Frames between the last message and this one were dropped by age (`mode: live`).",
    "resumed": "The first frames of a stream that was opened with `first_frame`.",
}
"""`frames.flags`."""

REASONS: Final[dict[str, str]] = {
    "done": "The sender has finished.",
    "shutdown": "The daemon ends.",
    "idle": "Nothing was heard for too long.",
    "revoked": "The client's key is not allowed any more.",
    "violations": "Too many messages broke the rules.",
}
"""`bye.reason`."""

FEATURES: Final[dict[str, str]] = {
    "automatic_emotion": "`automatic_emotion` is served, with models whose `emotion` is not empty.",
    "emotion": "`emotion` in `open_stream` and the message `emotion` act on the face.",
    "eyes": "`frames` carry eye rotations.",
    "ledger": "`frames` carry the latency ledger when asked.",
    "live": "`mode: live` is served.",
    "outputs": "`outputs` of `open_stream` is served, as far as the model can.",
}
"""`welcome.features`."""

LIMIT_WORDS: Final[dict[str, str]] = {
    "part_bytes": "Bytes of one message part.",
    "header_bytes": "Bytes of the header part.",
    "audio_bytes": "Bytes of audio of one message.",
    "audio_s": "Seconds of audio of one message.",
    "credit_s": "Seconds of audio the client may be ahead.",
    "frames_per_message": "Frames of one message.",
    "streams_per_session": "Streams of one session.",
    "ring_bytes": "Bytes of one ring.",
    "idle_session_s": "Seconds without a message after which a session ends.",
}
"""`welcome.limits`."""
