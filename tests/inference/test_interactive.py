"""Any frame of a whole utterance, and what a change of settings makes anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from facewire.inference.byte_cache import ByteCache
from facewire.inference.interactive import InteractiveFace, SingleFrame
from facewire.inference.settings import StreamSettings
from facewire.inference.single_frame import single_weights
from facewire.inference.solved_family import DiffusionFamily, RegressionFamily
from facewire.protocol.errors import AudioError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from tests.inference.conftest import Played, Player

    from facewire.inference.backend import Backend

JOY = np.eye(10, dtype=np.float32)[6]
SOLVED = ("regression", "diffusion")
BEHIND_SKIN = {"skin", "skin_solve"}


def _settings(**changes: Any) -> StreamSettings:
    return StreamSettings(sample_rate_hz=16_000, encoding="float32", **changes)


def _same(one: SingleFrame, other: SingleFrame) -> bool:
    return (
        one.timestamp == other.timestamp
        and np.array_equal(one.curves, other.curves)
        and np.array_equal(one.eyes, other.eyes)
        and np.array_equal(one.weights, other.weights)
        and (one.jaw is other.jaw is None or np.array_equal(one.jaw, other.jaw))  # type: ignore[arg-type]
    )


@pytest.fixture(params=[*SOLVED, "embedded"])
def player(request: pytest.FixtureRequest) -> Player:
    found: Player = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=SOLVED)
def solved(request: pytest.FixtureRequest) -> Player:
    found: Player = request.getfixturevalue(request.param)
    return found


def _equal(face: InteractiveFace, played: Played) -> bool:
    frames = face.all_frames()
    return (
        np.array_equal(frames.timestamps, played.timestamps)
        and np.array_equal(frames.curves, played.curves)
        and np.array_equal(frames.eyes, played.eyes)
    )


# --- frames ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", [Fraction(60), Fraction(24)], ids=str)
def test_all_frames_are_those_of_a_stream(
    player: Player, speech: NDArray[np.float32], fps: Fraction
) -> None:
    face = InteractiveFace(player.model, speech, _settings(fps=fps))
    face.frame(7)  # what was asked for before must not show

    assert face.frames_total == len(player.play([speech], fps=fps).timestamps)
    assert _equal(face, player.play([speech], fps=fps))


def test_all_frames_follow_every_change(solved: Player, speech: NDArray[np.float32]) -> None:
    changes = {"lowerFaceStrength": 1.7, "idleStrength": 1.0, "emotionStrength": 0.5}
    face = InteractiveFace(solved.model, speech)
    face.all_frames()
    face.set_parameters(changes)
    face.set_emotion(JOY, keys=[(8_000, [0.2] * 10), (20_000, [0.7] * 10)])

    played = solved.begin(parameters=changes, emotion=JOY)
    played.stream.set_emotion_keys([(8_000, [0.2] * 10), (20_000, [0.7] * 10)])
    played.stream.push(speech)
    played.stream.end()
    played.run_ready()

    assert _equal(face, played)


def test_a_frame_is_the_first_of_a_stream_without_a_past(
    regression: Player, speech: NDArray[np.float32]
) -> None:
    """Of one that sees no window before it, and whose solvers have no temporal strength."""
    face = InteractiveFace(regression.model, speech)
    played = regression.begin()
    family = regression.model.family
    assert isinstance(family, RegressionFamily)
    for part, block in (("skin", family.faces[0].skin), ("tongue", family.faces[0].tongue)):
        assert block is not None
        family = family.with_solver(0, part, block.without_memory().settings)  # type: ignore[arg-type]
    played.stream.push(speech)
    played.stream.end()
    smoothed = face.all_frames()

    for index in range(60):
        window = played.stream.take_window()
        result = regression.model.backend.run(window.feeds)
        if index % 20 == 0:
            first = family.animator(_settings(first_frame=index)).animate(window, result)
            assert first is not None
            assert np.array_equal(face.frame(index).curves, first.curves[0])
            assert np.array_equal(face.frame(index).eyes, first.eyes[0])
        played.stream.complete(window)
    assert not np.array_equal(face.frame(40).curves, smoothed.curves[40])


def test_a_frame_has_the_weights_of_its_own_vertices(
    solved: Player, speech: NDArray[np.float32]
) -> None:
    face = InteractiveFace(solved.model, speech)
    family = solved.model.family
    assert isinstance(family, RegressionFamily | DiffusionFamily)
    loaded = family.faces[0]

    shown, posed = face.frame(60), face.posed(60)

    solved_again = single_weights(posed, loaded.skin, loaded.tongue)
    assert np.abs(solved_again - shown.weights).max() < 1e-3
    assert np.array_equal(posed.jaw, shown.jaw)  # type: ignore[arg-type]
    assert np.array_equal(posed.gaze, shown.eyes)


def test_frames_do_not_depend_on_what_was_asked_before(
    player: Player, speech: NDArray[np.float32]
) -> None:
    wandering = InteractiveFace(player.model, speech)
    for index in (50, 3, 119, 3, 50):
        fresh = InteractiveFace(player.model, speech).frame(index)

        assert _same(wandering.frame(index), fresh)
        assert fresh.timestamp == index * 16_000 // 60


def test_a_frame_between_two_of_the_model_is_a_mix_of_them(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    slow = InteractiveFace(diffusion.model, speech, _settings(fps=Fraction(48), mouth_close="raw"))
    own = InteractiveFace(diffusion.model, speech, _settings(mouth_close="raw"))

    low, high = own.frame(41).eyes, own.frame(42).eyes  # frame 33 of 48 lies at 41.25 of 60

    assert np.allclose(slow.frame(33).eyes, low + 0.25 * (high - low), atol=1e-6)
    assert np.array_equal(slow.frame(4).eyes, own.frame(5).eyes)


@pytest.mark.parametrize("constant", [True, False], ids=["constant noise", "varying noise"])
def test_a_tiny_cache_changes_nothing(
    diffusion: Player, speech: NDArray[np.float32], *, constant: bool
) -> None:
    family = diffusion.model.family
    assert isinstance(family, DiffusionFamily)
    model = replace(diffusion.model, family=replace(family, constant_noise=constant))
    large = InteractiveFace(model, speech)
    tiny = InteractiveFace(model, speech, result_bytes=1, layer_bytes=1)

    for index in (100, 3, 61, 100):
        assert _same(tiny.frame(index), large.frame(index))
    assert np.array_equal(tiny.all_frames().curves, large.all_frames().curves)
    assert tiny.result_bytes < large.result_bytes


def test_a_dropped_block_is_replayed_from_its_own_memory(
    diffusion: Player, speech: NDArray[np.float32]
) -> None:
    ran: list[int] = []
    face = InteractiveFace(
        diffusion.model, speech, result_bytes=1, layer_bytes=1,
        on_inference=lambda window, _: ran.append(window),
    )  # fmt: skip

    face.frame(100)
    assert ran == [0, 1, 2, 3, 4]  # the memory of a window grows out of all before it
    face.frame(3)
    assert ran[5:] == [1]  # and is kept
    face.frame(110)
    assert ran[6:] == [5]


@dataclass
class _BrokenAt:
    """A network that answers NaN for one window."""

    backend: Backend
    window: NDArray[np.float32]
    name: str = "cpu"
    max_batch: int = 1

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        result = self.backend.run(feeds)
        heard = next(feeds[name] for name in ("input", "window") if name in feeds)
        return result * np.nan if np.array_equal(heard.reshape(-1), self.window) else result


def test_a_broken_answer_is_flagged_and_leaves_the_rest_alone(
    solved: Player, speech: NDArray[np.float32]
) -> None:
    played = solved.begin()
    played.stream.push(speech)
    ticks = solved.model.family.window_spec().ticks
    for _ in range(60 if ticks == 1 else 3):
        window = played.stream.take_window()
        played.stream.accept(window, solved.model.backend.run(window.feeds))
    heard = next(window.feeds[name] for name in ("input", "window") if name in window.feeds)
    broken = _BrokenAt(solved.model.backend, heard.reshape(-1))
    face = InteractiveFace(replace(solved.model, backend=broken), speech)
    index = 59 if ticks == 1 else 2 * ticks - 45 + 3

    assert face.frame(index).flags == ("network_repaired",)
    assert np.isfinite(face.frame(index).curves).all()
    assert face.frame(5).flags == ()
    assert np.isfinite(face.frame(110).curves).all()
    assert face.frame(110).flags == ()


# --- layers ------------------------------------------------------------------------------------


def _made_anew(face: InteractiveFace, change: Callable[[], None]) -> set[str]:
    """Return the layers that a change makes anew for one frame, once."""
    face.frame(60)
    before = face.recomputed
    change()
    face.frame(60)
    face.frame(60)
    after = face.recomputed
    rose = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert all(count == 1 for name, count in rose.items() if name != "inference"), rose
    return set(rose)


@pytest.mark.parametrize(
    ("changes", "layers"),
    [
        ({"lowerFaceStrength": 0.5}, BEHIND_SKIN),
        ({"faceMaskLevel": 0.4}, BEHIND_SKIN),
        ({"tongueStrength": 0.5}, {"tongue", "tongue_solve"}),
        ({"lowerTeethHeightOffset": 0.5}, {"teeth"}),
        ({"saccadeSeed": 11.0}, {"eyes"}),
        ({"idleStrength": 1.0}, set()),
        ({"tongueStrength": 0.5, "eyeballsStrength": 0.5}, {"tongue", "tongue_solve", "eyes"}),
    ],
    ids=str,
)
def test_a_parameter_makes_anew_what_lies_behind_it(
    solved: Player, speech: NDArray[np.float32], changes: dict[str, float], layers: set[str]
) -> None:
    face = InteractiveFace(solved.model, speech)

    assert _made_anew(face, lambda: face.set_parameters(changes)) == layers
    fresh = InteractiveFace(solved.model, speech, _settings(parameters=changes))
    assert _same(face.frame(60), fresh.frame(60))


def test_a_solver_makes_anew_its_own_solution(solved: Player, speech: NDArray[np.float32]) -> None:
    face = InteractiveFace(solved.model, speech)
    before = face.frame(60).weights
    names = face.pose_names
    jaw = names.index("jawOpen")

    assert _made_anew(face, lambda: face.set_solver("skin", l2=9.0)) == {"skin_solve"}
    softer = face.frame(60).weights
    assert face.solver("skin").l2 == 9.0
    assert not np.array_equal(softer, before)
    gains: dict[str, Any] = {"multipliers": {"jawOpen": 0.5}, "offsets": {"jawOpen": 0.1}}
    assert _made_anew(face, lambda: face.set_solver("skin", **gains)) == {"skin_solve"}
    after = face.frame(60).weights
    assert after[jaw] == pytest.approx(softer[jaw] * 0.5 + 0.1)
    assert np.array_equal(np.delete(after, jaw), np.delete(softer, jaw))
    assert _made_anew(face, lambda: face.set_solver("tongue", l1=2.0)) == {"tongue_solve"}


def test_what_the_network_hears_makes_everything_anew(
    solved: Player, speech: NDArray[np.float32]
) -> None:
    face = InteractiveFace(solved.model, speech)
    glad = InteractiveFace(solved.model, speech, _settings(emotion=JOY))
    everything = set(face.recomputed) - {"sequence"}

    assert _made_anew(face, lambda: face.set_emotion(JOY)) == everything
    assert _same(face.frame(60), glad.frame(60))
    assert _made_anew(face, lambda: face.set_parameters({"emotionStrength": 0.3})) == everything
    assert not _same(face.frame(60), glad.frame(60))
    keyed = InteractiveFace(solved.model, speech)
    assert _made_anew(keyed, lambda: keyed.set_emotion(keys=[(0, JOY.tolist())])) == everything
    assert _same(keyed.frame(60), glad.frame(60))


def test_what_changes_nothing_makes_nothing_anew(
    player: Player, speech: NDArray[np.float32]
) -> None:
    face = InteractiveFace(player.model, speech)
    face.all_frames()
    inferences = face.recomputed["inference"]

    face.set_parameters({})
    face.set_parameters({"emotionStrength": face.parameters["emotionStrength"]})
    face.set_emotion(np.zeros(10, np.float32))
    face.all_frames()

    assert face.recomputed["sequence"] == 1
    face.set_parameters({"lowerFaceStrength": 0.5})
    face.all_frames()
    assert face.recomputed["sequence"] == 2
    assert face.recomputed["inference"] == inferences


def test_the_input_strength_is_the_regression_networks(
    regression: Player, diffusion: Player, speech: NDArray[np.float32]
) -> None:
    face = InteractiveFace(regression.model, speech)
    before = face.frame(60)

    assert "inference" in _made_anew(face, lambda: face.set_input_strength(0.25))
    assert not np.array_equal(face.frame(60).curves, before.curves)
    family = regression.model.family
    assert isinstance(family, RegressionFamily)
    face.set_input_strength(family.faces[0].input_strength)
    assert _same(face.frame(60), before)
    with pytest.raises(SettingsError, match=r"must lie in \[0, 10\]"):
        face.set_input_strength(float("nan"))
    with pytest.raises(SettingsError, match="as it is"):
        InteractiveFace(diffusion.model, speech).set_input_strength(2.0)


def test_a_changed_solver_is_that_of_all_frames_too(
    solved: Player, speech: NDArray[np.float32]
) -> None:
    face = InteractiveFace(solved.model, speech)
    before = face.all_frames().curves
    face.set_solver("skin", multipliers={"jawOpen": 0.0})

    from facewire.animation.curves import CURVE_INDEX

    closed = face.all_frames().curves[:, CURVE_INDEX["jawOpen"]]
    assert before[:, CURVE_INDEX["jawOpen"]].max() > closed.max()


# --- refusals ----------------------------------------------------------------------------------


def test_what_cannot_be_asked_is_refused_and_changes_nothing(
    solved: Player, speech: NDArray[np.float32]
) -> None:
    face = InteractiveFace(solved.model, speech)
    before = face.frame(60)

    for index in (-1, face.frames_total):
        with pytest.raises(AudioError, match="There is no frame"):
            face.frame(index)
    with pytest.raises(SettingsError, match="lowerFaceStrenght"):
        face.set_parameters({"lowerFaceStrenght": 1.0})
    with pytest.raises(SettingsError, match="jawOpne") as refused:
        face.set_solver("skin", multipliers={"jawOpne": 1.0})
    assert "jawOpen" in refused.value.hint
    with pytest.raises(SettingsError, match="l3"):
        face.set_solver("skin", l3=1.0)
    with pytest.raises(SettingsError, match="l2"):
        face.set_solver("skin", l2=-1.0)
    with pytest.raises(SettingsError, match=r"\[0, 1\]"):
        face.set_emotion(keys=[(0, [2.0] * 10)])
    with pytest.raises(SettingsError, match="came after"):
        face.set_emotion(JOY, keys=[(10, JOY.tolist()), (10, JOY.tolist())])

    assert _same(face.frame(60), before)


def test_a_direct_model_has_no_layers(embedded: Player, speech: NDArray[np.float32]) -> None:
    face = InteractiveFace(embedded.model, speech)

    for asked in (lambda: face.set_solver(l1=1.0), lambda: face.posed(3)):
        with pytest.raises(SettingsError, match="answers with weights"):
            asked()
    assert face.pose_names == ()
    assert np.array_equal(face.frame(60).curves, face.all_frames().curves[60])


@pytest.mark.parametrize(
    "settings",
    [{"sample_rate_hz": 48_000}, {"channels": 2}, {"first_frame": 3}, {"start_sample": 1_600}],
    ids=str,
)
def test_only_a_whole_utterance_will_do(
    embedded: Player, speech: NDArray[np.float32], settings: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"sample_rate_hz": 16_000, "encoding": "float32"} | settings
    with pytest.raises(SettingsError, match=next(iter(settings))):
        InteractiveFace(embedded.model, speech, StreamSettings(**asked))
    with pytest.raises(AudioError):
        InteractiveFace(embedded.model, speech[:0])


# --- the cache ---------------------------------------------------------------------------------


def test_the_least_recently_used_goes_first() -> None:
    cache = ByteCache[str](30)
    for number, value in enumerate("abc"):
        cache.put("letter", number, value, 10)
    cache.get("letter", 0)
    cache.put("letter", 3, "d", 10)

    assert [cache.get("letter", number) for number in range(4)] == ["a", None, "c", "d"]
    cache.put("huge", 0, "x", 100)
    assert (len(cache), cache.nbytes) == (1, 100)
    cache.put("huge", 0, "y", 20)
    cache.drop("huge")
    assert (len(cache), cache.nbytes) == (0, 0)
