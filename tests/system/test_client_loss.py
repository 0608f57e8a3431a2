"""A real daemon that is killed, stopped or replaced under a speaking client."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.system.kit import DaemonProcess, wait_until
from tests.system.speech import Frames, assert_same_bits, gather, in_process, speech

from facewire.protocol.client import Client, Event
from facewire.protocol.errors import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from facewire.protocol.client import ClientStream, FrameBatch


class Diary:
    """Events with the moment they were told."""

    def __init__(self) -> None:
        self.entries: list[tuple[float, Event]] = []

    def __call__(self, event: Event) -> None:
        self.entries.append((time.monotonic(), event))

    def kinds(self) -> list[str]:
        return [event.kind for _, event in self.entries]

    def told_s(self, kind: str) -> float:
        return next(at_s for at_s, event in self.entries if event.kind == kind)


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def client(
    daemon: DaemonProcess, runtime: Path, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    del daemon  # must be there first
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))
    with Client.connect(on_event=diary, reconnect_s=15.0) as connected:
        yield connected


class Listener:
    """Iterates in a thread, as a game does, and can be watched."""

    def __init__(self, stream: ClientStream) -> None:
        self.batches: list[FrameBatch] = []
        self._stream = stream
        self._pool = ThreadPoolExecutor(1)
        self._listening = self._pool.submit(self._listen)

    def _listen(self) -> None:
        for batch in self._stream:
            self.batches.append(batch)

    def result(self) -> Frames:
        try:
            self._listening.result(20)
        finally:
            self._pool.shutdown()
        return gather(self.batches)


def speak_in_real_time(stream: ClientStream, seconds: float) -> None:
    """Send the clip in 20 ms chunks, at most as fast as it was spoken, then end."""
    sound = speech(24_000)
    began_s = time.monotonic()
    for number, chunk in enumerate(sound.cut(0, seconds).chunks(480)):
        time.sleep(max(0.0, began_s + number * 0.02 - time.monotonic()))
        stream.send(chunk)
    stream.end()


def test_a_killed_daemon_costs_a_pause_and_the_next_one_goes_on_with_the_first_missing_frame(
    client: Client, daemon: DaemonProcess, start: Callable[..., DaemonProcess], diary: Diary
) -> None:
    whole = in_process(speech(24_000).cut(0, 4.0))
    with client.open_stream(sample_rate_hz=24_000) as stream:
        listener = Listener(stream)
        speaking = threading.Thread(target=speak_in_real_time, args=(stream, 4.0))
        speaking.start()
        wait_until(lambda: len(listener.batches) > 40, within_s=10, what="frames")

        killed_s = time.monotonic()
        daemon.kill()
        wait_until(lambda: "disconnected" in diary.kinds(), within_s=2, what="the loss noticed")
        start()  # the next one clears what the killed one left
        frames = listener.result()
        speaking.join()

        assert stream.counters.resumes >= 1  # a loaded machine may cut the next link once more
        assert stream.ended is not None
        assert stream.ended.frames == len(frames) == 240
    assert diary.told_s("disconnected") - killed_s < 0.5
    assert diary.kinds()[:4] == ["connected", "disconnected", "reconnected", "resumed"]
    # gather() has checked that no frame is missing, doubled or out of order
    assert np.array_equal(frames.timestamps, whole.timestamps)
    assert np.abs(frames.curves - whole.curves).max() < 1e-4
    marked = [batch.first for batch in listener.batches if "resumed" in batch.flags]
    assert marked


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_frames_after_a_resume_are_those_of_an_undisturbed_voice(
    client: Client, daemon: DaemonProcess, start: Callable[..., DaemonProcess], rate_hz: int
) -> None:
    sound = speech(rate_hz, 2 if rate_hz == 44_100 else 1)
    half = len(sound.samples) * 3 // 4
    with client.open_stream(**sound.format, seed=4) as stream:
        stream.send(sound.samples[:half])
        batches: list[FrameBatch] = []
        while not batches or batches[-1].first < 120:
            batch = stream.read()
            assert batch is not None
            batches.append(batch)
        daemon.kill()
        start()
        stream.send(sound.samples[half:])
        stream.end()
        batches += list(stream)

    frames, whole = gather(batches), in_process(sound, seed=4)
    assert np.array_equal(frames.timestamps, whole.timestamps)
    # Resampling begins anew at another place, so the last bits may differ there.
    assert np.abs(frames.curves - whole.curves).max() < (1e-6 if rate_hz == 16_000 else 1e-4)


def test_a_stopped_daemon_is_noticed_within_two_seconds_and_resumed_when_it_goes_on(
    client: Client, daemon: DaemonProcess, diary: Diary
) -> None:
    whole = in_process(speech(24_000).cut(0, 4.0))
    with client.open_stream(sample_rate_hz=24_000) as stream:
        listener = Listener(stream)
        speaking = threading.Thread(target=speak_in_real_time, args=(stream, 4.0))
        speaking.start()
        wait_until(lambda: len(listener.batches) > 20, within_s=10, what="frames")
        stopped_s = time.monotonic()
        daemon.signal(signal.SIGSTOP)
        try:
            wait_until(lambda: "disconnected" in diary.kinds(), within_s=3, what="notice")
            time.sleep(max(0.0, stopped_s + 3.0 - time.monotonic()))  # the hang is 3 s long
        finally:
            daemon.signal(signal.SIGCONT)
        went_on_s = time.monotonic()
        frames = listener.result()
        speaking.join()

    assert diary.told_s("disconnected") - stopped_s < 2.0
    assert diary.told_s("resumed") - went_on_s < 2.0
    assert np.array_equal(frames.timestamps, whole.timestamps)
    assert np.abs(frames.curves - whole.curves).max() < 1e-4


def test_an_interrupt_while_the_daemon_hangs_is_total(
    client: Client, daemon: DaemonProcess, diary: Diary
) -> None:
    first, second = speech(), speech().cut(0.5, 1.5)
    with client.open_stream(**first.format) as stream:
        stream.send(first.samples)
        assert stream.read() is not None
        daemon.signal(signal.SIGSTOP)
        try:
            asked_s = time.monotonic()
            stream.interrupt()
            assert time.monotonic() - asked_s < 0.2
            wait_until(lambda: "disconnected" in diary.kinds(), within_s=3, what="notice")
            stream.send(second.samples)
            stream.end()
        finally:
            daemon.signal(signal.SIGCONT)
        batches = list(stream)

    assert {batch.utterance for batch in batches} == {1}
    assert_same_bits(gather(batches), in_process(second))


def test_a_daemon_told_to_end_lets_the_voice_finish_and_the_next_serves_the_same_client(
    client: Client, daemon: DaemonProcess, start: Callable[..., DaemonProcess], diary: Diary
) -> None:
    sound = speech().cut(0, 2.0)
    with client.open_stream(**sound.format) as stream:
        stream.send(sound.samples[:16_000])
        batches = [stream.read()]
        daemon.signal(signal.SIGTERM)
        wait_until(lambda: "draining" in diary.kinds(), within_s=5, what="the news")
        stream.send(sound.samples[16_000:])
        stream.end()
        batches += list(stream)
        assert_same_bits(gather([batch for batch in batches if batch]), in_process(sound))
    assert daemon.wait() == 0

    start()
    with client.open_stream(**sound.format) as stream:
        assert_same_bits(gather(stream.animate([sound.samples])), in_process(sound))


def test_a_daemon_that_never_comes_back_ends_every_call_in_time(
    daemon: DaemonProcess, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))
    sound = speech()
    with Client.connect(reconnect_s=1.0) as client, client.open_stream(**sound.format) as stream:
        stream.send(sound.samples[:3200])
        daemon.kill()
        began_s = time.monotonic()
        with pytest.raises(ConnectionLost, match="did not come back within 1 s"):
            list(stream)
        assert time.monotonic() - began_s < 3
        with pytest.raises(ConnectionLost):
            client.stats()
    for left in runtime.rglob("*"):  # what a killed daemon leaves for the next to clear
        if not left.is_dir():
            left.unlink()
    for left in sorted(runtime.rglob("*"), reverse=True):
        left.rmdir()


def test_a_client_that_was_stopped_itself_finds_its_way_back(client: Client) -> None:
    """A laptop lid: the daemon has forgotten us, the frames go on where they were."""
    program = (
        "import sys\n"
        "from facewire.protocol.client import Client\n"
        "from tests.system.speech import speech, gather\n"
        "sound = speech()\n"
        "with Client.connect() as client, client.open_stream(**sound.format) as stream:\n"
        "    stream.send(sound.samples[:32000])\n"
        "    batches = [stream.read()]\n"
        "    print('half', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    stream.send(sound.samples[32000:])\n"
        "    stream.end()\n"
        "    batches += list(stream)\n"
        "    print(len(gather(batches)), stream.counters.resumes)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "half\n"
        child.send_signal(signal.SIGSTOP)
        wait_until(
            lambda: child.pid not in {each["pid"] for each in client.stats()["sessions"]},
            within_s=5,
            what="the session gone",
        )
        child.send_signal(signal.SIGCONT)
        said, _ = child.communicate("go on\n", timeout=30)
    finally:
        child.kill()
        child.wait()

    assert said.split() == [str(speech().frames()), "1"]
