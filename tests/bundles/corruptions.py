"""One way to spoil a bundle, and what the error must then say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.bundles import a2f_kit as kit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bundles.onnx_kit import Network

DATA = "model_data.npz"


@dataclass(frozen=True)
class Corruption:
    what: str
    file: str
    """The error must name this file,"""
    key: str
    """and this key of it,"""
    says: str
    """and contain this: what was found, or expected."""
    spoil: Callable[[Path], Any]
    family: str = "regression"


def in_json(
    what: str, at: str, says: str, *, value: Any = ..., family: str = "regression"
) -> Corruption:
    """Set the value at `file:key.key`, or delete it when no value is given."""
    file, _, key = at.partition(":")
    steps = [int(step) if step.isdigit() else step for step in key.split(".")]
    shown = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps
    ).removeprefix(".")
    return Corruption(
        what, file, shown, says, lambda f: kit.edit_json(f / file, *steps, value=value), family
    )


def in_bytes(what: str, file: str, content: bytes, says: str) -> Corruption:
    """Put other bytes into a file."""
    return Corruption(what, file, "", says, lambda f: (f / file).write_bytes(content))


def in_text(what: str, at: str, old: str, new: str, says: str) -> Corruption:
    """Replace a piece of a file's text; the error is at `file:key`."""
    file, _, key = at.partition(":")

    def change(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))

    return Corruption(what, file, key, says, change)


def in_array(what: str, at: str, values: Any, says: str) -> Corruption:
    """Put other values into the array `file:name`; None takes it away."""
    file, _, name = at.partition(":")
    return Corruption(what, file, name, says, lambda f: kit.edit_npz(f / file, **{name: values}))


def in_archive(
    what: str, key: str, says: str, spoil: Callable[..., Any], *arguments: Any
) -> Corruption:
    """Let a function of spoilt_archives loose on model_data.npz."""
    return Corruption(what, DATA, key, says, lambda f: spoil(f / DATA, *arguments))


def in_network(
    what: str, network: Network, key: str, says: str, family: str = "regression"
) -> Corruption:
    """Put another network into the bundle."""
    content = network.write()
    return Corruption(
        what, "network.onnx", key, says, lambda f: (f / "network.onnx").write_bytes(content), family
    )


def in_path(what: str, value: str, says: str) -> Corruption:
    """Let model.json name another file for the arrays."""
    return in_json(what, "model.json:modelDataPath", says, value=value)
