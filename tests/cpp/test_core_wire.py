"""FacewireCore and the Python codec are two implementations of one wire."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack
import pytest

from facewire.protocol import codec, limits
from facewire.protocol.errors import ProtocolError
from facewire.protocol.messages import MESSAGES
from facewire.protocol.registry import ERRORS

if TYPE_CHECKING:
    from tests.cpp.conftest import CoreBuild

VECTORS = Path(__file__).parents[2] / "bridge_protocol" / "vectors"
MUTATIONS = 6000
TELLING_BYTES = bytes.fromhex("00017f80819091a0a1c0c1c3c4c7cacbcccfd0d3d9dbdcdddedfe0ff")
"""First bytes of every MessagePack format: they change more than random ones do."""
STRANGE_VALUES: list[Any] = [
    None, True, False, 0, 1, 2, 16, 127, 128, 240, 2**16, 2**20, 2**31, 10**6, 10**9 + 1,
    2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -1, -33, -(2**63),
    0.0, -0.0, 0.5, 1.0, 1.5, 1e9, -1e9, 1.1e9, 1e-300, float("inf"), float("nan"),
    "", "x", "int16", "raw", "live", "a" * 64, "a" * 65, "ü" * 33, "a" * 128, "é" * 65,
    "a" * 129, "a" * 4096, [], [1], [1, 2], [60, 1], [1, 60], [241, 1], [2, 1.0], [0] * 9,
    [0] * 17, [0] * 300, ["a"] * 1025, {}, {"a": 1}, {"a": 0.5}, {"a" * 129: 1},
    [[0, [0.0] * 10]], [[1, [1] * 10], [1, [1] * 10]], [[0, [0.0] * 11]], [[0, 0]],
    {str(index): index for index in range(257)}, {"path": "p", "size_bytes": 2**28 + 1},
]  # fmt: skip
"""Values at and past the limits of some field; most fields refuse most of them."""

pytestmark = pytest.mark.timeout(300)  # the first test of a fresh checkout compiles everything


def test_limits_are_those_of_the_daemon(core: CoreBuild) -> None:
    (constants,) = core.ask(["constants"])

    assert len(constants["limits"]) > 20
    for name, value in constants["limits"].items():
        ours = getattr(limits, name)
        assert value == (list(ours) if isinstance(ours, tuple) else ours), name


def test_error_codes_are_those_of_the_registry(core: CoreBuild) -> None:
    (constants,) = core.ask(["constants"])

    assert constants["error_codes"] == list(ERRORS)


def test_vectors_cover_every_message_type() -> None:
    assert {path.stem for path in VECTORS.glob("messages/*.json")} == {*MESSAGES, "header"}


@pytest.mark.parametrize("name", [*MESSAGES, "header"])
def test_message_vectors_are_decoded_as_they_say(core: CoreBuild, name: str) -> None:
    cases = _cases(name)

    answers = core.ask(_question(case["to"], _parts(case)) for case in cases)

    for case, answer in zip(cases, answers, strict=True):
        if "error" in case:
            assert answer.get("error") == case["error"], case["name"]
            continue
        said = {key: answer.get(key) for key in ("type", "version", "sequence", "fields")}
        assert said == case["expect"], case["name"]
        payload_bytes = len(_parts(case)[1]) if len(case["parts"]) == 2 else None
        assert answer["payload_bytes"] == payload_bytes, case["name"]


@pytest.mark.parametrize("name", [*MESSAGES, "header"])
def test_message_vectors_are_encoded_to_the_same_bytes(core: CoreBuild, name: str) -> None:
    cases = [case for case in _cases(name) if "expect" in case]

    answers = core.ask(_question(case["to"], _parts(case)) for case in cases)

    assert any(case["canonical"] for case in cases)
    for case, answer in zip(cases, answers, strict=True):
        header = _parts(case)[0]
        encoded = bytes.fromhex(answer["encoded"])
        assert encoded == header or not case["canonical"], case["name"]
        assert encoded == _encoded_again(header, case["to"]), case["name"]


def test_all_vectors_are_decoded_alike_by_the_checked_build(checked_core: CoreBuild) -> None:
    cases = [case for name in [*MESSAGES, "header"] for case in _cases(name)]

    answers = checked_core.ask(_question(case["to"], _parts(case)) for case in cases)

    assert [answer.get("error") for answer in answers] == [case.get("error") for case in cases]


def test_ring_vectors_are_read_as_they_say(core: CoreBuild) -> None:
    rings = json.loads((VECTORS / "rings.json").read_text(encoding="utf-8"))
    assert any(ring["reads"] for ring in rings)

    for ring in rings:
        file = _hex(_joined(ring["file"]))
        (opened,) = core.ask([f"open {ring['size_bytes']} {file}"])
        assert ("error" not in opened) == ring["opens"], ring["name"]
        answers = core.ask(
            f"ring {ring['size_bytes']} {file} {read['offset']} {read['length_bytes']} "
            f"{read['generation']} {read['sequence']}"
            for read in ring["reads"]
        )
        for read, answer in zip(ring["reads"], answers, strict=True):
            assert answer.get("error") == read.get("error"), read["name"]
            if "payload" in read:
                assert bytes.fromhex(answer["payload"]) == _joined(read["payload"]), read["name"]


@pytest.mark.parametrize("kind", ["bytes", "values"])
def test_mutated_headers_are_judged_alike_by_both(core: CoreBuild, kind: str) -> None:
    seeds = [
        (_parts(case)[0], case["to"])
        for name in [*MESSAGES, "header"]
        for case in _cases(name)
        if "expect" in case and len(_parts(case)[0]) < 4096
    ]
    dice = random.Random(20)
    mutate = _with_bytes_changed if kind == "bytes" else _with_a_value_changed
    headers = [
        (mutate(dice, header), to) for header, to in (dice.choice(seeds) for _ in range(MUTATIONS))
    ]

    answers = core.ask(_question(to, [header]) for header, to in headers)

    verdicts = Counter[str]()
    for (header, to), theirs in zip(headers, answers, strict=True):
        ours = _judged(header, to)
        verdicts[ours.get("error", "ok")] += 1
        assert {key: theirs.get(key) for key in ours} == ours, header.hex()
    # What is compared must not be one kind of refusal alone.
    assert {"ok", "malformed", "out_of_range", "too_large"} <= set(verdicts), verdicts
    assert verdicts["ok"] > MUTATIONS // 50, verdicts


def _cases(name: str) -> list[dict[str, Any]]:
    path = VECTORS / "messages" / f"{name}.json"
    cases: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    assert cases
    return cases


def _joined(pieces: list[list[Any]]) -> bytes:
    return b"".join(bytes.fromhex(piece) * times for piece, times in pieces)


def _parts(case: dict[str, Any]) -> list[bytes]:
    return [_joined(part) for part in case["parts"]]


def _hex(content: bytes) -> str:
    return content.hex() or "-"


def _question(to: str, parts: list[bytes]) -> str:
    return " ".join(["message", to, *map(_hex, parts)])


def _encoded_again(header: bytes, to: str) -> bytes:
    envelope = codec.decode(header, to="daemon" if to == "daemon" else "client")
    return codec.encode(envelope.message, sequence=envelope.sequence, version=envelope.version)


def _judged(header: bytes, to: str) -> dict[str, Any]:
    """Return what the Python codec says of one header part, in the words of `facewire_vectors`."""
    try:
        envelope, _ = codec.unpack([header], to="daemon" if to == "daemon" else "client")
    except ProtocolError as error:
        return {"error": error.code, "field": error.field}
    answer = {
        "type": envelope.message.TYPE,
        "version": envelope.version,
        "sequence": envelope.sequence,
        "fields": dataclasses.asdict(envelope.message),  # type: ignore[call-overload]
        "encoded": _encoded_again(header, to).hex(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(answer))  # tuples become lists
    return plain


def _with_bytes_changed(dice: random.Random, header: bytes) -> bytes:
    """Return `header` with one or two places replaced, removed or doubled."""
    changed = bytearray(header)
    for _ in range(dice.randint(1, 2)):
        at = dice.randrange(len(changed) + 1)
        end = at + dice.randrange(4)
        new = [
            bytes([dice.choice(TELLING_BYTES)]),
            dice.randbytes(end - at),
            b"",
            2 * changed[at:end],
        ]
        changed[at:end] = dice.choice(new)
    return bytes(changed)


def _with_a_value_changed(dice: random.Random, header: bytes) -> bytes:
    """Return `header`, well packed, with one value of it exchanged, removed or added."""
    wire: dict[str, Any] = msgpack.unpackb(header)
    inside, place = _any_place(dice, wire)
    if isinstance(inside, list):
        inside[place : place + 1] = dice.choice([[], [dice.choice(STRANGE_VALUES)]])
    elif dice.random() < 0.1:
        inside.pop(place, None)
    else:
        inside[place] = dice.choice(STRANGE_VALUES)
    packed: bytes = msgpack.packb(wire, use_single_float=dice.random() < 0.3)
    return packed


def _any_place(dice: random.Random, wire: dict[str, Any]) -> tuple[Any, Any]:
    """Return a map or list anywhere in `wire` and a key or index of it, sometimes a new one."""
    inside: Any = wire
    while True:
        if isinstance(inside, dict):
            place: Any = dice.choice([*inside, "x"])
            deeper = inside.get(place)
        else:
            place = dice.randrange(len(inside) + 1)
            deeper = inside[place] if place < len(inside) else None
        if not isinstance(deeper, dict | list) or dice.random() < 0.3:
            return inside, place
        inside = deeper
