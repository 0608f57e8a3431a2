"""The reports as people read them: a table on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from facewire.tools.conformance.tally import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from facewire.tools.conformance.tally import FileReport, Row

HEADS: Final = ("topic", "compared", "cases", "passed", "skipped", "worst error", "tolerance", "")
_MAX_FAILURES: Final = 20
"""Of one quantity; --json has them all."""


def print_report(reports: Sequence[FileReport]) -> None:
    """Print all reports to stdout, failures and reasons for skips below the table."""
    rows = [cells for report in reports for cells in _cells(report)]
    if sys.stdout.isatty():
        _print_table(rows)
    else:
        widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
        for row in (HEADS, *rows):
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            print("  ".join(cells).rstrip())
    for line in (*_skips(reports), *_failures(reports), _summary(reports)):
        print(line)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for at, head in enumerate(HEADS):
        number = at in (2, 3, 4, 5)
        table.add_column(head, justify="right" if number else "left", no_wrap=number)
    before = ""
    for row in rows:
        topic = row[0] if row[0] != before else ""
        before = row[0]
        style = {"FAILED": "bold red", "ok": "green"}.get(row[-1], "dim")
        table.add_row(topic, *row[1:-1], Text(row[-1], style=style))
    Console(highlight=False).print(table)


def _cells(report: FileReport) -> Iterator[tuple[str, ...]]:
    topic = report.topic or report.file
    for row in report.rows.values():
        worst = shown(row.worst) if row.cases else "-"
        passed = str(row.passed) if row.cases else "-"
        counts = (str(row.cases), passed, str(row.skipped.total() or "-"))
        mark = ("ok" if row.cases else "skipped") if row.ok else "FAILED"
        yield topic, row.quantity, *counts, worst, row.tolerance.text(), mark
    if report.errors:
        yield topic, "errors", str(len(report.errors)), "0", "-", "-", "-", "FAILED"
    if report.skipped:
        yield topic, "the file", "0", "-", "1", "-", "-", "skipped"


def _skips(reports: Sequence[FileReport]) -> Iterator[str]:
    for report in reports:
        if report.skipped:
            yield f"skipped  {report.file}: {report.skipped}"
        for row in report.rows.values():
            for reason, count in row.skipped.items():
                yield f"skipped  {report.topic}, {row.quantity}: {count} of {_all(row)}, {reason}"


def _all(row: Row) -> int:
    return row.cases + row.skipped.total()


def _failures(reports: Sequence[FileReport]) -> Iterator[str]:
    for report in reports:
        for case, text in report.errors:
            where = f"{report.topic} {case}: " if case else ""
            yield f"FAILED   {where}{text}"
        for row in report.rows.values():
            failures = row.failures
            for case, error, limit in failures[:_MAX_FAILURES]:
                off = f"{shown(error)}, allowed {limit:g}"
                yield f"FAILED   {report.topic} {case}: {row.quantity} ({report.file}): {off}"
            if len(failures) > _MAX_FAILURES:
                more = len(failures) - _MAX_FAILURES
                yield f"FAILED   {report.topic}: {more} more of {row.quantity}"


def _summary(reports: Sequence[FileReport]) -> str:
    totals = [report.totals() for report in reports]
    summed = {key: sum(each[key] for each in totals) for key in totals[0]}
    files = sum(not report.skipped for report in reports)
    said = [f"{files} files, {summed['cases']} comparisons"]
    if summed["allowed"] or summed["failed"]:
        said.append(f"{summed['passed']} within their tolerances")
    else:
        said.append("all within their tolerances")
    if summed["allowed"]:
        said.append(f"{summed['allowed']} outside within their allowed share")
    if summed["failed"]:
        said.append(f"{summed['failed']} FAILED")
    return f"{', '.join(said)}, {summed['skipped']} skipped."
