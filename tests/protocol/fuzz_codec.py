"""Coverage-guided fuzzing of the codec; run as a child by `test_fuzz.py`.

Arguments are libFuzzer's: `python fuzz_codec.py -max_total_time=15 CORPUS_FOLDER`.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["facewire.protocol", "msgpack"]):
    from facewire.protocol.codec import decode, encode, unpack
    from facewire.protocol.errors import ProtocolError


def one_input(content: bytes) -> None:
    """First byte: the side and the payload; the rest: the header."""
    if not content:
        return
    to: Any = "client" if content[0] & 1 else "daemon"
    header = content[1:]
    parts = [header, bytes(content[0] & 0xFE)] if content[0] & 0xFE else [header]
    with contextlib.suppress(ProtocolError):
        unpack(parts, to=to)
    try:
        read = decode(header, to=to)
    except ProtocolError:
        return
    again = encode(read.message, sequence=read.sequence, version=read.version)
    if decode(again, to=to) != read:
        raise AssertionError("a message that was read cannot be sent on unchanged")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
