"""What the comparisons of one file add up to: a row per quantity, and what was wrong in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from facewire.tools.conformance.outcomes import Compared, Outcome

if TYPE_CHECKING:
    from facewire.tools.conformance.tolerances import Tolerance


@dataclass
class Row:
    """The items of one quantity: cases, or frames where a share of them is asked for."""

    quantity: str
    tolerance: Tolerance
    cases: int = 0
    passed: int = 0
    worst: float = 0.0
    worst_case: str = ""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many items, by reason."""
    over: list[tuple[str, float, float]] = field(default_factory=list)
    """Case, error and limit of the items that are not within it."""

    def add(self, case: str, outcome: Outcome) -> None:
        """Count one outcome."""
        if not isinstance(outcome, Compared):
            self.skipped[outcome.reason] += outcome.count
            return
        limit = self.tolerance.limit if outcome.limit is None else outcome.limit
        for error in outcome.errors:
            self.cases += 1
            if error <= limit:
                self.passed += 1
            else:
                self.over.append((case, error, limit))
            if error > self.worst or not self.worst_case:
                self.worst, self.worst_case = error, case

    @property
    def ok(self) -> bool:
        """Whether all that is asked of the quantity holds."""
        return not self.failures

    @property
    def failures(self) -> list[tuple[str, float, float]]:
        """Return case, error and limit of what makes the quantity fail, the worst first."""
        share, rest = self.tolerance.share, self.tolerance.rest
        failed = self.over
        if share < 1.0 and self.passed >= share * self.cases:
            failed = [(case, error, rest) for case, error, _ in self.over if error > rest]
        return sorted(failed, key=lambda each: -each[1])

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain values; an error that is no number is null."""
        asked = self.tolerance
        return {
            "quantity": self.quantity,
            "ok": self.ok,
            "cases": self.cases,
            "passed": self.passed,
            "worst_error": number(self.worst),
            "worst_case": self.worst_case,
            "tolerance": {
                "limit": asked.limit,
                "kind": asked.kind,
                "share": asked.share,
                "rest": number(asked.rest) if asked.share < 1.0 else None,
                "source": asked.source,
            },
            "skipped": [{"reason": why, "count": count} for why, count in self.skipped.items()],
            "failures": [
                {"case": case, "error": number(error), "limit": limit}
                for case, error, limit in self.failures
            ],
        }


@dataclass
class FileReport:
    """One file's rows, or why it could not be read."""

    file: str
    topic: str
    rows: dict[str, Row] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)
    """Case ("" for the file) and what was wrong: no comparison came of it."""
    skipped: str = ""
    """Why nothing of the file was looked at."""

    @property
    def ok(self) -> bool:
        """Whether everything that was compared agrees, and something was."""
        return not self.errors and all(row.ok for row in self.rows.values())

    def totals(self) -> dict[str, int]:
        """Return how many items were compared and what came of them.

        `passed` are within their tolerance; `allowed` are not, but so few and so near that their
        quantity's share holds; the rest `failed`.
        """
        rows = self.rows.values()
        failed = sum(len(row.failures) for row in rows)
        return {
            "cases": sum(row.cases for row in rows) + len(self.errors),
            "passed": sum(row.passed for row in rows),
            "allowed": sum(len(row.over) for row in rows) - failed,
            "failed": failed + len(self.errors),
            "skipped": sum(row.skipped.total() for row in rows),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "file": self.file,
            "topic": self.topic,
            "ok": self.ok,
            **self.totals(),
            "skipped_file": self.skipped or None,
            "errors": [{"case": case or None, "text": text} for case, text in self.errors],
            "rows": [row.as_json() for row in self.rows.values()],
        }


def number(value: float) -> float | None:
    """Return what JSON can hold."""
    return value if isfinite(value) else None


def shown(error: float) -> str:
    """Return an error as people read it."""
    return "not comparable" if error == inf else f"{error:.3g}"
