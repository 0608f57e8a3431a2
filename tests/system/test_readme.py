"""The lines of the README that a programmer copies run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from tests.system.speech import SPEECH

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from tests.system.kit import DaemonProcess

README = Path(__file__).parents[2] / "README.md"


def test_the_python_of_the_readme_animates_a_reply_longer_than_any_credit(
    daemon: DaemonProcess, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del daemon  # must be there first
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    samples = np.tile(soundfile.read(SPEECH, dtype="int16")[0], 12)  # 37 s at 24 kHz
    played: list[int] = []

    def tts() -> Iterator[bytes]:
        for start in range(0, len(samples), 3_001):
            yield samples[start : start + 3_001].tobytes()

    def play(timestamps: np.ndarray, curves: np.ndarray) -> None:
        assert curves.shape == (len(timestamps), 71)
        played.extend(timestamps.tolist())

    exec(compile(program, str(README), "exec"), {"tts": tts, "play": play})

    total = -(-len(samples) * 60 // 24_000)
    assert total / 60 > 35, "shorter replies would pass without reading while sending"
    assert played == [index * 16_000 // 60 for index in range(total)]
