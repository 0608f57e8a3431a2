"""The import contracts hold, and they would notice a breach."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"

BREACHES = {
    "a tool imported from the daemon": (
        "daemon/facewire/daemon/breach.py",
        "import facewire.tools.cli\n",
    ),
    "a clock in the numeric core": ("daemon/facewire/animation/breach.py", "import time\n"),
    "inference in the client": (
        "bridge_protocol/facewire/protocol/breach.py",
        "import onnxruntime\n",
    ),
}


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    paths = ":".join(str(root / name) for name in ("daemon", "bridge_protocol", "tools"))
    return subprocess.run(
        [str(LINT_IMPORTS), "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": paths, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("layers")
    shutil.copy(ROOT / "pyproject.toml", root)
    for name in ("daemon", "bridge_protocol", "tools"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_of_the_layers_is_reported(copy: Path, breach: str) -> None:
    where, text = BREACHES[breach]
    (copy / where).write_text(text)

    try:
        done = lint(copy)
    finally:
        (copy / where).unlink()

    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
