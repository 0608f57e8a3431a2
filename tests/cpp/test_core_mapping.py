"""FacewireCore and `facewire.mapping` are two implementations of one format and one arithmetic."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pytest
from tests.cpp.table_kit import (
    random_table,
    table_text,
    with_a_value_changed,
    with_bytes_changed,
)

from facewire.animation.curves import FACE_CURVES
from facewire.mapping import fields, reading, rules
from facewire.mapping.inputs import INPUTS
from facewire.mapping.mapper import CurveMapper
from facewire.mapping.reading import parse_table, read_table
from facewire.mapping.shipped import shipped_names
from facewire.protocol.errors import MappingError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tests.cpp.conftest import CoreBuild

MAPPINGS = Path(__file__).parents[2] / "mappings"
VECTORS = MAPPINGS / "vectors"
FRAMES = 1000
FUZZ_SECONDS = 3.0
MUTATIONS = 3000
LARGEST_DIFFERENCE = 1e-6
"""What is promised; the test of the random tables shows that the bits are the same."""

pytestmark = pytest.mark.timeout(300)  # the first test of a fresh checkout compiles everything


class Source(NamedTuple):
    """A kind of source, for both mappers."""

    mouth_close: Literal["arkit", "a2f"] = "arkit"
    gaze: bool = False
    mirror: bool = False

    @property
    def options(self) -> list[str]:
        gaze = ["--gaze"] if self.gaze else []
        mirror = ["--mirror"] if self.mirror else []
        return ["--mouth-close", self.mouth_close, *gaze, *mirror]


PLAIN = Source()
EVERYTHING = Source("a2f", gaze=True, mirror=True)
SOURCES = (PLAIN, Source(gaze=True), Source("a2f"), Source(mirror=True), EVERYTHING)
SOURCES_OF_VECTORS = (PLAIN, Source(gaze=True), Source("a2f"), EVERYTHING)


def test_names_and_limits_are_those_of_the_daemon(core: CoreBuild) -> None:
    (constants,) = core.ask(["constants"])

    assert constants["mapping_inputs"] == list(INPUTS)
    ours = vars(reading) | vars(rules) | vars(fields)
    assert len(constants["mapping_limits"]) == 8
    assert constants["mapping_limits"] == {key: ours[key] for key in constants["mapping_limits"]}


@pytest.mark.parametrize("name", shipped_names())
def test_random_frames_are_mapped_alike(core: CoreBuild, name: str) -> None:
    path = MAPPINGS / f"{name}.json"
    faces = _random_faces(seed=len(name))
    assert len(faces) == FRAMES

    for source in SOURCES:
        ours = _mapped(path, faces, source)
        theirs = _mapped_by_core(core, path, faces, source)
        assert _difference(ours, theirs) <= LARGEST_DIFFERENCE, source


@pytest.mark.parametrize("name", shipped_names())
def test_shared_vectors_are_mapped_as_they_say(core: CoreBuild, name: str) -> None:
    path = MAPPINGS / f"{name}.json"
    faces = np.fromfile(VECTORS / "faces.bin", "<f4").reshape(8, len(INPUTS))
    curves = len(read_table(path).names)
    expected = np.fromfile(VECTORS / f"{name}.bin", "<f4").reshape(4, 8, curves)
    assert not np.isfinite(faces).all()

    for block, source in zip(expected, SOURCES_OF_VECTORS, strict=True):
        assert _difference(block, _mapped_by_core(core, path, faces, source)) <= LARGEST_DIFFERENCE


def testrandom_tables_map_random_frames_to_the_same_bits(core: CoreBuild, tmp_path: Path) -> None:
    dice = random.Random(3)
    for number in range(25):
        path = tmp_path / "table.json"
        path.write_text(json.dumps(random_table(dice)), encoding="utf-8")
        faces = _random_faces(seed=number)[:100]
        faces[0] = np.nan
        faces[1] = 3e38
        faces[2] = -np.inf
        faces[3] = 0.0
        faces[4] = -0.0
        for source in SOURCES:
            ours = _mapped(path, faces, source)
            theirs = _mapped_by_core(core, path, faces, source)
            assert ours.tobytes() == theirs.tobytes(), (path.read_text(encoding="utf-8"), source)


def test_a_broken_table_is_an_error_of_the_program(core: CoreBuild, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(table_text({"name": "x", "from": {"jawOpne": 1}}), encoding="utf-8")

    with pytest.raises(AssertionError, match=r"Did you mean \"jawOpen\""):
        core.map_rows(path, bytes(300))


_GOOD = '{"schema": "facewire-mapping/1", "name": "x", "version": "1.0.0", "mouth_close": "any", '
BAD_TABLES: dict[str, str | bytes] = {
    "a duplicate key": _GOOD + '"curves": [{"name": "x", "offset": 0, "offset": 0}]}',
    "a duplicate curve": _GOOD + '"curves": [{"name": "Jaw"}, {"name": "jaw"}]}',
    "a depth bomb": _GOOD + '"curves": ' + "[" * 100_000,
    "a closed depth bomb": _GOOD + '"curves": ' + "[" * 9 + "]" * 9 + "}",
    "a bomb of objects": '{"a":' * 100_000,
    "a huge number": _GOOD + '"curves": [{"name": "x", "offset": 1e999}]}',
    "a huge whole number": _GOOD + '"curves": [{"name": "x", "offset": ' + "9" * 400 + "}]}",
    "a very long number": _GOOD + '"curves": [{"name": "x", "offset": ' + "9" * 5000 + "}]}",
    "a NaN": _GOOD + '"curves": [{"name": "x", "offset": NaN}]}',
    "an infinity": _GOOD + '"curves": [{"name": "x", "offset": -Infinity}]}',
    "a leading zero": _GOOD + '"curves": [{"name": "x", "offset": 01}]}',
    "a trailing comma": _GOOD + '"curves": [{"name": "x"},]}',
    "a comment": _GOOD + '"curves": [{"name": "x"}] /* all */}',
    "single quotes": _GOOD.replace('"', "'") + "'curves': [{'name': 'x'}]}",
    "half a surrogate": _GOOD + r'"curves": [{"name": "\ud83d"}]}',
    "a line end in a name": _GOOD + '"curves": [{"name": "a\nb"}]}',
    "an empty text": "",
    "two tables": (_GOOD + '"curves": [{"name": "x"}]}') * 2,
    "invalid UTF-8": _GOOD.encode() + b'"curves": [{"name": "\xff"}]}',
    "an overlong character": _GOOD.encode() + b'"curves": [{"name": "\xc0\x80"}]}',
    "UTF-16": (_GOOD + '"curves": [{"name": "x"}]}').encode("utf-16"),
    "2 MiB": _GOOD + '"curves": [{"name": "x"}]' + " " * 2 * 1024 * 1024 + "}",
    "2 MiB of nothing": " " * 2 * 1024 * 1024,
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_tables_are_refused_by_both(core: CoreBuild, name: str) -> None:
    text = BAD_TABLES[name]
    content = text if isinstance(text, bytes) else text.encode()

    (answer,) = core.ask([f"table {content.hex() or '-'}"])

    assert answer["error"] in {"malformed", "too_large", "out_of_range"}
    assert len(answer["text"]) < 300
    with pytest.raises(MappingError):
        parse_table(content)


def test_every_prefix_of_a_table_is_refused_by_both(core: CoreBuild) -> None:
    whole = table_text({"name": "x", "from": {"jawOpen": 0.5}}).encode()

    answers = core.ask(f"table {whole[:size].hex() or '-'}" for size in range(len(whole) + 1))

    assert [size for size, answer in enumerate(answers) if "error" not in answer] == [len(whole)]
    for size in range(len(whole)):
        with pytest.raises(MappingError):
            parse_table(whole[:size])


@pytest.mark.parametrize(
    ("curve", "nearest"),
    [
        ({"name": "x", "from": {"jawOpne": 1}}, "jawOpen"),
        ({"name": "x", "from": {"mouthSmilleft": 1}}, "mouthSmileLeft"),
        ({"name": "x", "from": {"EYEBLINKRIGHT": 1}}, "eyeBlinkRight"),
        ({"name": "x", "from": {"eyePitchL": 1}}, "eyePitchLeft"),
        ({"name": "x", "ofset": 1}, "offset"),
        ({"name": "x", "ratio": {"of": "jaw", "to": "jawOpen"}}, "jawOpen"),
        ({"name": "Jaw_Open", "mirror": "jawopen"}, "Jaw_Open"),
    ],
)
def test_a_typo_gets_the_same_hint_from_both(
    core: CoreBuild, curve: dict[str, Any], nearest: str
) -> None:
    text = table_text(curve)

    (answer,) = core.ask([f"table {text.encode().hex()}"])

    assert answer["text"].endswith(f'Did you mean "{nearest}"?')
    assert f'curve "{curve["name"]}"' in answer["text"]
    with pytest.raises(MappingError) as caught:
        parse_table(text)
    assert caught.value.hint == f"Did you mean {nearest!r}?"


def test_numbers_are_the_same_doubles_in_both(core: CoreBuild) -> None:
    dice = random.Random(5)
    texts = [_random_number(dice) for _ in range(5000)]

    (answer,) = core.ask([f"json {('[' + ','.join(texts) + ']').encode().hex()}"])

    for text, theirs in zip(texts, answer["json"], strict=True):
        assert float(theirs).hex() == float(text).hex(), text


@pytest.mark.parametrize("kind", ["bytes", "values"])
def test_mutated_tables_are_judged_alike_by_both(core: CoreBuild, kind: str) -> None:
    dice = random.Random(8)
    seeds = [json.dumps(random_table(dice, curves=4)).encode() for _ in range(20)]
    mutate = with_bytes_changed if kind == "bytes" else with_a_value_changed
    tables = [mutate(dice, dice.choice(seeds)) for _ in range(MUTATIONS)]

    answers = core.ask(f"table {table.hex() or '-'}" for table in tables)

    verdicts = Counter[str]()
    for table, answer in zip(tables, answers, strict=True):
        verdicts[answer.get("error", "ok")] += 1
        try:
            names: list[str] | None = list(parse_table(table).names)
        except MappingError:
            names = None
        assert answer.get("curves") == names, (table, answer)
    assert {"ok", "malformed", "out_of_range"} <= set(verdicts), verdicts
    assert verdicts["ok"] > MUTATIONS // 20, verdicts


def test_mutated_tables_break_no_rule(checked_core: CoreBuild) -> None:
    dice = random.Random(11)
    seeds = [json.dumps(random_table(dice, curves=3)).encode() for _ in range(20)]

    tried = checked_core.fuzz(seeds, seconds=FUZZ_SECONDS, seed=1, program="facewire_fuzz_mapping")

    assert tried > 100


def _random_faces(seed: int) -> NDArray[np.float32]:
    """Return float32[frames, 75]: weights a bit beyond [0, 1] and angles in [-45, 45]."""
    dice = np.random.default_rng(seed)
    weights = dice.uniform(-0.2, 1.3, (FRAMES, len(FACE_CURVES)))
    angles = dice.uniform(-45, 45, (FRAMES, 4))
    return np.hstack([weights, angles]).astype(np.float32)


def _mapped(path: Path, faces: NDArray[np.float32], source: Source) -> NDArray[np.float32]:
    mapper = CurveMapper(
        read_table(path), mouth_close=source.mouth_close, gaze=source.gaze, mirror=source.mirror
    )
    face, eyes = np.split(faces, [len(FACE_CURVES)], axis=1)
    return mapper.apply(face, eyes if source.gaze else None)


def _mapped_by_core(
    core: CoreBuild, path: Path, faces: NDArray[np.float32], source: Source
) -> NDArray[np.float32]:
    printed = core.map_rows(path, faces.astype("<f4").tobytes(), *source.options)
    return np.frombuffer(printed, "<f4").reshape(len(faces), -1)


def _difference(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """Return the largest difference, relative where values are above 1."""
    assert ours.shape == theirs.shape
    assert np.isfinite(ours).all()
    assert np.isfinite(theirs).all()
    differences = np.abs(ours.astype(np.float64) - theirs)
    return float(np.max(differences / np.maximum(1.0, np.abs(ours))))


def _random_number(dice: random.Random) -> str:
    """Return a JSON number: short ones, 17 digits, halfway cases, subnormals, huge exponents."""
    digits = str(dice.getrandbits(dice.choice([4, 53, 64, 100])))
    fraction = "." + "".join(dice.choices("0123456789", k=dice.choice([1, 3, 17, 40])))
    exponent = f"{dice.choice('eE')}{dice.choice(['', '+', '-'])}{dice.randint(0, 280)}"
    halfway = f"{2**53 + 2 * dice.getrandbits(52) + 1}"
    return dice.choice("-+").replace("+", "") + dice.choice(
        [
            digits,
            digits[:1] + fraction,
            "0" + fraction + exponent,
            digits[:1] + fraction + exponent,
            halfway,
            halfway + ".0" + "0" * 30 + dice.choice("01"),
            repr(dice.uniform(-1, 1)).lstrip("-"),
            f"{dice.randint(1, 9)}e-{dice.randint(300, 330)}",
        ]
    )
