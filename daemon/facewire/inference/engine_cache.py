"""TensorRT's engines on disk: where they lie, what they belong to, and word while one is built.

An engine is machine code that runs in our process, made for one network, one TensorRT and one card.
So each has a folder of its own, named by a hash of all that it depends on, which nobody else may
write to. No engine was ever built by Facewire's developers: this is tested with stand-ins.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facewire.protocol.errors import BundleError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

BUILDING: Final = "building the TensorRT engine (first time; minutes)"
REUSED: Final = "reusing the TensorRT engine"
BEAT_S: Final = 1.0
"""How often a wait says that it goes on."""
_CHUNK: Final = 2**20


@dataclass(frozen=True)
class Engine:
    """The folder of one network's engine."""

    folder: Path

    @property
    def is_built(self) -> bool:
        """True when an engine lies there; onnxruntime names it itself."""
        return any(self.folder.glob("*.engine"))

    def options(self) -> dict[str, str]:
        """Return onnxruntime's options that keep engine and timings there."""
        return {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(self.folder),
            "trt_timing_cache_enable": "1",
            # Timings hold for every network on this card; the parent is shared by them.
            "trt_timing_cache_path": str(self.folder.parent),
        }


def cache_folder() -> Path:
    """Return where engines are kept, in the user's cache folder. It need not exist."""
    import platformdirs

    return platformdirs.user_cache_path("facewire") / "tensorrt"


def engine_for(network: bytes | Path, depends_on: Mapping[str, str]) -> Engine:
    """Return the engine of a network, its folder made.

    Args:
        network: The ONNX file's bytes or path.
        depends_on: Everything else an engine belongs to: versions, card, precision, shapes.

    Raises:
        BundleError: the network's file cannot be read.
        ProviderError: the folder cannot be made, or others may write to it.
    """
    texts = [f"{key}={value}" for key, value in sorted(depends_on.items())]
    made_for = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    folder = cache_folder() / f"{_hash(network)[:32]}-{made_for}"
    try:
        for each in (cache_folder(), folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(each)
    except OSError as error:
        raise ProviderError(
            f"The folder of TensorRT's engines cannot be made: {error}.",
            hint="Make the user's cache folder writable, or set XDG_CACHE_HOME.",
        ) from error
    return Engine(folder)


def cache_size() -> tuple[int, int]:
    """Return how many engines are kept, and the bytes of the whole cache."""
    engines = size = 0
    for file in cache_folder().rglob("*"):
        if file.is_file():
            engines += file.suffix == ".engine"
            size += file.stat().st_size
    return engines, size


@contextmanager
def heartbeat(
    on_progress: Callable[[str, float], None] | None, stage: str, *, beat_s: float = BEAT_S
) -> Iterator[None]:
    """Call `on_progress` now and every `beat_s` seconds until the block ends; None: call nothing.

    It gets what is being done, in words, and the seconds since it began.
    onnxruntime says nothing while it builds. The calls come from a thread of this block's own,
    except the first; it has ended when the block has.
    """
    if on_progress is None:
        yield
        return
    begun = time.monotonic()
    done = threading.Event()

    def beat() -> None:
        while not done.wait(beat_s):
            on_progress(stage, time.monotonic() - begun)

    on_progress(stage, 0.0)
    thread = threading.Thread(target=beat, name="facewire-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _hash(network: bytes | Path) -> str:
    if isinstance(network, bytes):
        return hashlib.sha256(network).hexdigest()
    digest = hashlib.sha256()
    try:
        with network.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise BundleError(f"The network cannot be read: {error}.") from error
    return digest.hexdigest()


def _check_private(folder: Path) -> None:
    if os.name != "posix":
        return  # below the user's own profile, whose rights Windows keeps
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ProviderError(
            f"Others may write to the folder of TensorRT's engines, {str(folder)!r}.",
            hint="Engines are code: make it yours (`chmod 700`), or remove it.",
        )
