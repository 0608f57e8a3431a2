"""A daemon whose network breaks when it hears a certain sound: for the tests of what follows."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from facewire.daemon import server, shelf
from facewire.inference.loading import load_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from facewire.inference.model import Model

BREAKING = 7.0
"""A sample of this value breaks the inference of its window."""
HANGING = 6.0
"""A sample of this value makes inference take three seconds."""


class FaultyBackend:
    """The real backend, but for two sounds."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.name = inner.name
        self.max_batch = 4  # windows of several streams share a batch here

    def run(self, feeds: Mapping[str, Any]) -> Any:
        loudest = max(float(np.max(feed)) for feed in feeds.values())
        if loudest > BREAKING - 0.5:
            raise RuntimeError("the network broke")
        if loudest > HANGING - 0.5:
            time.sleep(3)
        return self.inner.run(feeds)


def load_faulty(name: str | Path, provider: str, **how: Any) -> Model:
    model = load_model(name, provider, **how)
    return replace(model, backend=FaultyBackend(model.backend))


if __name__ == "__main__":
    from facewire.tools.cli import main

    setattr(shelf, "load_model", load_faulty)  # noqa: B010 - a name the module only imports
    setattr(server, "HUNG_S", 0.5)  # noqa: B010 - a constant
    main(["serve", *sys.argv[1:]])
