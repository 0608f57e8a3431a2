"""The shape of a header, checked on its bytes before a single Python object is made from them.

MessagePack's own limits bound one container, not their nesting: 3 KiB of nested array headers ask
for tens of megabytes of list slots. This walk reads only type bytes and lengths, and stops early.
"""

from __future__ import annotations

from typing import Final

from facewire.protocol import limits
from facewire.protocol.errors import ProtocolError

_FIXED_BYTES: Final = {
    0xC0: 1, 0xC2: 1, 0xC3: 1, 0xCA: 5, 0xCB: 9, 0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9,
    0xD0: 2, 0xD1: 3, 0xD2: 5, 0xD3: 9,
}  # fmt: skip
_COUNTED: Final = {
    # first byte: (bytes of the count, values per count; 0 for a string)
    0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
    0xDC: (2, 1), 0xDD: (4, 1),
    0xDE: (2, 2), 0xDF: (4, 2),
}  # fmt: skip


def _step(first: int) -> int:
    """Return the bytes of a value told by its first byte alone, 0 for all others."""
    if first < 0x80 or first >= 0xE0:
        return 1
    if 0xA0 <= first < 0xC0:
        return 1 + first - 0xA0
    return _FIXED_BYTES.get(first, 0)


_STEPS: Final = tuple(_step(first) for first in range(256))


def check_structure(header: bytes) -> None:
    """Refuse bytes that are not exactly one MessagePack map within the limits.

    Checked: one map and nothing after it; nesting, items of a container, bytes of a string, values
    in all; no binary, extension or reserved types. Not checked: UTF-8, repeated and non-string
    keys, which the decoder sees.

    Raises:
        ProtocolError: `malformed` or `too_large`.
    """
    end = len(header)
    if not end or not (header[0] & 0xF0 == 0x80 or header[0] in (0xDE, 0xDF)):
        raise ProtocolError("malformed", "A header must be one MessagePack map.")
    at = 0
    left = 1  # values still to come in the container we are in
    outer: list[int] = []
    for _ in range(limits.MAX_VALUES):
        if at >= end:
            _truncated()
        step = _STEPS[header[at]]
        left -= 1
        if step:
            at += step
        else:
            at, inside = _counted(header, at, len(outer))
            if inside:
                outer.append(left)
                left = inside
        while not left and outer:
            left = outer.pop()
        if not left:
            break
    else:
        raise ProtocolError(
            "too_large", f"A header may hold {limits.MAX_VALUES} values.", limit=limits.MAX_VALUES
        )
    if at > end:
        _truncated()
    if at < end:
        raise ProtocolError("malformed", f"{end - at} bytes follow the header map.")


def _counted(header: bytes, at: int, depth: int) -> tuple[int, int]:
    """Return where the next value begins and how many lie inside this container."""
    first = header[at]
    if first < 0x90:  # fixmap
        count, per_count, at = first - 0x80, 2, at + 1
    elif first < 0xA0:  # fixarray
        count, per_count, at = first - 0x90, 1, at + 1
    elif first in _COUNTED:
        count_bytes, per_count = _COUNTED[first]
        if at + 1 + count_bytes > len(header):
            _truncated()
        count = int.from_bytes(header[at + 1 : at + 1 + count_bytes], "big")
        at += 1 + count_bytes
    else:
        raise ProtocolError("malformed", f"Type byte 0x{first:02x} has no place in a header.")
    if not per_count:
        if count > limits.MAX_STRING_BYTES:
            _too_large("bytes in a string", limits.MAX_STRING_BYTES, count)
        return at + count, 0
    if depth >= limits.MAX_DEPTH:
        _too_large("levels", limits.MAX_DEPTH, depth + 1)
    if count > limits.MAX_ITEMS:
        _too_large("items in a list or map", limits.MAX_ITEMS, count)
    return at, count * per_count


def _truncated() -> None:
    raise ProtocolError("malformed", "The header ends in the middle of a value.")


def _too_large(what: str, limit: int, got: int) -> None:
    raise ProtocolError(
        "too_large", f"The header has {got} {what}; {limit} are allowed.", limit=limit, got=got
    )
