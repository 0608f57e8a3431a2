"""Matrix products of the daemon stay on one thread, unless its user says otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
PROGRAM = """
import contextlib, os, sys
from facewire.tools.cli import main
assert "numpy" not in sys.modules
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(None):
    main([sys.argv[1], "--help"])
print(*[os.environ.get(name, "-") for name in {names}])
"""


@pytest.mark.parametrize(
    ("command", "said", "threads"),
    [
        ("serve", {}, "1 1 1"),
        ("animate", {"OMP_NUM_THREADS": "3"}, "1 3 1"),
        ("train", {}, "- - -"),
    ],
)
def test_blas_gets_one_thread_where_products_are_small_and_a_users_own_value_wins(
    command: str, said: dict[str, str], threads: str
) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in NAMES}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(names=NAMES), command],
        env=clean | said,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.split("\n")[-2] == threads
