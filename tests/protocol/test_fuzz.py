from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.protocol.conftest import GoldenCase

HARNESS = Path(__file__).with_name("fuzz_codec.py")
needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is not installed: it has wheels for Linux and Python up to 3.12 only",
)


@pytest.fixture
def corpus(tmp_path: Path, golden_cases: list[GoldenCase]) -> Path:
    """Every short golden header once, with the byte that says to which side it goes."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for index, case in enumerate(golden_cases):
        if case.parts and len(case.parts[0]) < 400:
            side = b"\1" if case.to == "client" else b"\0"
            (folder / f"{index}").write_bytes(side + case.parts[0])
    return folder


@needs_atheris
@pytest.mark.timeout(90)
def test_fuzzing_the_codec_for_fifteen_seconds_finds_nothing(corpus: Path) -> None:
    fuzz(corpus, seconds=15)


@needs_atheris
@pytest.mark.soak
@pytest.mark.timeout(700)
def test_fuzzing_the_codec_for_ten_minutes_finds_nothing(corpus: Path) -> None:
    fuzz(corpus, seconds=600)


def fuzz(corpus: Path, *, seconds: int) -> None:
    done = subprocess.run(
        [
            sys.executable,
            str(HARNESS),
            f"-max_total_time={seconds}",
            "-max_len=4096",
            "-rss_limit_mb=1024",
            "-timeout=5",
            "-print_final_stats=1",
            str(corpus),
        ],
        cwd=corpus.parent,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    runs = int(done.stderr.split("stat::number_of_executed_units:")[1].split()[0])
    assert runs > 1000 * seconds, "too slow to have tried anything"
