"""When an inference may run: its audio is there, and so are the emotions of all its frames (§2.4).

An emotion track that is closed holds for ever after and gates nothing; without one (no automatic
emotion, no keys) there is nothing to wait for either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facewire.inference.windows import WindowSpec, available_windows

if TYPE_CHECKING:
    from facewire.audio import AudioAccumulator
    from facewire.emotion import EmotionTrack
    from facewire.inference.progress import WindowProgress


def executions_with_emotion(spec: WindowSpec, *, read: int, last_key: int | None) -> int:
    """Return how many windows after the first `read` have a known emotion at all their ticks.

    `last_key` is the instant of the latest key of an open track, in samples; None: no key yet.
    """
    if last_key is None:
        return 0
    ticks = available_windows(
        spec.per_tick, read=read * spec.ticks, samples=last_key + 1, closed=True
    )
    return ticks // spec.ticks


def available_executions(
    spec: WindowSpec,
    *,
    read: int,
    samples: int,
    audio_closed: bool,
    last_key: int | None,
    emotions_closed: bool,
) -> int:
    """Return how many windows after the first `read` can run now.

    Args:
        spec: The windows.
        read: Windows read already.
        samples: Audio that has come.
        audio_closed: Whether that is all of it.
        last_key: Instant of the latest emotion key; None without keys.
        emotions_closed: Whether no key follows; the last one then holds.
    """
    by_audio = available_windows(spec, read=read, samples=samples, closed=audio_closed)
    if emotions_closed:
        return by_audio
    return min(by_audio, executions_with_emotion(spec, read=read, last_key=last_key))


def ready_executions(
    progress: WindowProgress, audio: AudioAccumulator, emotions: EmotionTrack | None = None
) -> int:
    """Return how many windows of a track can run now; `emotions` None waits for no key."""
    return available_executions(
        progress.spec,
        read=progress.read,
        samples=audio.total_samples,
        audio_closed=audio.closed,
        last_key=emotions.last_time if emotions is not None else None,
        emotions_closed=emotions is None or emotions.closed,
    )
