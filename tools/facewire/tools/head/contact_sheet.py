"""Draw every shape of the head at 1: one sheet with names, and one small picture per curve.

    python -m facewire.tools.head.contact_sheet -o mappings

writes `contact_sheet.png` and `pictures/<curve>.webp`. Each picture shows the part of the face that
moves from the front and from three quarters, on the side that moves; the tongue is shown a second
time in the head cut open along its middle.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from facewire.animation.curves import ARKIT_52, CURVE_INDEX, TONGUE_16
from facewire.protocol.errors import FacewireError
from facewire.tools.head.head import load_head
from facewire.tools.rendering.look import look_of
from facewire.tools.rendering.renderer import Renderer
from facewire.tools.rendering.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.head.head import Head
    from facewire.tools.rendering.look import Look

SHAPES: Final = ARKIT_52 + TONGUE_16
TILE_PX: Final = (200, 150)
COLUMNS: Final = 5
CAPTION_PX: Final = 22
SPACE_PX: Final = 8
HEADING_PX: Final = 56
PAPER, INK, SOFT = "#fbfaf7", "#1f2328", "#5f5b54"

# What a curve's name begins with -> how it is framed; the first that fits.
_ASPECT: Final = TILE_PX[0] / TILE_PX[1]
FRAMES: Final = {
    "eye": View(top=0.72, bottom=0.48, aspect=_ASPECT),
    "brow": View(top=0.95, bottom=0.45, aspect=_ASPECT),
    "nose": View(top=0.55, bottom=1.15, aspect=_ASPECT),
    "cheek": View(top=0.45, bottom=1.75, aspect=_ASPECT),
    "jaw": View(top=-0.15, bottom=2.0, aspect=_ASPECT),
    "mouthClose": View(top=-0.15, bottom=2.3, aspect=_ASPECT),  # lips shut, and the chin far down
    "mouth": View(top=-0.45, bottom=1.55, aspect=_ASPECT),
    "tongue": View(top=-0.60, bottom=1.45, aspect=_ASPECT),
}
SIDE_DEG: Final = 38.0
CUT: Final = View(yaw_deg=75.0, top=-0.25, bottom=1.7, aspect=_ASPECT)
MASK_COLOUR: Final = (150, 142, 138)
COMPANIONS: Final = {
    "mouthClose": {"jawOpen": 1.0},
    "tongueOut": {"jawOpen": 0.35},
    **{name: {"jawOpen": 0.6} for name in TONGUE_16},
}
"""Curves that are seen, or mean something, only together with others."""


def weights_of(name: str) -> NDArray[np.float32]:
    """Return float32[68]: the shape at 1, and what it needs to be seen."""
    weights = np.zeros(len(SHAPES), np.float32)
    for curve, weight in {**COMPANIONS.get(name, {}), name: 1.0}.items():
        weights[CURVE_INDEX[curve]] = weight
    return weights


@dataclass(frozen=True)
class Stage:
    """A head and what a renderer works out of it once."""

    head: Head
    look: Look

    @classmethod
    def of(cls, head: Head) -> Stage:
        """Return the head ready to be drawn."""
        return cls(head, look_of(head))

    def draw(self, weights: NDArray[np.float32], view: View) -> Image.Image:
        """Return one tile."""
        renderer = Renderer(self.head, TILE_PX, view, samples=3, look=self.look)
        return Image.fromarray(renderer.frame(weights))


def cut_open(head: Head) -> Head:
    """Return the whole tongue before the right half of teeth, gums and a mask of the skin.

    All of it counts as skin, or the renderer would light it as what lies deep in a dark mouth.
    """
    names = [str(name) for name in head.part_names]
    right = head.vertices[head.triangles, 0].mean(axis=1) < 0.0
    of = {name: head.part == names.index(name) for name in names}
    solid = of["tongue"] | (right & (of["teeth"] | of["gums"]))
    mask = right & of["skin"]
    shown = np.concatenate([head.triangles[solid], head.triangles[mask][:, ::-1]])
    # A renderer may count on every vertex having a triangle: those left alone get an empty one.
    alone = np.setdiff1d(np.arange(len(head.vertices)), shown)
    empty = np.repeat(alone[:, None], 3, axis=1).astype(np.int32)
    triangles = np.concatenate([shown, empty])
    colours = head.colours.copy()
    colours[np.unique(head.triangles[mask])] = MASK_COLOUR
    skin = np.full(len(triangles), names.index("skin"), np.uint8)
    return replace(head, triangles=triangles, part=skin, colours=colours)


def draw_curve(name: str, whole: Stage, opened: Stage) -> Image.Image:
    """Return the picture of one shape: two tiles side by side."""
    front = next(view for word, view in FRAMES.items() if name.startswith(word))
    yaw_deg = -SIDE_DEG if name.endswith("Right") else SIDE_DEG
    weights = weights_of(name)
    picture = Image.new("RGB", (2 * TILE_PX[0], TILE_PX[1]))
    picture.paste(whole.draw(weights, front), (0, 0))
    if name.startswith("tongue"):
        picture.paste(opened.draw(weights, CUT), (TILE_PX[0], 0))
    else:
        picture.paste(whole.draw(weights, replace(front, yaw_deg=yaw_deg)), (TILE_PX[0], 0))
    return picture


def draw_contact_sheet(pictures: dict[str, Image.Image]) -> Image.Image:
    """Return the sheet: the pictures in order under their names."""
    cell = (2 * TILE_PX[0] + SPACE_PX, TILE_PX[1] + CAPTION_PX + SPACE_PX)
    rows = -(-len(pictures) // COLUMNS)
    size = (SPACE_PX + COLUMNS * cell[0], HEADING_PX + rows * cell[1])
    sheet = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text(
        (SPACE_PX, 14),
        "The 68 shapes of the Facewire head, each at 1",
        fill=INK,
        font=ImageFont.load_default(20),
    )
    pen.text(
        (size[0] - SPACE_PX, 20),
        "left is the character's left · mouthClose and the tongue are shown with the jaw open",
        fill=SOFT,
        font=ImageFont.load_default(14),
        anchor="ra",
    )
    for index, (name, picture) in enumerate(pictures.items()):
        row, column = divmod(index, COLUMNS)
        left, top = SPACE_PX + column * cell[0], HEADING_PX + row * cell[1]
        pen.text((left, top), name, fill=INK, font=ImageFont.load_default(15))
        sheet.paste(picture, (left, top + CAPTION_PX))
    # Two bits less per channel: no eye misses them, and the file is half as large.
    return sheet.point(lambda level: min(255, (level + 2) // 4 * 4))


def main(arguments: list[str] | None = None) -> int:
    """Draw everything; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder, usually mappings")
    options = parser.parse_args(arguments)
    try:
        head = load_head()
    except FacewireError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    whole, opened = Stage.of(head), Stage.of(cut_open(head))
    pictures = {name: draw_curve(name, whole, opened) for name in SHAPES}
    folder = options.out / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.webp", quality=82, method=6)
    path = options.out / "contact_sheet.png"
    draw_contact_sheet(pictures).save(path, optimize=True)
    print(f"{path}  {path.stat().st_size} bytes, and {len(pictures)} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
