from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.bundles import load_bundle
from facewire.inference.backend import PROVIDERS, OrtBackend
from facewire.protocol.errors import BundleError, ProviderError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NETWORK = load_bundle("embedded").file("network.onnx")


@pytest.fixture(scope="module")
def window() -> NDArray[np.float32]:
    samples = OrtBackend(NETWORK).inputs["audio"][1]
    assert isinstance(samples, int)
    draw = np.random.default_rng(2)
    return (0.1 * draw.standard_normal((1, samples))).astype(np.float32)


def test_the_same_window_gives_the_same_bits_in_every_session_and_thread(
    window: NDArray[np.float32],
) -> None:
    first, second = OrtBackend(NETWORK), OrtBackend(NETWORK)
    expected = first.run({"audio": window})

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: first.run({"audio": window}), range(20)))

    results.append(second.run({"audio": window}))
    assert all(np.array_equal(result, expected) for result in results)


def test_other_windows_run_before_leave_no_trace(window: NDArray[np.float32]) -> None:
    backend = OrtBackend(NETWORK)
    expected = backend.run({"audio": window})

    backend.run({"audio": window[:, ::-1].copy()})
    backend.run({"audio": np.full_like(window, np.nan)})

    assert np.array_equal(backend.run({"audio": window}), expected)


def test_a_provider_that_is_not_there_is_an_error_with_its_own_exit_code() -> None:
    import onnxruntime

    missing = next(
        name for name, theirs in PROVIDERS.items()
        if theirs not in onnxruntime.get_available_providers()
    )  # fmt: skip

    with pytest.raises(ProviderError, match=missing) as caught:
        OrtBackend(NETWORK, missing)
    assert caught.value.exit_code == 4


def test_an_unknown_provider_names_the_known_ones() -> None:
    with pytest.raises(ProviderError, match="cuda"):
        OrtBackend(NETWORK, "gpu")


def test_auto_always_finds_something_to_run_on(window: NDArray[np.float32]) -> None:
    backend = OrtBackend(NETWORK, "auto")

    assert backend.name in PROVIDERS
    assert backend.run({"audio": window}).ndim == 3


def test_what_is_no_network_is_a_bundle_error() -> None:
    with pytest.raises(BundleError, match="refuses"):
        OrtBackend(b"not a network")


def test_onnxruntime_reports_to_nobody_and_leaves_nothing_in_the_home_folder(
    tmp_path: Path,
) -> None:
    program = "from facewire.inference.loading import load_model; load_model('embedded', 'cpu')"

    # A bare environment: on a CI server onnxruntime keeps quiet by itself.
    subprocess.run(
        [sys.executable, "-c", program],
        env={"HOME": str(tmp_path), "PATH": os.defpath},
        check=True,
    )

    assert list(tmp_path.rglob("*")) == []
