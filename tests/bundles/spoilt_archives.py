"""NPZ files that lie: written byte by byte, since numpy would not."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_DIRECTORY = b"PK\x01\x02"
_END = b"PK\x05\x06"


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change the members of an archive as bytes; names are the arrays' without `.npy`."""
    with zipfile.ZipFile(path) as archive:
        members = {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


def npy(values: object, *, header: bytes | None = None) -> bytes:
    """Return an array's file, with another header text where that is given."""
    out = io.BytesIO()
    np.save(out, np.asarray(values), allow_pickle=True)
    if header is None:
        return out.getvalue()
    start = 10 + struct.unpack_from("<H", out.getvalue(), 8)[0]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + out.getvalue()[start:]


def header_text(shape: str, descr: str = "'<f4'") -> bytes:
    """Return the text of a header."""
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()


def claim_shape(path: Path, key: str, shape: str) -> None:
    """Let an array's header claim another shape than its bytes have room for."""

    def change(members: dict[str, bytes]) -> None:
        members[key] = npy(np.zeros(4, np.float32), header=header_text(shape))

    rewrite(path, change)


def duplicate(path: Path, key: str) -> None:
    """Add an array of a name that is there already."""
    other = b"Z" * len(key)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{other.decode()}.npy", npy(np.zeros(3, np.float32)))
    path.write_bytes(path.read_bytes().replace(other, key.encode()))


def claim_unpacked(path: Path, size: int) -> None:
    """Let the directory claim `size` unpacked bytes for the first array."""
    _patch_directory(path, 24, struct.pack("<I", size))


def claim_packed(path: Path, size: int) -> None:
    """Let the directory claim `size` packed bytes for the first array."""
    _patch_directory(path, 20, struct.pack("<I", size))


def encrypt(path: Path) -> None:
    """Mark the first array as encrypted."""
    _patch_directory(path, 8, struct.pack("<H", 1))


def claim_entries(path: Path, entries: int) -> None:
    """Let the end record claim that many arrays."""
    content = bytearray(path.read_bytes())
    at = content.rfind(_END)
    content[at + 8 : at + 12] = struct.pack("<HH", entries, entries)
    path.write_bytes(content)


def hidden_bomb(path: Path, key: str) -> None:
    """Deflate 64 MB of zeros into an array whose directory entry claims its usual size."""
    with zipfile.ZipFile(path) as archive:
        usual = archive.getinfo(f"{key}.npy").file_size
        honest = archive.read(f"{key}.npy")

    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(honest + bytes(64 << 20)) + packer.flush()
    rewrite(path, lambda members: members.__delitem__(key))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{key}.npy", packed)  # stored: what `packed` decompresses to is hidden
    content = bytearray(path.read_bytes())
    entry = content.rfind(_DIRECTORY)
    content[entry + 10 : entry + 12] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    content[entry + 24 : entry + 28] = struct.pack("<I", usual)
    path.write_bytes(content)


def flip_value(path: Path, key: str) -> None:
    """Flip one bit in the stored values of an array."""
    with zipfile.ZipFile(path) as archive:
        content = archive.read(f"{key}.npy")
    whole = bytearray(path.read_bytes())
    whole[whole.find(content) + len(content) - 1] ^= 1
    path.write_bytes(whole)


def cut(path: Path, keep: float = 0.6) -> None:
    """Keep the first part of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])


def _patch_directory(path: Path, offset: int, value: bytes) -> None:
    content = bytearray(path.read_bytes())
    at = content.find(_DIRECTORY) + offset
    content[at : at + len(value)] = value
    path.write_bytes(content)
