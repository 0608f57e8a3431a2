"""`facewire animate` on NVIDIA's layouts: an hour takes hardly more memory than a minute."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SPEECH = Path(__file__).parents[1] / "assets" / "speech_16k.flac"
PROGRAM = """
import sys
from pathlib import Path
from facewire.tools.cli import cli
cli.main(["animate", *sys.argv[1:], "-q"], standalone_mode=False)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
"""Not ru_maxrss, which a process inherits from the one that started it."""
FAMILIES = ("regression", "diffusion", "emotion")


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, ...]]:
    """What asks `animate` for a small bundle of each family; `emotion` is heard for a face."""
    pytest.importorskip("onnx", reason="synthetic bundles need the synth extra")
    from facewire.tools.synth import synth_diffusion, synth_emotion, synth_regression

    folder = tmp_path_factory.mktemp("bundles")
    regression = ("--model", str(synth_regression(folder / "regression")))
    return {
        "regression": regression,
        "diffusion": ("--model", str(synth_diffusion(folder / "diffusion"))),
        "emotion": (*regression, "--emotion-model", str(synth_emotion(folder / "emotion"))),
    }


def peak_mb(folder: Path, options: tuple[str, ...], seconds: int, fps: int) -> float:
    """Animate so much speech in a process of its own; return its largest memory."""
    speech, rate = soundfile.read(SPEECH, dtype="int16")
    source, output = folder / f"{seconds}.wav", folder / f"{seconds}.csv"
    with soundfile.SoundFile(source, "w", rate, 1, subtype="PCM_16") as sound:
        for _ in range(0, seconds, 20):
            sound.write(np.resize(speech, 20 * rate))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, source, "-o", output, "--fps", str(fps), *options],
        capture_output=True, text=True, check=True, timeout=2_400,
    )  # fmt: skip
    with output.open() as table:
        assert sum(1 for _ in table) == 1 + seconds * fps
    source.unlink()
    output.unlink()
    return int(done.stdout) / 1024


def test_a_longer_file_takes_no_more_memory_when_emotion_is_heard_too(
    tmp_path: Path, options: dict[str, tuple[str, ...]]
) -> None:
    # Keeping the audio alone would take 5 MB more.
    longer = peak_mb(tmp_path, options["emotion"], 120, 5)
    assert longer - peak_mb(tmp_path, options["emotion"], 40, 5) < 3.0


@pytest.mark.soak
@pytest.mark.timeout(4_800)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_hour_takes_at_most_ten_megabytes_more_than_a_minute(
    tmp_path: Path, options: dict[str, tuple[str, ...]], family: str
) -> None:
    longer = peak_mb(tmp_path, options[family], 3_600, 30)
    assert longer - peak_mb(tmp_path, options[family], 60, 30) < 10.0
