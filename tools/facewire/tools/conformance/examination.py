"""Find the vector files of a folder, and compare each with what our code computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from facewire.protocol.errors import FacewireError
from facewire.tools.conformance.literals.cases import literal_cases
from facewire.tools.conformance.tally import FileReport, Row
from facewire.tools.conformance.tolerances import LITERAL, TOLERANCES
from facewire.tools.conformance.topics import TOPICS
from facewire.tools.conformance.vector_file import VectorFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from facewire.tools.conformance.outcomes import Comparison

LITERALS: Final = "literals"
"""The topic of vectors.json."""
LITERALS_FILE: Final = "vectors.json"
NAMES: Final = (*TOPICS, LITERALS)

_MISFITS: Final = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)
"""What arrays and numbers of another shape or type than INDEX.md describes make our code raise."""


@dataclass(frozen=True)
class Found:
    """A file to look at; no topic where its name starts like none."""

    path: Path
    topic: str | None


def find(folder: Path) -> list[Found]:
    """Return the vector files of a folder, and of a folder `vectors` in it, topic by topic."""
    paths = [*folder.glob("*.npz"), *folder.glob("vectors/*.npz")]
    found = [Found(path, topic_of(path.stem)) for path in sorted(paths) if path.is_file()]
    literals = (folder / LITERALS_FILE, folder / "vectors" / LITERALS_FILE)
    found += [Found(path, LITERALS) for path in literals if path.is_file()]
    return sorted(found, key=lambda each: NAMES.index(each.topic) if each.topic else len(NAMES))


def topic_of(stem: str) -> str | None:
    """Return the topic of `blendshape_skin_dev`, `blendshape_skin_20270101`, `blendshape_skin`."""
    return next((name for name in TOPICS if stem == name or stem.startswith(f"{name}_")), None)


def examine(found: Found) -> FileReport:
    """Return what came of a file; what is wrong with it is in the report, and never raised."""
    report = FileReport(found.path.name, found.topic or "")
    if found.topic is None:
        report.skipped = "its name starts like no topic of INDEX.md"
        return report
    try:
        for case, comparison in _cases(found.path, found.topic):
            _compare(report, case, comparison)
    except FacewireError as error:
        report.errors.append(("", str(error)))
    except _MISFITS as error:
        report.errors.append(("", _misfit(error)))
    order = list(TOLERANCES.get(found.topic, report.rows))
    report.rows = {name: report.rows[name] for name in order if name in report.rows}
    if not report.rows and not report.errors:
        report.errors.append(("", f"{report.file} holds no case."))
    return report


def _cases(path: Path, topic: str) -> Iterator[tuple[str, Comparison]]:
    if topic == LITERALS:
        return literal_cases(path)
    return TOPICS[topic](VectorFile(path))


def _compare(report: FileReport, case: str, comparison: Comparison) -> None:
    tolerances = TOLERANCES.get(report.topic, {})
    try:
        for outcome in comparison():
            quantity = outcome.quantity
            tolerance = tolerances.get(quantity, LITERAL)
            report.rows.setdefault(quantity, Row(quantity, tolerance)).add(case, outcome)
    except FacewireError as error:
        report.errors.append((case, str(error)))
    except _MISFITS as error:
        report.errors.append((case, _misfit(error)))


def _misfit(error: Exception) -> str:
    return f"What is stored does not fit what INDEX.md describes ({type(error).__name__}: {error})."


def as_json(folder: Path, reports: Sequence[FileReport]) -> dict[str, Any]:
    """Return all reports as plain values."""
    totals = [report.totals() for report in reports]
    return {
        "ok": all(report.ok for report in reports),
        "folder": str(folder),
        **{key: sum(each[key] for each in totals) for key in totals[0]},
        "files": [report.as_json() for report in reports],
    }
