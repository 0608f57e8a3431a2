"""A daemon serves bundles in NVIDIA's layout: regression, diffusion, any rig, any face in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.system.speech import gather, speech

from facewire.inference.loading import load_model
from facewire.inference.stream import Stream, StreamSettings
from facewire.protocol.client import Client
from facewire.protocol.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.system.kit import DaemonProcess

SECONDS = speech(16_000).cut(0.0, 2.0)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    synth = pytest.importorskip("facewire.tools.synth", reason="onnx is not installed")
    folder = tmp_path_factory.mktemp("bundles")
    for kind in ("regression", "diffusion", "emotion"):
        synth.synth(kind, folder / kind)
    return folder


def in_process(folder: Path, **settings: object) -> NDArray[np.float32]:
    model = load_model(folder)
    stream = Stream(model, StreamSettings(**SECONDS.format, **settings))  # type: ignore[arg-type]
    stream.push(SECONDS.samples)
    stream.end()
    rows = []
    while stream.ready():
        window = stream.take_window()
        batch = stream.accept(window, model.backend.run(window.feeds))
        if batch is not None:
            rows.append(batch.curves)
    return np.concatenate(rows)


@pytest.mark.parametrize("kind", ["regression", "diffusion"])
def test_two_voices_at_once_get_what_each_would_get_alone(
    start: Callable[..., DaemonProcess],
    bundles: Path,
    runtime: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    start("--model", str(bundles / kind))
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))

    with (
        Client.connect(name="test") as client,
        client.open_stream(**SECONDS.format, rig="metahuman", seed=1) as one,
        client.open_stream(**SECONDS.format, parameters={"lowerFaceStrength": 0.5}) as other,
    ):
        assert one.opened.model == kind
        for chunk in SECONDS.chunks(640):
            one.send(chunk)
            other.send(chunk)
        one.end()
        other.end()
        first, second = gather(one), gather(other)

    assert np.array_equal(first.curves, in_process(bundles / kind, rig="metahuman", seed=1))
    alone = in_process(bundles / kind, parameters={"lowerFaceStrength": 0.5})
    assert np.array_equal(second.curves, alone)
    assert first.curves.shape == (120, 251)


def test_a_face_inside_a_bundle_is_chosen_by_name_and_a_wrong_one_refused(
    start: Callable[..., DaemonProcess],
    bundles: Path,
    runtime: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start("--model", str(bundles / "diffusion"))
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))

    with Client.connect(name="test") as client:
        assert client.welcome.models[0]["identities"] == ["Claire", "James", "Mark"]
        with client.open_stream(**SECONDS.format, identity="James") as stream:
            james = gather(stream.animate(SECONDS.chunks(1600)))
        with pytest.raises(RemoteError, match="James"):
            client.open_stream(**SECONDS.format, identity="Jmes")
        with pytest.raises(RemoteError, match="lowerFaceStrength"):
            client.open_stream(**SECONDS.format, parameters={"lowerFaceStrenth": 1.0})

    assert np.array_equal(james.curves, in_process(bundles / "diffusion", identity="James"))
    assert not np.array_equal(james.curves, in_process(bundles / "diffusion"))


def test_a_client_cannot_name_a_folder_of_the_daemons_machine(
    start: Callable[..., DaemonProcess],
    bundles: Path,
    runtime: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start()
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))

    with Client.connect(name="test") as client, pytest.raises(RemoteError) as caught:
        client.open_stream(sample_rate_hz=16_000, model=str(bundles / "regression"))

    assert caught.value.code == "unknown_model"
