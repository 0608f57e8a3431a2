"""A stand-in for onnxruntime with providers that this machine lacks, and ways for them to fail."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.inference import sessions
from facewire.inference.providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


class InvalidArgument(Exception):  # noqa: N818 - onnxruntime's name
    """Feeds that do not fit."""


@dataclass
class FakeRuntime:
    """What `load_onnxruntime` returns."""

    offers: tuple[str, ...]
    folder: Path
    opening: dict[str, Exception] = field(default_factory=dict)
    """Our name of a provider -> what its session raises when made."""
    silent: set[str] = field(default_factory=set)
    """Providers that come out as the CPU without a word."""
    running: dict[str, Exception] = field(default_factory=dict)
    """Our name of a provider -> what `run` raises."""
    shape: tuple[int | str | None, ...] = ("batch", 4)
    while_opening: Callable[[str, dict[str, str]], None] = lambda _name, _options: None
    opened: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked: list[list[tuple[str, dict[str, str]]]] = field(default_factory=list)
    keywords: list[dict[str, Any]] = field(default_factory=list)
    options: list[Any] = field(default_factory=list)
    busiest: int = 0
    __version__ = "1.99.0"
    ExecutionMode = SimpleNamespace(ORT_SEQUENTIAL="sequential")

    def __post_init__(self) -> None:
        self.__file__ = str(self.folder / "__init__.py")
        self._count = threading.Lock()
        self.busy = 0

    def get_available_providers(self) -> list[str]:
        return [PROVIDERS[name] for name in self.offers]

    def SessionOptions(self) -> Any:  # noqa: N802 - onnxruntime's name
        options = SimpleNamespace(entries={})
        options.add_session_config_entry = options.entries.__setitem__
        return options

    def InferenceSession(  # noqa: N802 - onnxruntime's name
        self, _network: object, options: Any, *, providers: list[Any], **keywords: Any
    ) -> FakeSession:
        name = next(ours for ours, theirs in PROVIDERS.items() if theirs == providers[0][0])
        self.opened.append((name, providers[0][1]))
        self.asked.append(providers)
        self.options.append(options)
        self.keywords.append(keywords)
        self.while_opening(name, providers[0][1])
        if name in self.opening:
            raise self.opening[name]
        return FakeSession(self, "cpu" if name in self.silent else name)


@dataclass
class FakeSession:
    """Doubles its input."""

    runtime: FakeRuntime
    name: str

    def get_providers(self) -> list[str]:
        return [PROVIDERS[self.name]]

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="x", shape=list(self.runtime.shape))]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name="y")]

    def run(self, _names: list[str], feeds: dict[str, Any]) -> list[Any]:
        with self.runtime._count:
            self.runtime.busy += 1
            self.runtime.busiest = max(self.runtime.busiest, self.runtime.busy)
        try:
            if self.name in self.runtime.running:
                raise self.runtime.running[self.name]
            return [np.asarray(feeds["x"]) * 2]
        finally:
            with self.runtime._count:
                self.runtime.busy -= 1


def install(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *offers: str, **rules: Any
) -> FakeRuntime:
    """Put a stand-in offering these providers, and the CPU, in onnxruntime's place."""
    runtime = FakeRuntime((*offers, "cpu"), folder, **rules)
    monkeypatch.setattr(sessions, "load_onnxruntime", lambda: runtime)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    return runtime
