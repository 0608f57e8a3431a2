"""Tables of visemes and vowels: what a face says is what the table answers."""

from __future__ import annotations

from fractions import Fraction
from importlib.resources import as_file
from typing import TYPE_CHECKING

import numpy as np
import pytest

from facewire.animation.curves import CURVE_INDEX, FACE_CURVES
from facewire.audio import open_audio
from facewire.inference.loading import load_model
from facewire.inference.settings import StreamSettings
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.shipped import load_table
from facewire.tools.animate import frames_in_process
from facewire.tools.demo_assets import speech_clip, speech_phones

if TYPE_CHECKING:
    from numpy.typing import NDArray

Face = dict[str, float]

# One face per viseme, ARKit's meaning of mouthClose, no tongue pose but tongueOut: our suggestion
# of what a head with only ARKit's shapes does for it. A name without a side means both.
VISEME_FACES: dict[str, Face] = {
    "PP": {"mouthClose": 0.6, "mouthPress": 0.5, "mouthRollLower": 0.3, "mouthRollUpper": 0.3},
    "FF": {"jawOpen": 0.08, "mouthRollLower": 0.6, "mouthUpperUp": 0.3},
    "TH": {"jawOpen": 0.2, "tongueOut": 0.3},
    "DD": {"jawOpen": 0.15, "mouthLowerDown": 0.2},
    "kk": {"jawOpen": 0.2, "mouthStretch": 0.1},
    "CH": {"jawOpen": 0.12, "mouthFunnel": 0.6, "mouthShrugUpper": 0.2},
    "SS": {"jawOpen": 0.08, "mouthStretch": 0.3, "mouthLowerDown": 0.2},
    "nn": {"jawOpen": 0.12},
    "RR": {"jawOpen": 0.15, "mouthFunnel": 0.35, "mouthPucker": 0.2},
    "aa": {"jawOpen": 0.6, "mouthLowerDown": 0.2},
    "E": {"jawOpen": 0.35, "mouthSmile": 0.25, "mouthStretch": 0.2},
    "ih": {"jawOpen": 0.25, "mouthSmile": 0.2, "mouthStretch": 0.15},
    "oh": {"jawOpen": 0.4, "mouthFunnel": 0.6, "mouthPucker": 0.2},
    "ou": {"jawOpen": 0.2, "mouthPucker": 0.7, "mouthFunnel": 0.3},
}
VOWEL_FACES: dict[str, Face] = {
    "aa": {"jawOpen": 0.6, "mouthLowerDown": 0.2},
    "ih": {"jawOpen": 0.15, "mouthSmile": 0.3, "mouthStretch": 0.3},
    "ou": {"jawOpen": 0.2, "mouthPucker": 0.7, "mouthFunnel": 0.3},
    "ee": {"jawOpen": 0.35, "mouthSmile": 0.3, "mouthStretch": 0.15, "mouthLowerDown": 0.1},
    "oh": {"jawOpen": 0.4, "mouthFunnel": 0.6, "mouthPucker": 0.2},
}
VRM0_VOWELS = {"aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O"}
READY_PLAYER_ME = {"ih": "viseme_I", "oh": "viseme_O", "ou": "viseme_U"}

# What the phones of the demo clip may be taken for: glides are either of their two vowels, and an
# unstressed vowel is any open one. HH has no face of its own.
VISEMES_OF = {
    phone: set(visemes.split())
    for phones, visemes in {
        "P B M": "PP", "F V": "FF", "TH DH": "TH", "T D": "DD", "K G": "kk", "CH JH SH ZH": "CH",
        "S Z": "SS", "N L": "nn", "R ER": "RR", "AA": "aa", "AE AH": "aa E", "AX": "aa E ih",
        "AY": "aa E ih", "AW": "aa oh ou", "AO": "oh", "OW": "oh ou", "OY": "oh ih E", "EH": "E",
        "EY": "E ih", "IH IY Y": "ih", "UW UH W": "ou",
    }.items()
    for phone in phones.split()
}  # fmt: skip


def face_of(weights: Face) -> NDArray[np.float32]:
    face = np.zeros((1, len(FACE_CURVES)), np.float32)
    for name, weight in weights.items():
        for each in (name, f"{name}Left", f"{name}Right"):
            if each in CURVE_INDEX:
                face[0, CURVE_INDEX[each]] = weight
    assert np.count_nonzero(face) >= len(weights)
    return face


def answer(table: str, weights: Face) -> dict[str, float]:
    mapper = CurveMapper(load_table(table))
    row = mapper.apply(face_of(weights))[0]
    return dict(zip(mapper.names, row.tolist(), strict=True))


def loudest(values: dict[str, float]) -> str:
    """Return the viseme with the largest weight, silence apart."""
    return max(set(values) - {"sil"}, key=values.__getitem__)


@pytest.mark.parametrize("viseme", VISEME_FACES)
def test_the_face_of_a_viseme_comes_back_as_that_viseme(viseme: str) -> None:
    spoken = answer("oculus", VISEME_FACES[viseme])
    assert loudest(spoken) == viseme, spoken


@pytest.mark.parametrize("viseme", VISEME_FACES)
def test_a_fainter_face_is_still_that_viseme(viseme: str) -> None:
    spoken = answer("oculus", {name: 0.7 * part for name, part in VISEME_FACES[viseme].items()})
    # Seven tenths of an E are an ih: those two faces differ in strength alone.
    assert loudest(spoken) == ("ih" if viseme == "E" else viseme), spoken
    assert spoken["sil"] > answer("oculus", VISEME_FACES[viseme])["sil"] - 1e-6


@pytest.mark.parametrize("vowel", VOWEL_FACES)
def test_the_face_of_a_vowel_comes_back_as_that_vowel(vowel: str) -> None:
    vowels = answer("vrm", VOWEL_FACES[vowel])
    assert max(vowels, key=vowels.__getitem__) == vowel, vowels
    older = answer("vrm0", VOWEL_FACES[vowel])
    assert max(older, key=older.__getitem__) == VRM0_VOWELS[vowel]
    assert older[VRM0_VOWELS[vowel]] == vowels[vowel]


def test_a_still_face_is_silence_and_a_shut_mouth_no_vowel() -> None:
    still = answer("oculus", {})
    assert still.pop("sil") == 1.0
    assert not any(still.values())
    assert not any(answer("vrm", {}).values())
    closed = answer("vrm", {"jawOpen": 0.25, "mouthClose": 0.25})
    assert sum(closed[vowel] for vowel in VOWEL_FACES) == 0.0


def test_a_closed_jaw_is_told_from_closed_lips() -> None:
    jaw_shut = answer("oculus", {"jawOpen": 0.02})
    assert jaw_shut["PP"] == 0.0
    lips_shut = answer("oculus", {"jawOpen": 0.3, "mouthClose": 0.27})
    assert lips_shut["PP"] > 0.4
    assert answer("oculus", {"jawOpen": 0.3, "mouthClose": 0.03})["PP"] == 0.0


def test_the_wider_the_jaw_the_more_of_an_ah() -> None:
    amounts = [answer("vrm", {"jawOpen": jaw})["aa"] for jaw in (0.1, 0.2, 0.3)]
    assert 0.0 < amounts[0] < amounts[1] < amounts[2]
    assert answer("oculus", {"jawOpen": 1.0})["aa"] == pytest.approx(
        max(answer("oculus", {"jawOpen": 1.0}).values())
    )


@pytest.mark.parametrize("table", ["oculus", "readyplayerme_visemes"])
def test_visemes_sum_to_one_whatever_the_face(table: str) -> None:
    random = np.random.default_rng(3)
    faces = random.random((200, len(FACE_CURVES))).astype(np.float32)
    rows = CurveMapper(load_table(table)).apply(faces)
    assert np.abs(rows.sum(axis=1) - 1.0).max() < 1e-6
    assert rows.min() >= 0.0


def test_ready_player_mes_visemes_are_those_of_oculus() -> None:
    ours, theirs = load_table("oculus"), load_table("readyplayerme_visemes")
    renamed = [READY_PLAYER_ME.get(name, f"viseme_{name}") for name in ours.names]
    assert list(theirs.names) == renamed
    for one, other in zip(ours.curves, theirs.curves, strict=True):
        assert (one.terms, one.ratio, one.offset, one.response) == (
            other.terms, other.ratio, other.offset, other.response,
        )  # fmt: skip


Spoken = list[tuple[str, dict[str, float]]]


@pytest.fixture(scope="module")
def demo() -> Spoken:
    """The demo clip through the embedded model: each phone with the mean of its visemes."""
    with as_file(speech_clip()) as clip, open_audio(clip) as audio:
        settings = StreamSettings(
            sample_rate_hz=audio.sample_rate_hz, channels=1, encoding="float32", rig="a2f",
            fps=Fraction(60),
        )  # fmt: skip
        frames = frames_in_process(audio, load_model("embedded"), settings)
        faces = np.concatenate([burst.curves for burst in frames])
    times_s = np.arange(len(faces)) / 60.0
    mapper = CurveMapper(load_table("oculus"))
    rows = mapper.apply(faces)
    spoken = []
    for phone, start_s, end_s in speech_phones():
        during = (times_s >= start_s) & (times_s < end_s)
        if during.any():
            means = rows[during].mean(axis=0).tolist()
            spoken.append((phone, dict(zip(mapper.names, means, strict=True))))
    return spoken


def test_visemes_of_real_speech_come_where_their_phones_are(demo: Spoken) -> None:
    known = [(phone, values) for phone, values in demo if phone in VISEMES_OF]
    hits = [loudest(values) in VISEMES_OF[phone] for phone, values in known]
    # 35 of 52 as shipped: what is missed are mostly the tongue's consonants. Picking at random
    # would hit four.
    assert len(known) > 45
    assert sum(hits) >= 32


def test_hisses_and_closures_are_found_and_pauses_are_silent(demo: Spoken) -> None:
    for phone, values in demo:
        if phone == "S":
            assert loudest(values) == "SS", values
        if phone == "Z":  # of 70 ms, with the tongue of the sounds before still out
            assert values["SS"] > 0.2, values
    closures = [values["PP"] for phone, values in demo if phone in ("P", "B", "M")]
    assert min(closures) > 0.2, closures
    pauses = [values["sil"] for phone, values in demo if phone == "PAU"]
    assert max(pauses) > 0.9
    talk = [values["sil"] for phone, values in demo if phone in VISEMES_OF]
    assert float(np.mean(talk)) < float(np.mean(pauses)) - 0.2
