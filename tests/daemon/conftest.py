"""One embedded model for all unit tests of the daemon."""

from __future__ import annotations

import pytest

from facewire.inference.model import Model, load_model


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model("embedded")
