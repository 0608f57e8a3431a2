"""One embedded model for all unit tests of the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from facewire.inference.loading import load_model

if TYPE_CHECKING:
    from facewire.inference.model import Model


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model("embedded")
