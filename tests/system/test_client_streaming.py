"""The Python client and a real daemon: any audio in, the very frames of the core out."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
from tests.system.speech import Frames, Sound, assert_same_bits, gather, in_process, speech

from facewire.protocol.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.system.kit import DaemonProcess

    from facewire.protocol.client import ClientStream, FrameBatch


@pytest.fixture
def client(
    daemon: DaemonProcess, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    del daemon  # must be there first
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))
    with Client.connect(name="test") as connected:
        yield connected


def test_24_khz_chunks_ten_times_faster_than_real_time_give_the_frames_of_the_core(
    client: Client,
) -> None:
    sound = speech(24_000)
    chunk_s, arrivals = 0.02, []

    def pace() -> Iterator[bytes]:
        began_s = time.monotonic()
        for number, chunk in enumerate(sound.chunks(480)):
            time.sleep(max(0.0, began_s + number * chunk_s / 10 - time.monotonic()))
            yield chunk.tobytes()

    with client.open_stream(sample_rate_hz=24_000) as stream:
        batches = []
        began_s = time.monotonic()
        for batch in stream.animate(pace()):
            arrivals.append(time.monotonic() - began_s)
            batches.append(batch)
        ended = stream.ended
        counters = stream.counters

    frames = gather(batches)
    assert_same_bits(frames, in_process(sound))
    assert len(frames) == sound.frames()
    assert np.array_equal(frames.timestamps, np.arange(len(frames)) * 16_000 // 60)
    assert np.all(np.isfinite(frames.curves))
    assert ended is not None
    assert ended.frames == len(frames)
    assert counters.inline_sent == counters.inline_received == 0  # all of it through the rings
    assert arrivals[0] < 1.0  # frames come while the voice still speaks


@pytest.mark.parametrize(
    ("sound", "fps"),
    [
        (speech(44_100, 2, "float32"), Fraction(60)),
        (speech(8_000), Fraction(30)),
        (speech(22_050, 1, "float32"), Fraction(30_000, 1001)),
        (speech(48_000, 2), Fraction(24)),
    ],
    ids=["44.1 kHz stereo float", "8 kHz telephone", "22.05 kHz at 29.97", "48 kHz stereo int16"],
)
def test_every_format_gives_the_frames_of_the_core_for_random_chunkings(
    client: Client, sound: Sound, fps: Fraction
) -> None:
    offline = in_process(sound, fps=fps, seed=5)
    random = np.random.default_rng(1)
    cuts = np.sort(random.integers(0, len(sound.samples), 60))
    chunkings = [
        np.split(sound.samples, cuts),
        list(sound.chunks(sound.rate_hz // 50)),
        [sound.samples],
    ]

    for chunks in chunkings:
        with client.open_stream(**sound.format, fps=fps, seed=5) as stream:
            frames = gather(stream.animate(chunks))

        assert len(frames) == sound.frames(fps)
        assert_same_bits(frames, offline)
        assert np.all((frames.curves[:, :68] >= 0) & (frames.curves[:, :68] <= 1))


def test_rings_and_inline_give_the_same_bits_and_count_what_they_moved(
    client: Client, daemon: DaemonProcess
) -> None:
    sound = speech().cut(0.0, 2.0)

    with Client.connect(transports=("inline",)) as plain:
        answers: list[Frames] = []
        for each in (client, plain):
            with each.open_stream(**sound.format) as stream:
                answers.append(gather(stream.animate(sound.chunks(320))))
                counted = stream.counters
            through_ring = each is client
            assert (counted.ring_sent > 0, counted.inline_sent > 0) == (
                through_ring,
                not through_ring,
            )
            assert (counted.ring_received > 0) == through_ring
    assert (client.transport, daemon.rings() != []) == ("ring", True)
    assert_same_bits(*answers)


def test_one_voice_interrupted_and_restarted_leaves_the_other_as_it_was(client: Client) -> None:
    one, other = speech(24_000), speech(16_000)
    alone = in_process(other, seed=9)
    second = one.cut(1.0, 2.5)
    batches: list[FrameBatch] = []
    spoke = threading.Event()

    def speak(stream: ClientStream) -> Frames:
        return gather(stream.animate(other.chunks(320)))

    def listen(stream: ClientStream) -> None:
        for batch in stream:
            batches.append(batch)
            if len(batches) >= 10:
                spoke.set()

    with (
        client.open_stream(**one.format) as interrupted,
        client.open_stream(**other.format, seed=9) as untouched,
        ThreadPoolExecutor(2) as pool,
    ):
        listening = pool.submit(listen, interrupted)
        speaking = pool.submit(speak, untouched)
        for chunk in one.chunks(480):
            interrupted.send(chunk)
        assert spoke.wait(10)
        at_interrupt = len(batches)
        number = interrupted.interrupt()
        seen_at_interrupt = len(batches)
        for chunk in second.chunks(480):
            assert interrupted.send(chunk, utterance=number)
        interrupted.end()
        listening.result(15)
        undisturbed = speaking.result(15)

    assert_same_bits(undisturbed, alone)
    old = [batch for batch in batches if batch.utterance == 0]
    new = [batch for batch in batches if batch.utterance == 1]
    assert at_interrupt <= len(old) <= seen_at_interrupt + 1  # one may be in the listener's hands
    assert_same_bits(gather(new), in_process(second))


def test_a_reader_slower_than_the_daemon_loses_nothing_and_holds_little(client: Client) -> None:
    sound = speech()

    def speak(stream: ClientStream) -> None:
        for chunk in sound.chunks(320):
            stream.send(chunk)
        stream.end()

    with client.open_stream(**sound.format, credit_frames=24) as stream:
        sender = threading.Thread(target=speak, args=(stream,))
        sender.start()
        batches, held = [], 0
        for batch in stream:
            batches.append(batch)
            waiting = stream.counters.frames_received - batch.first - len(batch)
            held = max(held, waiting)
            time.sleep(0.001)  # the slow reader
        sender.join()

    assert_same_bits(gather(batches), in_process(sound))
    assert held <= 24 + 4


def test_fifty_streams_open_and_close_and_give_back_what_they_took(
    client: Client, daemon: DaemonProcess
) -> None:
    ourselves, theirs = psutil.Process(), psutil.Process(daemon.pid)
    sound = speech().cut(0.5, 0.7)
    expected = in_process(sound)

    def fifty() -> None:
        streams = [client.open_stream(**sound.format) for _ in range(50)]
        for stream in streams:
            stream.send(sound.samples)
            stream.end()
        for stream in streams:
            assert_same_bits(gather(stream), expected)
            stream.close()

    fifty()
    descriptors = [ourselves.num_fds(), theirs.num_fds()]
    memory = [ourselves.memory_info().rss, theirs.memory_info().rss]
    threads = threading.active_count()
    for _ in range(3):
        fifty()

    assert client.stats()["load"]["streams"] == 0
    assert abs(ourselves.num_fds() - descriptors[0]) <= 1
    assert abs(theirs.num_fds() - descriptors[1]) <= 1
    assert ourselves.memory_info().rss - memory[0] < 8e6
    assert theirs.memory_info().rss - memory[1] < 8e6
    assert threading.active_count() == threads


def test_many_threads_share_one_client(client: Client) -> None:
    sound = speech().cut(0.0, 1.5)

    def speak(seed: int) -> Frames:
        with client.open_stream(**sound.format, seed=seed) as stream:
            return gather(stream.animate(sound.chunks(320)))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(speak, range(16)))

    for seed in (0, 7, 15):
        assert_same_bits(answers[seed], in_process(sound, seed=seed))


def test_the_ledger_is_in_the_order_of_the_steps(client: Client) -> None:
    sound = speech().cut(0.0, 1.0)
    with client.open_stream(**sound.format, ledger=True) as stream:
        for batch in stream.animate(sound.chunks(320)):
            assert list(batch.ledger) == sorted(batch.ledger)
            assert len(batch.ledger) == 5
            assert batch.ledger[-1] <= batch.received_at_ns  # one machine, one clock


def test_questions_and_figures_of_a_real_daemon(client: Client) -> None:
    assert [model["name"] for model in client.models()] == ["embedded"]
    assert client.warm_up("embedded") == 0.0  # it was loaded at the start
    assert client.stats()["process"]["pid"] != os.getpid()
    assert client.ping() < 1000
