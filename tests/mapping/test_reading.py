"""A table that cannot be used is refused with the place, the reason and the nearest name."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.mapping.kit import content, table

from facewire.mapping.reading import MAX_FILE_BYTES, parse_table, read_table
from facewire.mapping.table import Mirror, Ratio, Share, Term
from facewire.protocol.errors import FacewireError, MappingError

if TYPE_CHECKING:
    from pathlib import Path


def test_every_key_of_a_table_is_read() -> None:
    made = table(
        {"name": "Jaw Öffnen", "from": {"JawOpen": 2, "cheekPuff": {"gain": -0.5, "by": "b",
         "why": "it helps"}}, "offset": 0.25, "response": [[0, 0], [1, 0.5]], "range": [0, 2],
         "by": "test", "why": "so"},
        {"name": "lipsL", "ratio": {"of": "mouthClose", "to": "jawOpen", "floor": 0.125, "gain": 2},
         "range": None, "mirror": "lipsR"},
        {"name": "lipsR", "mirror": {"curve": "lipsL", "sign": -1}},
        {"name": "alone", "mirror": None},
        {"name": "sil"},
        title="T", about="A", version="1.20.300", mouth_close="a2f", sides=[["L", "R"]],
        sources={"test": "made up", "b": "B"}, at_rest="r", drops={"TongueUp": "no tongue"},
        sums={"lipsL": 2}, shares=[{"curves": ["Jaw Öffnen", "lipsL"], "limit": 1, "rest": "sil"}],
        reverse={"jawOpen": {"Jaw Öffnen": 0.5}}, **{"$schema": "schema.json"},
    )  # fmt: skip

    jaw, lips_left, lips_right, alone, _ = made.curves
    assert jaw.terms == (Term("jawOpen", 2.0), Term("cheekPuff", -0.5, "b", "it helps"))
    assert (jaw.offset, jaw.response, jaw.limits) == (0.25, ((0.0, 0.0), (1.0, 0.5)), (0.0, 2.0))
    assert (jaw.by, jaw.why, jaw.mirror) == ("test", "so", "auto")
    assert lips_left.ratio == Ratio("mouthClose", "jawOpen", 0.125, 2.0)
    assert lips_left.limits is None
    assert lips_left.mirror == Mirror("lipsR")
    assert lips_right.mirror == Mirror("lipsL", -1.0)
    assert alone.mirror is None
    assert (made.name, made.version, made.mouth_close) == ("rig", "1.20.300", "a2f")
    assert (made.title, made.about, made.sides, made.at_rest) == ("T", "A", (("L", "R"),), "r")
    assert made.drops == {"tongueUp": "no tongue"}
    assert made.sums == {"lipsL": 2.0}
    assert made.shares == (Share(("Jaw Öffnen", "lipsL"), 1.0, "sil"),)
    assert made.reverse == {"jawOpen": {"Jaw Öffnen": 0.5}}
    assert made.names == ("Jaw Öffnen", "lipsL", "lipsR", "alone", "sil")


def test_what_may_be_absent_has_a_plain_default() -> None:
    made = table(
        {"name": "x", "ratio": {"of": "mouthClose", "to": "jawOpen"}},
        title=None, about=None, sources=None,
    )  # fmt: skip

    assert made.curves[0].ratio == Ratio("mouthClose", "jawOpen", 0.05, 1.0)
    assert made.curves[0].limits == (0.0, 1.0)
    assert (made.title, made.about, made.sides) == ("", "", (("Left", "Right"),))
    assert (made.drops, made.sums, made.shares, made.reverse) == ({}, {}, (), {})


def test_minus_zero_is_zero() -> None:
    made = table({"name": "x", "from": {"jawOpen": 1}, "offset": -0.0, "range": [-0.0, 1]})

    assert str(made.curves[0].offset) == "0.0"
    assert str(made.curves[0].limits) == "(0.0, 1.0)"


def _x(**keys: Any) -> dict[str, Any]:
    """Return a table whose one curve `x` has these keys."""
    return content({"name": "x", **keys})


_TWO = ({"name": "a", "from": {"jawOpen": 1}}, {"name": "b"})

CORRUPTIONS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "a list": ([], ("must be an object, not a list",)),
    "no schema": (content(schema=None), ("'schema' is missing",)),
    "another schema": (content(schema="facewire-mapping/2"), ("'facewire-mapping/2'", "newer")),
    "a key misspelt": (content(mouthclose="arkit"), ('no key "mouthclose"', "'mouth_close'")),
    "no curves": (content(curves=[]), ("1 to 1024 curves, this one 0",)),
    "too many curves": (content(curves=[{"name": str(k)} for k in range(1025)]), ("1025",)),
    "curves no list": (content(curves={}), ("'curves'", "must be a list, not an object")),
    "a name with capitals": (content(name="MyRig"), ("'MyRig'", "small letters")),
    "a version in words": (content(version="one"), ("'version'", "1.0.0")),
    "an odd mouth": (content(mouth_close="arkt"), ('no meaning "arkt"', "'arkit'")),
    "a curve without name": (content({"from": {}}), ("curve number 1", "'name' is missing")),
    "a curve that is text": (content(curves=["x"]), ("curve number 1", "must be an object")),
    "a long name": (content({"name": "ü" * 65}), ("1 to 128 bytes, this one 130",)),
    "an empty name": (content({"name": ""}), ("1 to 128 bytes",)),
    "a tab in a name": (content({"name": "a\tb"}), ("control character",)),
    "half a character": (content({"name": "a\ud800"}), ("half a character",)),
    "two of a name": (content({"name": "Jaw"}, {"name": "jAW"}), ("'jAW'", "'Jaw'", "in case")),
    "an unknown input": (_x(**{"from": {"jawOpne": 1}}), ("curve 'x'", "'from'", "'jawOpen'")),
    "an input of another house": (_x(**{"from": {"eyeblink_l": 1}}), ("'eyeBlinkLeft'",)),
    "an input twice": (
        _x(**{"from": {"jawOpen": 1, "JawOpen": 1}}), ("'jawOpen' is there twice", "Add"),
    ),
    "no input": (_x(**{"from": {}}), ("'from'", "1 to 64 inputs, here 0")),
    "a gain in words": (_x(**{"from": {"jawOpen": "full"}}), ("'jawOpen'", 'number, not "full"')),
    "a gain that is true": (_x(**{"from": {"jawOpen": True}}), ("number, not true",)),
    "a gain misspelt": (_x(**{"from": {"jawOpen": {"gian": 1}}}), ('"gian"', "'gain'")),
    "a gain without its number": (_x(**{"from": {"jawOpen": {"by": "b"}}}), ("'gain' is missing",)),
    "a huge gain": (_x(**{"from": {"jawOpen": 1001}}), ("1001 is out of range: -1000 to 1000",)),
    "a gain no float holds": (_x(**{"from": {"jawOpen": 10**400}}), ("out of range",)),
    "an unknown rule": (_x(form={"jawOpen": 1}), ("curve 'x'", 'no key "form"', "'from'")),
    "a ratio without to": (_x(ratio={"of": "jawOpen"}), ("'ratio'", "'to' is missing")),
    "a ratio of nothing": (_x(ratio={"of": "jaw", "to": "jawOpen"}), ('no input "jaw"',)),
    "a floor of zero": (
        _x(ratio={"of": "mouthClose", "to": "jawOpen", "floor": 0}), ("'floor'", "1e-06"),
    ),
    "one point": (_x(response=[[0, 0]]), ("'response'", "2 to 32 points, here 1")),
    "points too close for a slope": (
        _x(response=[[0, 0], [1e-320, 1]]), ("from 0 to ", "1e-06 or more"),
    ),
    "points that go back": (_x(response=[[0, 0], [1, 1], [1, 2]]), ("from 1 to 1", "above")),
    "a point of three": (_x(response=[[0, 0, 0], [1, 1, 1]]), ("two numbers, not 3",)),
    "a range upside down": (_x(range=[1, 0]), ("'range'", "goes from 1 to 0", "lower")),
    "a range in words": (_x(range="all"), ("'range'", "must be a list, not text")),
    "a mirror of nothing": (content(*_TWO, {"name": "c", "mirror": "d"}), ("'c'", "'mirror'")),
    "half a mirror": (_x(mirror={"curve": "x", "sign": 0.5}), ("'sign'", "1 or -1")),
    "one side": (content(sides=[["Left"]]), ("'sides'", "pair")),
    "a side twice": (content(sides=[["L", "L"]]), ("'sides'", "pair")),
    "a source that is a number": (content(sources={"a": 1}), ("'sources'", "'a'", "text")),
    "a drop of nothing": (content(drops={"tongeUp": "no"}), ("'drops'", "'tongueUp'")),
    "a sum of nothing": (content(*_TWO, sums={"aa": 1}), ("'sums'", "'a'")),
    "a share of nothing": (content(*_TWO, shares=[{"curves": ["A"], "limit": 1}]), ("share 1",)),
    "a share without limit": (content(*_TWO, shares=[{"curves": ["a"]}]), ("'limit' is missing",)),
    "a share of zero": (content(*_TWO, shares=[{"curves": ["a"], "limit": 0}]), ("above zero",)),
    "a share of none": (content(*_TWO, shares=[{"curves": [], "limit": 1}]), ("at least one",)),
    "a share of one twice": (
        content(*_TWO, shares=[{"curves": ["a", "a"], "limit": 1}]), ("none twice",),
    ),
    "a rest with a rule": (
        content(*_TWO, shares=[{"curves": ["b"], "limit": 1, "rest": "a"}]), ("'a'", "its own"),
    ),
    "a rest of itself": (
        content(*_TWO, shares=[{"curves": ["b"], "limit": 1, "rest": "b"}]), ("part of none",),
    ),
    "a reverse of nothing": (content(*_TWO, reverse={"jawOpen": {"c": 1}}), ('curve "c"',)),
    "a reverse of an angle": (content(*_TWO, reverse={"eyeYawLeft": {"a": 1}}), ("an angle",)),
    "a reverse by nothing": (content(*_TWO, reverse={"jawOpen": {}}), ("at least one curve",)),
    "too deep": (_x(response=[[[[[[[0]]]]]]]), ("more than 8 deep",)),
}  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_mistake_is_told_with_its_place_and_its_cure(name: str) -> None:
    whole, words = CORRUPTIONS[name]

    with pytest.raises(MappingError) as caught:
        parse_table(json.dumps(whole), "my.json")

    assert caught.value.text.startswith("my.json")
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schema": "facewire-mapping/1",\n  "name" "x"}', ("line 2, column 10",)),
        ('{"a": 1,}', ("line 1", "no comma after the last")),
        ('{\n  // mine\n  "a": 1}', ("line 2", "no comments")),
        ("{'a': 1}", ("double quotes",)),
        ("", ("line 1, column 1",)),
        ('{"name": "r", "name": "s"}', ('"name"', "twice")),
        ('{"curves": [{"from": {"jawOpen": 1, "jawOpen": 2}}]}', ('"jawOpen"', "twice")),
        ('{"curves": [{"name": "x", "by": "a", "by": "a"}]}', ('"by" of \'x\'', "twice")),
        ('{"a": NaN}', ("NaN",)),
        ('{"a": -Infinity}', ("-Infinity",)),
        ("[" * 100_000, ("8 deep",)),
        ('{"a": ' + "1" * 5000 + "}", ("too long",)),
    ],
)  # fmt: skip
def test_what_is_not_json_is_told_with_line_and_column(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(MappingError) as caught:
        parse_table(text, "my.json")

    for word in words:
        assert word in str(caught.value)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rig.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(content()).encode())

    assert read_table(path) == parse_table(json.dumps(content()))


def test_a_file_that_is_not_there_too_large_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"nothing\.json cannot be read"):
        read_table(tmp_path / "nothing.json")
    with pytest.raises(MappingError, match="cannot be read"):
        read_table(tmp_path)

    path = tmp_path / "rig.json"
    path.write_bytes(b" " * (MAX_FILE_BYTES + 1))
    with pytest.raises(MappingError, match="larger than 1 MiB"):
        read_table(path)

    path.write_bytes(json.dumps(content(title="ä"), ensure_ascii=False, indent=1).encode("latin-1"))
    with pytest.raises(MappingError, match="not UTF-8 text at line 5"):
        read_table(path)


def test_what_is_incomplete_is_still_read() -> None:
    made = table({"name": "x", "from": {"jawOpen": 1}}, {"name": "still"}, sources=None)

    assert made.names == ("x", "still")


def test_a_mapping_error_is_one_of_ours() -> None:
    assert issubclass(MappingError, FacewireError)


def test_a_pipe_named_as_a_table_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.json"
    os.mkfifo(path)
    said: list[str] = []

    def read() -> None:
        with pytest.raises(MappingError) as caught:
            read_table(path)
        said.append(str(caught.value))

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(5)

    assert [text for text in said if "pipe.json is not a file" in text]


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "9" * 900_000},
        {"schema": ["x" * 900_000]},
        {"curves": [{"name": "x" * 900_000, "from": {"jawOpne": 1}}]},
        {"sources": {"x" * 900_000: 1}},
    ],
)
def test_a_message_stays_short_whatever_a_file_holds(changes: dict[str, Any]) -> None:
    with pytest.raises(MappingError) as caught:
        parse_table(json.dumps({**content({"name": "x"}), **changes}))

    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("odd", ["\x1b[2J", "\x7f", "\x9b31m", "\u202e"])
def test_a_message_never_steers_a_terminal(odd: str) -> None:
    for wrong in ({"name": "x", odd: 1}, {"name": "x", "from": {odd: 1}}):
        with pytest.raises(MappingError) as caught:
            parse_table(json.dumps(content(wrong)), f"{odd}.json")

        assert str(caught.value).isprintable()
