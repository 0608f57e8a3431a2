"""FacewireCore compiles without a warning, passes its own tests, and needs no engine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cpp.conftest import CoreBuild

CHECKOUT = Path(__file__).parents[2]
SOURCE = CHECKOUT / "ue_plugin" / "Facewire" / "Source" / "FacewireCore"
VECTORS = CHECKOUT / "bridge_protocol" / "vectors" / "messages"
FUZZ_SECONDS = 5.0

pytestmark = pytest.mark.timeout(300)  # the first test of a fresh checkout compiles everything


def test_core_passes_its_unit_tests(checked_core: CoreBuild) -> None:
    assert "100% tests passed" in checked_core.run_unit_tests()


def test_mutated_messages_break_no_rule(checked_core: CoreBuild) -> None:
    seeds = [
        header
        for path in sorted(VECTORS.glob("*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))
        for header in (_bytes_of(part) for part in case["parts"][:1])
        if len(header) <= 4096  # long ones are in the vectors; here speed finds more
    ]

    tried = checked_core.fuzz(seeds, seconds=FUZZ_SECONDS, seed=1)

    assert tried > 100


def test_core_includes_only_the_standard_library_and_itself() -> None:
    sources = sorted(SOURCE.rglob("*.h")) + sorted(SOURCE.rglob("*.cpp"))
    own = {path.relative_to(SOURCE / "Public").as_posix() for path in SOURCE.glob("Public/*/*.h")}
    own |= {path.name for path in (SOURCE / "Private").glob("*.h")}
    standard = re.compile(r"[a-z_]+")  # C++ headers have no suffix; an engine's have

    included = {
        (path.name, line)
        for path in sources
        for line in re.findall(r"^\s*#\s*include\s+(.+)$", path.read_text(), flags=re.MULTILINE)
    }

    assert included
    for name, line in sorted(included):
        target = line.strip()[1:-1]
        known = standard.fullmatch(target) if line.startswith("<") else target in own
        assert known, f"{name} includes {line}"


def _bytes_of(part: list[list[str | int]]) -> bytes:
    return b"".join(bytes.fromhex(str(piece)) * int(times) for piece, times in part)
