"""The golden vectors as the tests read them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[2] / "bridge_protocol" / "vectors"


@dataclass(frozen=True)
class GoldenCase:
    file: str
    name: str
    to: Any
    parts: list[bytes]
    expect: dict[str, Any] | None
    canonical: bool
    error: str | None


@pytest.fixture(scope="session")
def golden_cases() -> list[GoldenCase]:
    return [
        GoldenCase(
            file=path.stem,
            name=case["name"],
            to=case["to"],
            parts=[bytes_of(part) for part in case["parts"]],
            expect=case.get("expect"),
            canonical=case.get("canonical", False),
            error=case.get("error"),
        )
        for path in sorted((VECTORS / "messages").glob("*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))
    ]


@pytest.fixture(scope="session")
def ring_cases() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / "rings.json").read_text(encoding="utf-8"))
    for case in cases:
        case["file"] = bytes_of(case["file"])
        for read in case["reads"]:
            if "payload" in read:
                read["payload"] = bytes_of(read["payload"])
    return cases


def bytes_of(pieces: list[list[Any]]) -> bytes:
    return b"".join(bytes.fromhex(piece) * times for piece, times in pieces)
