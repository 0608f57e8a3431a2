"""The Hugging Face hub as a source, by its own client library (the extra `hub`).

Only metadata, addresses and one file's bytes are asked of the library: what it fetches by itself it
begins anew after an interruption, and a network has more than a gigabyte.
"""

from __future__ import annotations

import errno
import io
import os
import re
import socket
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from facewire.protocol.errors import BundleError, FacewireError
from facewire.tools.models.fetching import Piece
from facewire.tools.models.parts import copy
from facewire.tools.models.progress import working

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from _typeshed import ReadableBuffer

    from facewire.bundles.catalogue import PublishedFile, PublishedModel
    from facewire.tools.models.progress import Told

_NEWEST: Final = "main"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NO_WAY: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
_LOCAL_ERRORS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EIO)


def library(part: str = "") -> Any:
    """Return a module of the hub's client.

    Raises:
        FacewireError: it is not installed.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # files are asked for, nothing is told
    try:
        return import_module(f"huggingface_hub{part}")
    except ModuleNotFoundError as missing:
        raise FacewireError(
            f"Fetching a model needs {missing.name}, which is not installed.",
            hint='Install the extra: pip install "facewire[hub]". Or give the files by --from DIR.',
        ) from None


def page(model: PublishedModel) -> str:
    """Return the address of a model's page, where a licence is accepted."""
    return f"{library('.constants').ENDPOINT}/{model.repo}"


class Hub:
    """The files of a model on the hub; see `Source`."""

    def __init__(self, model: PublishedModel) -> None:
        """Say which model; nothing is asked of the hub yet.

        Raises:
            FacewireError: the client is not installed.
        """
        self._model = model
        self._hub = library()
        self._offline = bool(library(".constants").HF_HUB_OFFLINE)
        self._commit = model.revision
        library(".utils").disable_progress_bars()  # ours is shown

    @property
    def revision(self) -> str:
        """The commit; that of the newest files once `pieces` was asked for."""
        return self._commit

    @property
    def when_another(self) -> str:
        """It may have been spoilt on the way, or the publisher may have another by now."""
        return (
            "It is not kept; files fetched before it are: pull again. If that ends likewise and "
            "you trust what is published, fetch the folder yourself and `facewire models add` it."
        )

    @cached_property
    def pieces(self) -> Sequence[Piece]:
        """The model's files that the hub has, all of one commit.

        Raises:
            BundleError: the hub cannot be reached, or does not let us have them.
        """
        with working(f"asking the hub for {self._model.repo}"), self._errors():
            found = [self._piece(file) for file in self._model.files]
        return [piece for piece in found if piece is not None]

    def fetch(self, piece: Piece, target: Path, told: Told) -> None:
        """Fetch a file's bytes after those that are there, with a few attempts.

        Raises:
            BundleError: the hub fails; what has come stays.
        """
        if piece.local is not None:
            copy(piece.local, target, told)
            return
        with self._errors():
            address, headers = self._address(piece)
            target.touch()
            with _Counted(target, told, piece.path) as file:
                there = file.seek(0, io.SEEK_END)
                if there > piece.size:
                    there = file.truncate(file.seek(0))
                library(".file_download").http_get(
                    address,
                    file,
                    resume_size=there,
                    headers=headers,
                    expected_size=piece.size,
                    displayed_filename=piece.path,
                )

    def _piece(self, file: PublishedFile) -> Piece | None:
        """Return what the hub says of a file; None when it has none of this name."""
        commit = self._commit or (_NEWEST if self._offline else "")
        if commit:
            cached = self._hub.try_to_load_from_cache(self._model.repo, file.path, revision=commit)
            if isinstance(cached, str):
                return Piece(path=file.path, size=Path(cached).stat().st_size, local=Path(cached))
        errors = library(".errors")
        try:
            told = self._hub.get_hf_file_metadata(self._url(file.path))
        except errors.EntryNotFoundError:
            return None  # it may not be needed: the bundle's reader says
        self._commit = self._commit or str(told.commit_hash or "")
        if told.size is None:
            raise BundleError(f"The hub does not say how long {file.path} is.", file=file.path)
        digest = told.etag if _SHA256.fullmatch(told.etag or "") else ""
        return Piece(path=file.path, size=told.size, sha256=digest)

    def _address(self, piece: Piece) -> tuple[str, dict[str, str]]:
        """Return where a file's bytes are, and the headers to ask for them with."""
        url = self._url(piece.path)
        told = self._hub.get_hf_file_metadata(url)
        headers: dict[str, str] = library(".utils").build_hf_headers(
            library_name="facewire", library_version=version("facewire")
        )
        if urlsplit(told.location).netloc != urlsplit(url).netloc:
            headers.pop("authorization", None)  # the token is for the hub, not for its storage
        return told.location, headers

    def _url(self, path: str) -> str:
        return str(self._hub.hf_hub_url(self._model.repo, path, revision=self._commit or _NEWEST))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what the client raises into a sentence and what to do."""
        errors = library(".errors")
        try:
            yield
        except errors.OfflineModeIsEnabled:
            raise BundleError(
                f"{self._model.name} is not all in the hub's cache, and HF_HUB_OFFLINE is set.",
                hint="Unset it, or give the files by --from DIR.",
            ) from None
        except errors.GatedRepoError:
            raise BundleError(
                f"The hub does not give out {self._model.name} to you.",
                hint=f"Accept its licence at {page(self._model)}, then log in with `hf auth login` "
                "or set HF_TOKEN.",
            ) from None
        except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
            raise BundleError(
                f"The hub has no {self._model.repo} at {self._commit or _NEWEST}.",
                hint=f"Look at {page(self._model)}. If it asks for a login: `hf auth login`.",
            ) from None
        except (errors.HTTPError, OSError) as error:
            if isinstance(error, OSError) and error.errno in _LOCAL_ERRORS:
                raise
            if _is_unreachable(error):
                raise BundleError(
                    f"The hub at {urlsplit(self._url('')).netloc} cannot be reached: "
                    f"{_first_line(error)}",
                    hint="Is there a network, and does it need a proxy (HTTPS_PROXY)? Then pull "
                    "again: it goes on where it stopped. Without one give the files by --from DIR.",
                ) from None
            raise BundleError(
                f"The hub failed: {_first_line(error)}",
                hint="Pull again: it goes on where it stopped. Or give the files by --from DIR.",
            ) from None


class _Counted(io.BufferedRandom):
    """A file that tells of the bytes that are written to it."""

    def __init__(self, path: Path, told: Told, name: str) -> None:
        super().__init__(io.FileIO(path, "r+b"))
        self._told = told
        self._name = name

    def write(self, given: ReadableBuffer) -> int:
        count = super().write(given)
        self._told(self._name, count)
        return count


def _is_unreachable(error: BaseException | None) -> bool:
    """Return whether a failure came of there being no way to the hub, however it is wrapped."""
    while error is not None:
        if isinstance(error, socket.gaierror | ConnectionRefusedError):
            return True
        if isinstance(error, OSError) and error.errno in _NO_WAY:
            return True
        error = error.__cause__ or error.__context__
    return False


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
