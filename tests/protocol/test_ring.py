from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from facewire.protocol import ring
from facewire.protocol.errors import ProtocolError, RingError
from facewire.protocol.ring import RecordPlace, RingFile, RingReader, RingWriter, rings_budget_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE_BYTES = 4096
RECORD_BYTES = 24


@pytest.fixture
def ring_file(tmp_path: Path) -> Iterator[RingFile]:
    with RingFile.create(tmp_path / "a.ring", SIZE_BYTES, "5f2c9d1e", 1) as made:
        yield made


@pytest.fixture
def writer(ring_file: RingFile) -> RingWriter:
    return RingWriter(ring_file)


@pytest.fixture
def reader(ring_file: RingFile) -> Iterator[RingReader]:
    with RingFile.open(ring_file.path, SIZE_BYTES, writable=False) as opened:
        yield RingReader(opened)


def written(writer: RingWriter, payload: bytes, sequence: int) -> RecordPlace:
    place = writer.write(payload, generation=1, sequence=sequence)
    assert place is not None
    return place


def test_what_is_written_is_read_at_its_place(writer: RingWriter, reader: RingReader) -> None:
    place = written(writer, b"hello", 3)

    assert place == RecordPlace(64, 5)
    assert reader.read(*place, generation=1, sequence=3) == b"hello"


def test_a_ring_is_private_and_has_its_space(ring_file: RingFile) -> None:
    status = ring_file.path.stat()

    assert status.st_mode & 0o777 == 0o600
    assert status.st_size == SIZE_BYTES
    assert status.st_blocks * 512 >= SIZE_BYTES


def test_a_ring_never_overwrites_a_file(ring_file: RingFile) -> None:
    with pytest.raises(RingError):
        RingFile.create(ring_file.path, SIZE_BYTES, "x", 2)

    RingFile.open(ring_file.path, SIZE_BYTES).close()


def test_a_ring_without_space_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int, _offset: int, _length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)

    with pytest.raises(RingError, match="No space left"):
        RingFile.create(tmp_path / "a.ring", SIZE_BYTES, "x", 1)

    assert not list(tmp_path.iterdir())


def test_a_system_without_fallocate_gets_its_space_by_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    size_bytes = 3 * 65_536 + 4096

    with RingFile.create(tmp_path / "a.ring", size_bytes, "x", 1) as made:
        assert made.path.stat().st_blocks * 512 >= size_bytes
        RingFile.open(made.path, size_bytes).close()


def test_a_system_without_rings_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "SUPPORTED", False)

    with pytest.raises(RingError, match="inline"):
        RingFile.create(tmp_path / "a.ring", SIZE_BYTES, "x", 1)
    with pytest.raises(RingError, match="inline"):
        RingFile.open(tmp_path / "a.ring", SIZE_BYTES)


@pytest.mark.parametrize("size_bytes", [0, 4095, 256 * 1024 * 1024 + 1])
def test_a_ring_of_a_senseless_size_is_not_made(tmp_path: Path, size_bytes: int) -> None:
    with pytest.raises(RingError):
        RingFile.create(tmp_path / "a.ring", size_bytes, "x", 1)


def test_a_full_ring_takes_nothing_until_records_are_released(
    writer: RingWriter, reader: RingReader
) -> None:
    payload = bytes(1000)
    places = [written(writer, payload, sequence) for sequence in (1, 2, 3)]

    assert writer.write(payload, generation=1, sequence=4) is None
    writer.release(1)
    reused = written(writer, payload, 4)

    assert reused.offset == places[0].offset
    assert reader.read(*reused, generation=1, sequence=4) == payload
    assert reader.read(*places[1], generation=1, sequence=2) == payload


def test_a_record_larger_than_the_ring_goes_inline(writer: RingWriter) -> None:
    largest = SIZE_BYTES - 64 - RECORD_BYTES

    assert writer.write(bytes(largest + 1), generation=1, sequence=1) is None
    assert writer.write(bytes(largest), generation=1, sequence=1) == RecordPlace(64, largest)


def test_nothing_is_written_for_an_empty_payload(writer: RingWriter) -> None:
    assert writer.write(b"", generation=1, sequence=1) is None


def test_records_begin_at_multiples_of_eight(writer: RingWriter) -> None:
    offsets = [written(writer, bytes(size), size).offset for size in range(1, 20)]

    assert all(offset % 8 == 0 for offset in offsets)


def test_an_emptied_ring_starts_over(writer: RingWriter) -> None:
    written(writer, bytes(100), 1)
    written(writer, bytes(100), 2)
    writer.release(2)

    assert written(writer, bytes(100), 3).offset == 64
    assert writer.unreleased == 1


def test_an_old_or_repeated_release_frees_nothing_more(writer: RingWriter) -> None:
    for sequence in (5, 6, 7):
        written(writer, bytes(100), sequence)
    writer.release(6)
    for sequence in (6, 5, 0):
        writer.release(sequence)

    assert writer.unreleased == 1


def test_sequence_numbers_only_rise(writer: RingWriter) -> None:
    written(writer, b"a", 5)

    with pytest.raises(RingError):
        writer.write(b"a", generation=1, sequence=5)


def test_any_mix_of_sizes_and_releases_never_touches_an_unreleased_record(
    ring_file: RingFile, writer: RingWriter, reader: RingReader
) -> None:
    dice = random.Random(7)
    live: deque[tuple[int, RecordPlace, bytes]] = deque()
    refused = wrapped = 0
    for sequence in range(1, 4000):
        payload = dice.randbytes(dice.choice([1, 7, 8, 100, 480, 1500]))
        place = writer.write(payload, generation=sequence % 3, sequence=sequence)
        if place is None:
            refused += 1
        else:
            wrapped += bool(live) and place.offset < live[-1][1].offset
            assert place.offset + RECORD_BYTES + len(payload) <= ring_file.size_bytes
            live.append((sequence, place, payload))
        for kept, where, content in live:
            assert reader.read(*where, generation=kept % 3, sequence=kept) == content
        for _ in range(dice.randint(0, 2) if len(live) < 6 else 3):
            if live:
                writer.release(live.popleft()[0])

    assert refused > 50
    assert wrapped > 50


def test_a_released_record_that_was_overwritten_is_a_mismatch(
    writer: RingWriter, reader: RingReader
) -> None:
    old = written(writer, b"first", 1)
    writer.release(1)
    written(writer, b"later", 2)

    with pytest.raises(ProtocolError) as refusal:
        reader.read(*old, generation=1, sequence=1)

    assert refusal.value.code == "ring_mismatch"


def test_a_flipped_bit_in_header_or_payload_is_a_mismatch(
    ring_file: RingFile, writer: RingWriter, reader: RingReader
) -> None:
    place = written(writer, b"hello", 3)
    whole = os.pread(ring_file.descriptor, RECORD_BYTES + 5, place.offset)
    for at in range(len(whole)):
        changed = bytes([whole[at] ^ 0x10])
        os.pwrite(ring_file.descriptor, changed, place.offset + at)

        with pytest.raises(ProtocolError) as refusal:
            reader.read(*place, generation=1, sequence=3)

        assert refusal.value.code == "ring_mismatch"
        os.pwrite(ring_file.descriptor, whole[at : at + 1], place.offset + at)

    assert reader.read(*place, generation=1, sequence=3) == b"hello"


def test_a_peer_that_truncates_the_file_causes_an_error_and_no_signal(
    ring_file: RingFile, writer: RingWriter, reader: RingReader
) -> None:
    place = written(writer, bytes(2000), 1)
    for size_bytes in (1000, 70, 0):
        os.truncate(ring_file.path, size_bytes)

        with pytest.raises(ProtocolError) as refusal:
            reader.read(*place, generation=1, sequence=1)

        assert refusal.value.code == "ring_mismatch"
    assert writer.write(bytes(100), generation=1, sequence=2) is not None


def test_a_file_that_cannot_be_written_is_a_ring_error(ring_file: RingFile) -> None:
    with RingFile.open(ring_file.path, SIZE_BYTES, writable=False) as opened:
        writer = RingWriter(opened)
        with pytest.raises(RingError):
            writer.write(b"a", generation=1, sequence=1)

        assert writer.unreleased == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_ring_others_may_touch_is_not_opened(ring_file: RingFile, mode: int) -> None:
    ring_file.path.chmod(mode)

    with pytest.raises(RingError, match="ours alone"):
        RingFile.open(ring_file.path, SIZE_BYTES)


def test_a_ring_of_another_user_is_not_opened(
    ring_file: RingFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)

    with pytest.raises(RingError, match="ours alone"):
        RingFile.open(ring_file.path, SIZE_BYTES)


def test_links_folders_pipes_and_missing_files_are_not_opened(
    ring_file: RingFile, tmp_path: Path
) -> None:
    link, folder, pipe = tmp_path / "link", tmp_path / "folder", tmp_path / "pipe"
    link.symlink_to(ring_file.path)
    folder.mkdir(mode=0o700)
    os.mkfifo(pipe, 0o600)
    for path in (link, folder, pipe, tmp_path / "missing", Path("a\0b"), tmp_path / ("a" * 300)):
        with pytest.raises(RingError):
            RingFile.open(path, SIZE_BYTES)


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    made = RingFile.create(tmp_path / "a.ring", SIZE_BYTES, "x", 1)
    made.close()
    made.close()
    made.unlink()
    made.unlink()

    assert not made.path.exists()


def test_an_open_ring_outlives_its_name(
    ring_file: RingFile, writer: RingWriter, reader: RingReader
) -> None:
    ring_file.unlink()
    place = written(writer, b"still here", 1)

    assert reader.read(*place, generation=1, sequence=1) == b"still here"


def test_a_hundred_rings_leave_no_descriptor_open(tmp_path: Path) -> None:
    before = descriptors_open()
    for index in range(100):
        path = tmp_path / f"{index}.ring"
        with RingFile.create(path, SIZE_BYTES, "x", 1), RingFile.open(path, SIZE_BYTES):
            pass
        with pytest.raises(RingError):
            RingFile.open(path, SIZE_BYTES + 8)

    assert descriptors_open() == before


def test_the_budget_is_a_tenth_of_the_space_at_most(tmp_path: Path) -> None:
    space = os.statvfs(tmp_path)

    budget = rings_budget_bytes(tmp_path)

    assert 0 < budget <= min(256 * 1024 * 1024, space.f_blocks * space.f_frsize // 10)
    with pytest.raises(RingError):
        rings_budget_bytes(tmp_path / "missing")


def descriptors_open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


PEER = """
import sys
from pathlib import Path
from facewire.protocol.ring import RingFile, RingReader

with RingFile.open(Path(sys.argv[1]), int(sys.argv[2]), writable=False) as ring_file:
    reader = RingReader(ring_file)
    for line in sys.stdin:
        offset, length_bytes, generation, sequence = map(int, line.split())
        payload = reader.read(offset, length_bytes, generation=generation, sequence=sequence)
        assert payload == sequence.to_bytes(8, "little") * (length_bytes // 8), sequence
        print(sequence, flush=True)
"""


def test_two_processes_pass_thousands_of_records_in_order(
    ring_file: RingFile, writer: RingWriter
) -> None:
    peer = subprocess.Popen(
        [sys.executable, "-c", PEER, str(ring_file.path), str(SIZE_BYTES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    waited = 0
    try:
        assert peer.stdin is not None
        assert peer.stdout is not None
        for sequence in range(1, 3001):
            payload = sequence.to_bytes(8, "little") * (sequence % 60 + 1)
            while (place := writer.write(payload, generation=2, sequence=sequence)) is None:
                waited += 1
                writer.release(int(peer.stdout.readline()))  # the peer must read before we go on
            peer.stdin.write(f"{place.offset} {place.length_bytes} 2 {sequence}\n")
            peer.stdin.flush()
        peer.stdin.close()
        last = peer.stdout.read().split()[-1]
        status = peer.wait(timeout=20)
    finally:
        peer.kill()
        peer.wait()
        for stream in (peer.stdin, peer.stdout):
            assert stream is not None
            stream.close()

    assert (last, status) == ("3000", 0)
    assert waited > 100


def test_a_ring_survives_a_reader_killed_in_the_middle(
    ring_file: RingFile, writer: RingWriter, reader: RingReader
) -> None:
    first = written(writer, (1).to_bytes(8, "little") * 9, 1)
    peer = subprocess.Popen(
        [sys.executable, "-c", PEER, str(ring_file.path), str(SIZE_BYTES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with peer:
        assert peer.stdin is not None
        assert peer.stdout is not None
        peer.stdin.write(f"{first.offset} {first.length_bytes} 1 1\n")
        peer.stdin.flush()
        assert peer.stdout.readline() == "1\n"
        peer.kill()

    second = written(writer, b"after", 2)
    assert reader.read(*second, generation=1, sequence=2) == b"after"
