"""A daemon answers in any rig, and in a table of one's own that is edited while it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.daemon.own_table import write_table
from tests.system.kit import wait_until
from tests.system.speech import gather, speech

from facewire.mapping.mapper import CurveMapper
from facewire.mapping.shipped import load_table, shipped_names
from facewire.protocol.client import Client
from facewire.protocol.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.system.kit import DaemonProcess


@pytest.fixture
def own_tables(tmp_path: Path) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    write_table(folder / "mine.json", ("Chin", "jawOpen", 0.5))
    return folder


@pytest.fixture
def client(
    start: Callable[..., DaemonProcess],
    runtime: Path,
    own_tables: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Client]:
    start("--mappings", str(own_tables))
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))
    with Client.connect(name="test") as connected:
        yield connected


def test_every_shipped_rig_gets_what_its_table_makes_of_the_face(client: Client) -> None:
    sound = speech(16_000)
    with client.open_stream(sample_rate_hz=16_000) as stream:
        face = gather(stream.animate([sound.samples]))

    for name in shipped_names():
        mapper = CurveMapper(load_table(name), gaze=True)
        with client.open_stream(sample_rate_hz=16_000, rig=name) as stream:
            assert stream.curves == list(mapper.names)
            frames = gather(stream.animate([sound.samples]))
        wanted = mapper.apply(face.curves, face.eyes)
        assert np.array_equal(frames.curves, wanted), name


def test_an_edited_table_takes_effect_while_a_stream_is_open(
    client: Client, own_tables: Path
) -> None:
    sound = speech(16_000)

    def chin() -> float:
        with client.open_stream(sample_rate_hz=16_000, rig="mine") as stream:
            assert stream.curves == ["Chin"]
            return float(gather(stream.animate([sound.samples])).curves.max())

    before = chin()
    assert before > 0.05
    write_table(own_tables / "mine.json", ("Chin", "jawOpen", 0.25))

    wait_until(lambda: abs(chin() - before / 2) < 1e-6, within_s=5, what="the new gain")


def test_a_typo_in_a_table_in_use_is_told_to_the_stream_and_costs_it_nothing(
    client: Client, own_tables: Path
) -> None:
    with client.open_stream(sample_rate_hz=16_000, rig="mine") as stream:
        write_table(own_tables / "mine.json", ("Chin", "jawOpne", 0.25))
        wait_until(
            lambda: any("mapping_refused" in event.text for event in client.events()),
            within_s=5,
            what="the warning",
        )
        frames = gather(stream.animate([speech(16_000).samples]))

    assert frames.curves.max() > 0.05


def test_an_unknown_rig_is_refused_with_the_nearest_name(client: Client) -> None:
    with pytest.raises(RemoteError, match="metahuman") as caught:
        client.open_stream(sample_rate_hz=16_000, rig="metahumn")

    assert caught.value.code == "unknown_rig"
