"""A bundle's folder: its files found by what `model.json` says, and none outside it."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from facewire.bundles.families import MODEL_FILE
from facewire.bundles.lenient_json import Fields, parse_json
from facewire.bundles.npz import Archive
from facewire.bundles.place import FETCH_AGAIN, Place, reading_hint, shown
from facewire.protocol.errors import BundleError

MAX_JSON_BYTES: Final = 1 << 20
"""Published ones have 5 kB at most."""
_POINTER: Final = b"version https://git-lfs"
_MAX_POINTER_BYTES: Final = 1024
_PULL: Final = "Run `git lfs pull` in the folder, or fetch it with `facewire models pull`."
_NO_NETWORK: Final = (
    "Facewire reads the ONNX network and never an engine: put it into the bundle's folder."
)


@dataclass(frozen=True)
class BundleFolder:
    """A folder with a `model.json`.

    NVIDIA's reader takes absolute paths as they are. Here a path, absolute or not, must end inside
    the folder once links are followed, so that a downloaded bundle cannot point at other files of
    the machine. A snapshot in the Hugging Face cache is such a folder too: its files are links
    into the `blobs` beside it.
    """

    root: Path
    """Absolute, links resolved."""
    allow_outside: bool = False
    """The user vouches for paths and links that lead elsewhere."""

    @classmethod
    def at(cls, path: Path, *, allow_outside: bool = False) -> BundleFolder:
        """Return the folder at a path: the folder itself, or its `model.json`.

        Raises:
            BundleError: there is no such folder.
        """
        root = path.parent if path.name == MODEL_FILE else path
        if not root.is_dir():
            raise BundleError(
                f"{path} is not a folder.",
                hint=f"Give the folder of a bundle, the one with its {MODEL_FILE}.",
            )
        return cls(root.resolve(), allow_outside)

    def model(self) -> Fields:
        """Return `model.json`, parsed."""
        if not (self.root / MODEL_FILE).is_file():
            raise BundleError(
                f"{self.root} has no {MODEL_FILE}; expected the folder of a bundle.",
                hint="Point at the folder that holds it, with all files of the bundle beside it.",
                file=MODEL_FILE,
            )
        return self.json(MODEL_FILE, Place(MODEL_FILE))

    def json(self, name: str, said: Place) -> Fields:
        """Return a JSON file, parsed; `said` is where its name stands."""
        path = self.file(name, said, ".json")
        try:
            with path.open("rb") as stream:
                content = stream.read(MAX_JSON_BYTES + 1)
        except OSError as error:
            raise _unreadable(name, said, error) from None
        if len(content) > MAX_JSON_BYTES:
            raise Place(name).wrong(f"is longer than {MAX_JSON_BYTES} bytes", "a short JSON file")
        return parse_json(content, name)

    def json_of(self, fields: Fields, key: str) -> Fields:
        """Return the JSON file that a key names."""
        return self.json(fields.text(key), fields.at(key))

    def archive_of(self, fields: Fields, key: str) -> Archive:
        """Return the NPZ file that a key names."""
        return self.archive(fields.text(key), fields.at(key))

    def archive(self, name: str, said: Place) -> Archive:
        """Return an NPZ file, its directory checked; `said` is where its name stands."""
        return Archive(self.file(name, said, ".npz"), name)

    def network_of(self, fields: Fields, key: str = "networkPath") -> tuple[str, Path]:
        """Return the ONNX network that a key names: as named, and where it lies.

        Published bundles name an engine, `network.trt`, that each user is to build; an engine is
        code for one GPU and never read. The network is the ONNX file of the same name beside it.
        """
        name = fields.text(key)
        if name.lower().endswith(".trt"):
            name = f"{name[:-4]}.onnx"
        return name, self.file(name, fields.at(key), ".onnx", _NO_NETWORK)

    def file(self, name: str, said: Place, suffix: str, hint: str = FETCH_AGAIN) -> Path:
        """Return a file's path after checking that it is one, inside, and of its kind.

        Args:
            name: What the bundle calls it.
            said: Where it says so.
            suffix: What the name must end in.
            hint: What to do when the file is missing.

        Raises:
            BundleError: named at `said`, which is the file itself for `model.json`.
        """
        if not name.lower().endswith(suffix):
            raise said.wrong(f"names {shown(name)}", f"a file that ends in {suffix}")
        try:
            path = self._resolved(name)
            if not self._inside(path):
                raise said.wrong(
                    f"leads to {shown(name)}, which is outside the bundle",
                    "a path that stays in its folder",
                    "Copy the file into the folder and name it without a path.",
                )
            status = path.stat()
        except FileNotFoundError:
            raise said.wrong(f"names {shown(name)}, which is missing", "that file", hint) from None
        except (OSError, RuntimeError, ValueError) as error:  # loops, names no system takes
            raise _unreadable(name, said, error) from None
        if not stat.S_ISREG(status.st_mode):
            raise said.wrong(f"names {shown(name)}, which is no plain file", "a file")
        if status.st_size < _MAX_POINTER_BYTES and _starts(path, _POINTER):
            raise said.wrong(
                f"names {shown(name)}, which is a pointer of Git LFS", "the file itself", _PULL
            )
        return path

    def _resolved(self, name: str) -> Path:
        windows = PureWindowsPath(name)
        if PurePosixPath(name).is_absolute() or windows.drive or windows.root:
            return Path(name).resolve()
        return self.root.joinpath(*windows.parts).resolve()

    def _inside(self, path: Path) -> bool:
        if self.allow_outside or path.is_relative_to(self.root):
            return True
        store = self.root.parents[1] / "blobs" if self.root.parent.name == "snapshots" else None
        return store is not None and path.parent == store


def _starts(path: Path, start: bytes) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(start)) == start
    except OSError:
        return False  # whoever reads it says why it cannot be


def _unreadable(name: str, said: Place, error: Exception) -> BundleError:
    why = getattr(error, "strerror", None) or "no usable name"
    return said.wrong(
        f"names {shown(name)}, which cannot be read ({why})",
        "a readable file",
        reading_hint(error),
    )
