"""A daemon that is slow to fold a mask: for the test of what a dragged slider costs."""

from __future__ import annotations

import sys
import time
from typing import Any

from facewire.inference.solved_family import SolvedFamily

FOLD_S = 0.1

if __name__ == "__main__":
    from facewire.tools.cli import main

    prepare_for_real = SolvedFamily.prepare

    def prepare_slowly(family: SolvedFamily, *how: Any) -> None:
        time.sleep(FOLD_S)
        prepare_for_real(family, *how)

    setattr(SolvedFamily, "prepare", prepare_slowly)  # noqa: B010 - a method
    main(["serve", *sys.argv[1:]])
