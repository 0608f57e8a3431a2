"""The mapper against one Python float at a time, and against itself in other portions."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mapping.kit import content, plainly_mapped

from facewire.animation.curves import FACE_CURVES
from facewire.mapping.inputs import INPUTS
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.reading import parse_table

_NAMES = (
    "jawOpen", "mouthClose", "jawLeft", "jawRight", "eyeLookInLeft", "eyeLookInRight", "headYaw",
    "headPitch", "eyeYawLeft", "eyePitchRight", "cheekPuff",
)  # fmt: skip

numbers = st.floats(-1000, 1000, allow_nan=False) | st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-6])
values = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.0, 0.25, 3e38, -3e38])


@st.composite
def curves(draw: st.DrawFn, name: str) -> dict[str, Any]:
    curve: dict[str, Any] = {"name": name}
    if draw(st.booleans()):
        inputs = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=6, unique=True))
        curve["from"] = {each: draw(numbers) for each in inputs}
    if draw(st.booleans()):
        of, to = draw(st.sampled_from(_NAMES)), draw(st.sampled_from(_NAMES))
        curve["ratio"] = {"of": of, "to": to, "floor": draw(st.floats(1e-6, 2)),
                          "gain": draw(numbers)}  # fmt: skip
    if draw(st.booleans()):
        curve["offset"] = draw(numbers)
    if draw(st.booleans()):
        given_at = draw(st.lists(st.integers(-50, 50), min_size=2, max_size=5, unique=True))
        curve["response"] = [[at / 8, draw(numbers)] for at in sorted(given_at)]
    if draw(st.booleans()):
        ends = draw(st.lists(st.integers(-999, 999), min_size=2, max_size=2, unique=True))
        curve["range"] = draw(st.sampled_from([None, sorted(ends)]))
    return curve


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    names = [f"c{number}" for number in range(draw(st.integers(1, 5)))]
    whole = content(*(draw(curves(name)) for name in names), {"name": "rest"}, sources={})
    whole["mouth_close"] = draw(st.sampled_from(["arkit", "a2f", "any"]))
    if draw(st.booleans()):
        shared = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        whole["shares"] = [{"curves": shared, "limit": draw(st.floats(0.01, 1000)), "rest": "rest"}]
    return whole


@settings(max_examples=150, deadline=None)
@given(
    whole=tables(),
    rows=st.lists(st.lists(values, min_size=len(_NAMES), max_size=len(_NAMES)), min_size=1,
                  max_size=4),
    gaze=st.booleans(),
    mirror=st.booleans(),
    mouth_close=st.sampled_from(["arkit", "a2f"]),
)  # fmt: skip
def test_a_row_is_what_the_rules_say_to_the_last_bit_however_many_come_at_once(
    whole: dict[str, Any], rows: list[list[float]], *, gaze: bool, mirror: bool, mouth_close: Any
) -> None:
    rig = parse_table(json.dumps(whole))
    every = np.zeros((len(rows), len(INPUTS)), np.float32)
    every[:, [INPUTS.index(name) for name in _NAMES]] = rows
    face, eyes = every[:, : len(FACE_CURVES)], every[:, len(FACE_CURVES) :]

    mapper = CurveMapper(rig, gaze=gaze, mirror=mirror, mouth_close=mouth_close)
    at_once = mapper.apply(face, eyes)

    for index, row in enumerate(every):
        alone = mapper.apply(face[index : index + 1], eyes[index : index + 1])
        assert alone.tobytes() == at_once[index].tobytes()
        plain = plainly_mapped(
            rig, dict(zip(INPUTS, row.tolist(), strict=True)),
            mouth_close=mouth_close, gaze=gaze, mirror=mirror,
        )  # fmt: skip
        np.testing.assert_array_equal(at_once[index], np.array(plain, np.float32))


def test_a_long_clip_is_the_same_as_its_frames_one_by_one() -> None:
    rig = parse_table(json.dumps(content(
        {"name": "sil"},
        *({"name": f"v{k}", "from": dict.fromkeys(FACE_CURVES[k:k + 3 + k], 0.3 + 0.1 * k),
           "response": [[0, 0], [0.3, 0.5], [1, 1]]} for k in range(12)),
        {"name": "x", "ratio": {"of": "mouthClose", "to": "jawOpen"}},
        shares=[{"curves": [f"v{k}" for k in range(12)], "limit": 1, "rest": "sil"}],
    )))  # fmt: skip
    face = np.random.default_rng(1).random((2500, 71), np.float32)
    mapper = CurveMapper(rig)

    whole = mapper.apply(face)

    for size in (1, 2, 3, 17):
        parts = [mapper.apply(face[at : at + size]) for at in range(0, 2500, size)]
        assert np.concatenate(parts).tobytes() == whole.tobytes()
