from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

SPEECH = Path(__file__).parents[1] / "assets" / "speech_16k.flac"
PROGRAM = """
import sys
from pathlib import Path
from facewire.tools.cli import cli
cli.main(["animate", sys.argv[1], "-o", sys.argv[2], "-q"], standalone_mode=False)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
"""Not ru_maxrss, which a process inherits from the one that started it."""


def _peak_mb(tmp_path: Path, minutes: int) -> float:
    """Animate so many minutes of speech in a process of its own; return its largest memory."""
    speech, rate = soundfile.read(SPEECH, dtype="int16")
    source, output = tmp_path / f"{minutes}.wav", tmp_path / f"{minutes}.csv"
    with soundfile.SoundFile(source, "w", rate, 1, subtype="PCM_16") as sound:
        for _ in range(minutes):
            sound.write(np.resize(speech, 60 * rate))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, source, output],
        capture_output=True, text=True, check=True, timeout=900,
    )  # fmt: skip
    with output.open() as table:
        assert sum(1 for _ in table) == 1 + minutes * 3_600
    source.unlink()
    output.unlink()
    return int(done.stdout) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_longer_file_takes_no_more_memory(tmp_path: Path) -> None:
    # Keeping the audio alone would take 11 MB more, the frames 3 MB.
    assert _peak_mb(tmp_path, 4) - _peak_mb(tmp_path, 1) < 4.0


@pytest.mark.soak
@pytest.mark.timeout(1_200)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_hour_takes_at_most_ten_megabytes_more_than_a_minute(tmp_path: Path) -> None:
    assert _peak_mb(tmp_path, 60) - _peak_mb(tmp_path, 1) < 10.0
