"""Automatic emotion, several models at once, and jaw, emotion and geometry beside the curves."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.system.speech import speech

from facewire.bundles.installed import InstalledModel
from facewire.bundles.user_models import write_user_models
from facewire.inference.loading import load_model
from facewire.inference.stream import Stream, StreamSettings
from facewire.protocol.client import Client
from facewire.protocol.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.system.kit import DaemonProcess

    from facewire.inference.model import Model
    from facewire.inference.stream import FrameBatch
    from facewire.protocol.client import FrameBatch as Received

SECONDS = speech(16_000).cut(0.0, 2.0)
BLOCKS = ("curves", "eyes", "emotion", "jaw", "skin", "tongue")
ALL = ("emotion", "jaw", "geometry")

Blocks = dict[str, "NDArray[np.float32]"]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    synth = pytest.importorskip("facewire.tools.synth", reason="onnx is not installed")
    folder = tmp_path_factory.mktemp("rich")
    synth.synth("regression", folder / "regression")
    synth.synth("diffusion", folder / "diffusion")
    synth.synth("emotion", folder / "emotion", layers=1)
    return folder


@pytest.fixture
def serve(
    start: Callable[..., DaemonProcess], runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., DaemonProcess]:
    """Start a daemon that clients of this process find."""
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(runtime))
    return start


def joined(batches: Iterable[Received] | Iterable[FrameBatch]) -> Blocks:
    """Return each block of an utterance in one piece; batches must follow one another."""
    kept: list[Any] = list(batches)
    assert [batch.first for batch in kept] == [
        sum(map(len, kept[:index])) for index in range(len(kept))
    ]
    found = {name: [getattr(batch, name) for batch in kept] for name in BLOCKS}
    return {name: np.concatenate(each) for name, each in found.items() if each[0] is not None}


def in_process(model: Model, **settings: Any) -> Blocks:
    stream = Stream(model, StreamSettings(**SECONDS.format, **settings))
    stream.push(SECONDS.samples)
    stream.end()
    batches = []
    while stream.ready():
        window = stream.take_window()
        batch = stream.accept(window, model.backend_for(window).run(window.feeds))
        if batch is not None:
            batches.append(batch)
    return joined(batches)


def assert_same(ours: Blocks, theirs: Blocks) -> None:
    assert list(ours) == list(theirs)
    for name, block in ours.items():
        assert np.array_equal(block, theirs[name]), name


def test_models_emotions_and_outputs_side_by_side_are_what_each_gives_in_process(
    serve: Callable[..., DaemonProcess], bundles: Path
) -> None:
    daemon = serve(
        "--model", "embedded",
        "--load", str(bundles / "regression"), "--load", str(bundles / "diffusion"),
        "--emotion-model", str(bundles / "emotion"),
    )  # fmt: skip
    assert daemon.ready["models"] == ["embedded", "regression", "diffusion"]
    assert daemon.ready["emotion_model"] == "emotion"
    wanted: dict[str, dict[str, Any]] = {
        "regression": {"automatic_emotion": True, "outputs": ALL},
        "diffusion": {
            "automatic_emotion": True, "emotion_window_samples": 10_000, "outputs": ("emotion",),
            "identity": "James", "parameters": {"preferredEmotionStrength": 0.8},
        },
        "embedded": {"outputs": ("emotion",), "emotion": {"joy": 0.5}},
    }  # fmt: skip
    with Client.connect(name="test") as client, ThreadPoolExecutor(3) as pool:
        entries = {entry["name"]: entry for entry in client.models()}
        heard_by = {name: entry["emotion"] for name, entry in entries.items()}
        assert heard_by == {"embedded": "", "regression": "emotion", "diffusion": "emotion"}
        assert {entry["provider"] for entry in entries.values()} == {"cpu"}
        streams = {
            name: client.open_stream(**SECONDS.format, model=name, **settings)
            for name, settings in wanted.items()
        }
        speaking = {
            name: pool.submit(lambda each: joined(each.animate(SECONDS.chunks(1600))), stream)
            for name, stream in streams.items()
        }
        found = {name: each.result() for name, each in speaking.items()}
        opened = {name: stream.opened for name, stream in streams.items()}

    assert opened["regression"].outputs == list(ALL)
    assert opened["regression"].emotion_model == "emotion"
    assert opened["regression"].emotion_window_samples == 60_000
    assert opened["regression"].look_ahead_samples >= 30_000
    assert opened["diffusion"].emotion_window_samples == 10_000
    assert opened["embedded"].emotion_model == ""
    for name, settings in wanted.items():
        heard = None if name == "embedded" else bundles / "emotion"
        model = load_model(name if name == "embedded" else bundles / name, emotion=heard)
        emotion = {"emotion": np.eye(10, dtype=np.float32)[6] * 0.5} if name == "embedded" else {}
        outputs = frozenset(settings["outputs"])
        assert_same(found[name], in_process(model, **{**settings, **emotion, "outputs": outputs}))
    skin, tongue = opened["regression"].geometry
    assert found["regression"]["skin"].shape == (120, skin)
    assert found["regression"]["tongue"].shape == (120, tongue)
    assert found["regression"]["jaw"].shape == (120, 4, 4)
    assert found["regression"]["emotion"].shape == (120, 10)


@pytest.mark.parametrize("transport", ["ring", "inline"])
def test_geometry_arrives_whole_by_each_way_and_never_unasked(
    serve: Callable[..., DaemonProcess], bundles: Path, transport: str
) -> None:
    serve("--model", str(bundles / "regression"))
    model = load_model(bundles / "regression")

    with Client.connect(name="test", transports=(transport,)) as client:
        with client.open_stream(**SECONDS.format, outputs=ALL) as stream:
            rich = joined(stream.animate(SECONDS.chunks(1600)))
            moved = stream.counters
        with client.open_stream(**SECONDS.format) as stream:
            plain = joined(stream.animate(SECONDS.chunks(1600)))
            assert (stream.opened.outputs, stream.opened.geometry) == ([], (0, 0))

    assert_same(rich, in_process(model, outputs=frozenset(ALL)))
    assert list(plain) == ["curves", "eyes"]
    assert np.array_equal(plain["curves"], rich["curves"])
    assert (moved.ring_received > 0) == (transport == "ring")


def test_what_a_model_cannot_give_is_refused_with_the_key_that_asks_for_it(
    serve: Callable[..., DaemonProcess], bundles: Path
) -> None:
    serve("--load", str(bundles / "regression"))

    with Client.connect(name="test") as client:
        for settings, field in (
            ({"outputs": ("geometry",)}, "outputs"),
            ({"outputs": ("jaw",)}, "outputs"),
            ({"outputs": ("hair",)}, "outputs"),
            ({"automatic_emotion": True}, "automatic_emotion"),
            ({"model": "regression", "automatic_emotion": True}, "automatic_emotion"),
        ):
            with pytest.raises(RemoteError) as refused:
                client.open_stream(**SECONDS.format, **settings)
            assert (refused.value.code, refused.value.field) == ("out_of_range", field)


def test_a_game_closes_the_eyes_of_a_running_stream(
    serve: Callable[..., DaemonProcess], bundles: Path
) -> None:
    serve("--model", str(bundles / "regression"))

    with (
        Client.connect(name="test") as client,
        client.open_stream(**SECONDS.format, outputs=("geometry",)) as stream,
    ):
        lid = stream.curves.index("eyeBlinkLeft")
        stream.send(SECONDS.samples[:16_000])
        before = [stream.read()]
        while sum(len(batch) for batch in before if batch is not None) < 30:
            before.append(stream.read())
        stream.set_parameters({"blinkOffset": 1.0, "faceMaskLevel": 0.5})
        stream.send(SECONDS.samples[16_000:])
        stream.end()
        frames = joined([*(batch for batch in before if batch is not None), *stream])

    alone = in_process(load_model(bundles / "regression"))
    closed = frames["curves"][:, lid] - alone["curves"][:, lid]
    assert np.array_equal(frames["curves"][:30], alone["curves"][:30])
    assert closed[-30:].min() > 0.05, closed


def test_a_damaged_model_is_one_error_to_who_asked_and_the_others_go_on_speaking(
    serve: Callable[..., DaemonProcess],
    bundles: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(bundles / "regression", tmp_path / "broken")
    network = tmp_path / "broken" / "network.onnx"
    network.write_bytes(network.read_bytes()[:20_000])
    home = tmp_path / "models"
    home.mkdir()
    monkeypatch.setenv("FACEWIRE_MODELS", str(home))
    write_user_models(
        {"broken": InstalledModel(name="broken", folder=tmp_path / "broken", family="regression")},
        home,
    )
    serve("--model", str(bundles / "regression"))

    with (
        Client.connect(name="test") as client,
        client.open_stream(**SECONDS.format) as stream,
    ):
        stream.send(SECONDS.samples[:16_000])
        with pytest.raises(RemoteError) as refused:
            client.open_stream(**SECONDS.format, model="broken")
        with pytest.raises(RemoteError):
            client.warm_up("broken")
        stream.send(SECONDS.samples[16_000:])
        stream.end()
        spoken = joined(stream)
        named = [entry["name"] for entry in client.models()]

    assert refused.value.code == "unknown_model"
    assert "network.onnx" in str(refused.value)
    assert named == ["regression"]
    assert_same(spoken, in_process(load_model(bundles / "regression")))
