from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import pytest

from facewire.protocol.codec import Envelope, encode, unpack
from facewire.protocol.errors import ProtocolError, RingError
from facewire.protocol.limits import PROTOCOL_VERSION
from facewire.protocol.messages import MESSAGES
from facewire.protocol.ring import RingFile, RingReader

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.conftest import GoldenCase


def test_the_vectors_and_tables_are_those_the_generator_writes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "facewire.tools.wire", "--check"],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_golden_multipart_is_read_or_refused_as_the_vectors_say(
    golden_cases: list[GoldenCase],
) -> None:
    wrong = [
        f"{case.file}: {case.name}: {found}"
        for case in golden_cases
        if (found := outcome(case)) not in (case.expect, case.error)
    ]

    assert not wrong, "\n".join(wrong)


def test_every_canonical_vector_is_what_the_encoder_writes(golden_cases: list[GoldenCase]) -> None:
    wrong = []
    for case in golden_cases:
        if case.expect is None:
            continue
        envelope, _ = unpack(case.parts, to=case.to)
        header = encode(envelope.message, sequence=envelope.sequence, version=envelope.version)
        if (header == case.parts[0]) != case.canonical and envelope.version == PROTOCOL_VERSION:
            wrong.append(f"{case.file}: {case.name}: {header.hex()}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_field_of_a_message_has_a_vector_that_breaks_it(
    name: str, golden_cases: list[GoldenCase]
) -> None:
    mine = [case for case in golden_cases if case.file == name]

    assert any(case.canonical for case in mine)
    for field in fields(MESSAGES[name]):  # type: ignore[arg-type]
        broken = [case for case in mine if case.error and f": {field.name} " in case.name]
        assert len(broken) >= 3, field.name


def test_case_names_are_unique_in_their_file(golden_cases: list[GoldenCase]) -> None:
    names = [(case.file, case.name, case.to) for case in golden_cases]

    assert len(names) == len(set(names))


def test_ring_files_of_the_vectors_open_and_read_as_they_say(
    ring_cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    for index, case in enumerate(ring_cases):
        path = tmp_path / f"{index}.ring"
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(descriptor, case["file"])
        os.close(descriptor)

        if not case["opens"]:
            with pytest.raises(RingError):
                RingFile.open(path, case["size_bytes"])
            continue
        with RingFile.open(path, case["size_bytes"]) as ring_file:
            for read in case["reads"]:
                assert read_outcome(RingReader(ring_file), read) == (
                    read.get("payload", read.get("error"))
                ), (case["name"], read["name"])


def outcome(case: GoldenCase) -> dict[str, Any] | str:
    try:
        envelope, payload = unpack(case.parts, to=case.to)
    except ProtocolError as error:
        return error.code
    assert payload == (case.parts[1] if len(case.parts) == 2 else None)
    return as_json(envelope)


def as_json(envelope: Envelope) -> dict[str, Any]:
    read = {
        "type": envelope.message.TYPE,
        "version": envelope.version,
        "sequence": envelope.sequence,
        "fields": asdict(envelope.message),  # type: ignore[call-overload]
    }
    found: dict[str, Any] = json.loads(json.dumps(read))
    return found


def read_outcome(reader: RingReader, read: dict[str, Any]) -> bytes | str:
    try:
        return reader.read(
            read["offset"],
            read["length_bytes"],
            generation=read["generation"],
            sequence=read["sequence"],
        )
    except ProtocolError as error:
        return error.code
