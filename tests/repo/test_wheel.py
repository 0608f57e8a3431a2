"""What a user installs works: the wheel alone, outside the checkout, with its models inside."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "tests" / "assets" / "speech_16k.flac"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bin folder of a fresh environment that holds the wheel and our dependencies.

    The dependencies come from this environment through a .pth file. Entries of a .pth file do
    not have their own .pth files read, so the checkout's editable install stays invisible.
    """
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [
            sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python),
            "install", "--quiet", "--no-deps", "--no-index", str(wheel),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


def test_the_wheel_holds_models_and_tables_but_no_plugin_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert "facewire/daemon/_data/models/embedded/network.onnx" in names
    assert "facewire/daemon/_data/models/manifest.json" in names
    assert not [name for name in names if name.startswith(("ue_plugin", "tests", "daemon/"))]
    assert {name.split("/")[0] for name in names} == {
        "facewire",
        next(name.split("/")[0] for name in names if ".dist-info/" in name),
    }


def test_an_installed_wheel_animates_speech_outside_the_checkout(
    installed: Path, tmp_path: Path
) -> None:
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    where = subprocess.run(
        [str(installed / "python"), "-c", "import facewire.tools.cli as m; print(m.__file__)"],
        cwd=tmp_path, env=clean, capture_output=True, text=True, check=True,
    )  # fmt: skip

    done = subprocess.run(
        [str(installed / "facewire"), "animate", str(SPEECH), "-o", "clip.csv", "--fps", "30"],
        cwd=tmp_path, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert str(installed.parent) in where.stdout
    assert done.returncode == 0, done.stderr
    with (tmp_path / "clip.csv").open() as table:
        rows = list(csv.reader(table))
    assert rows[0][:3] == ["", "timeCode", "blendShapes.EyeBlinkLeft"]
    jaw = [float(row[rows[0].index("blendShapes.JawOpen")]) for row in rows[1:]]
    assert max(jaw) > 0.1
