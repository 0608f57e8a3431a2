"""The bases of a rewritten diffusion network: read in blocks, checked first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.bundles.network_info import DiffusionInfo
from facewire.bundles.variants import Variant
from facewire.bundles.vertex_free import bases_of, read_bases, reduced_info
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

INFO = DiffusionInfo(
    actor="", version="", identities=("One", "Two"), emotions=("joy",), default_emotion=(0.0,),
    skin_size=12, tongue_size=6, jaw_size=15, eyes_size=4, diffusion_steps=2, gru_layers=2,
    gru_dim=4, frames_before=1, frames_kept=2, frames_after=1, window_samples=64,
    padding_before_samples=16, padding_after_samples=16,
)  # fmt: skip


def _arrays() -> dict[str, NDArray[np.float32]]:
    draw = np.random.default_rng(0)
    sizes = {"skin": 12, "tongue": 6}
    arrays = {}
    for part, size in sizes.items():
        arrays[f"{part}_shapes"] = draw.standard_normal((9, size), np.float32)
        arrays[f"{part}_scale"] = draw.standard_normal((2, size), np.float32)
        arrays[f"{part}_constant"] = draw.standard_normal((2, size), np.float32)
    return arrays


def _written(folder: Path, arrays: dict[str, NDArray[np.float32]]) -> Path:
    path = folder / "bases.npz"
    np.savez(path, allow_pickle=False, **arrays)
    return path


def test_a_basis_is_the_scaled_shapes_and_a_constant_row(tmp_path: Path) -> None:
    arrays = _arrays()
    faces = read_bases(_written(tmp_path, arrays), INFO)

    assert len(faces) == 2
    for at, face in enumerate(faces):
        for part, basis in (("skin", face.skin), ("tongue", face.tongue)):
            expected = np.concatenate(
                [
                    arrays[f"{part}_shapes"] * arrays[f"{part}_scale"][at],
                    arrays[f"{part}_constant"][[at]],
                ]
            )
            assert basis.shapes == 10
            assert np.array_equal(basis.read(), expected)
            rows = [(first, len(block)) for first, block in basis.blocks(4)]
            assert rows == [(0, 4), (4, 4), (8, 1), (9, 1)]
    assert faces[0].skin.vertices == 4
    reduced = reduced_info(INFO, faces)
    assert (reduced.skin_size, reduced.tongue_size, reduced.jaw_size) == (10, 10, 15)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("skin_shapes", np.zeros((9, 15), np.float32)),
        ("skin_scale", np.zeros((3, 12), np.float32)),
        ("tongue_constant", np.zeros((2, 6), np.int64)),
        ("tongue_scale", None),
    ],
)
def test_arrays_that_do_not_fit_the_bundle_are_refused(
    tmp_path: Path, key: str, value: NDArray[np.float32] | None
) -> None:
    arrays = _arrays()
    del arrays[key]
    if value is not None:
        arrays[key] = value

    with pytest.raises(BundleError, match=key):
        read_bases(_written(tmp_path, arrays), INFO)


def test_what_is_not_finite_is_refused_when_it_is_read(tmp_path: Path) -> None:
    arrays = _arrays()
    arrays["skin_shapes"][3, 2] = np.nan
    face = read_bases(_written(tmp_path, arrays), INFO)[1]

    with pytest.raises(BundleError, match="skin_shapes"):
        face.skin.read()
    assert np.isfinite(face.tongue.read()).all()


def test_a_variant_without_its_bases_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path, _arrays())
    variant = Variant(
        name="vertex-free", variant_class="exact", network=tmp_path / "network.onnx",
        companions=(path,), providers=("any",), report={},
    )  # fmt: skip

    assert len(bases_of(variant, INFO)) == 2
    with pytest.raises(BundleError, match="the bases"):
        bases_of(replace(variant, companions=()), INFO)
