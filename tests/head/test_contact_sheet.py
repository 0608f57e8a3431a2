"""Every curve has its picture, and what is drawn shows the curve."""

from __future__ import annotations

import numpy as np
from PIL import Image
from tests.head.kit import SHAPES

from facewire.bundles.shipped import data_folder
from facewire.tools.head import load_head
from facewire.tools.head.contact_sheet import (
    COMPANIONS,
    TILE_PX,
    Stage,
    cut_open,
    draw_contact_sheet,
    draw_curve,
    weights_of,
)

FOLDER = data_folder("mappings")


def test_each_curve_has_one_small_picture() -> None:
    pictures = sorted((FOLDER / "pictures").iterdir())
    sizes = [path.stat().st_size for path in pictures]

    assert [path.stem for path in pictures] == sorted(SHAPES)
    assert max(sizes) <= 12_000
    assert sum(sizes) <= 600_000


def test_the_sheet_is_small_enough_for_a_repository_and_holds_all_curves() -> None:
    path = FOLDER / "contact_sheet.png"

    assert path.stat().st_size <= 1_500_000
    with Image.open(path) as sheet:
        assert sheet.width * sheet.height > len(SHAPES) * 2 * TILE_PX[0] * TILE_PX[1]


def test_a_curve_is_drawn_at_one_with_what_it_needs_to_be_seen() -> None:
    assert weights_of("jawOpen").sum() == 1.0
    assert (
        weights_of("mouthClose")[[SHAPES.index("jawOpen"), SHAPES.index("mouthClose")]].min() == 1
    )
    assert all(COMPANIONS[name]["jawOpen"] > 0 for name in SHAPES if name.startswith("tongue"))


def test_a_drawn_curve_shows_in_both_tiles() -> None:
    whole, opened = Stage.of(load_head()), Stage.of(cut_open(load_head()))
    drawn = {
        name: np.asarray(draw_curve(name, whole, opened), np.int16)
        for name in ("mouthFunnel", "mouthPucker", "tongueTipUp", "tongueTipDown")
    }

    for one, other in (("mouthFunnel", "mouthPucker"), ("tongueTipUp", "tongueTipDown")):
        for tile in np.split(np.abs(drawn[one] - drawn[other]), 2, axis=1):
            assert (tile.max(axis=2) > 30).mean() > 0.01


def test_the_sheet_names_and_holds_each_picture() -> None:
    red, blue = (Image.new("RGB", (2 * TILE_PX[0], TILE_PX[1]), c) for c in ("#c00000", "#0000c0"))

    sheet = np.asarray(draw_contact_sheet({"one": red, "two": blue}))

    for picture in (red, blue):
        colour = np.asarray(picture)[0, 0]
        assert (np.abs(sheet.astype(int) - colour) < 4).all(2).sum() >= 2 * TILE_PX[0] * TILE_PX[1]


def test_a_head_cut_open_still_poses() -> None:
    opened = cut_open(load_head())

    assert np.array_equal(np.unique(opened.triangles), np.arange(len(opened.vertices)))
    assert np.array_equal(
        opened.posed(weights_of("tongueUp")), load_head().posed(weights_of("tongueUp"))
    )
