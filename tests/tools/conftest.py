"""What several tests of the tools need: small synthetic bundles, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SYNTH_SEED = 5


@pytest.fixture(scope="session")
def synthetic_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with bundles of seed 5 in `mark`, `claire`, `v3` and `a2e`: read only."""
    from facewire.tools.synth import synth_diffusion, synth_emotion, synth_regression

    folder = tmp_path_factory.mktemp("synth")
    synth_regression(folder / "mark", seed=SYNTH_SEED)
    synth_regression(folder / "claire", seed=SYNTH_SEED, actor="claire")
    synth_diffusion(folder / "v3", seed=SYNTH_SEED)
    synth_emotion(folder / "a2e", seed=SYNTH_SEED)
    return folder
