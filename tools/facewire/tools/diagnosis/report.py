"""What a check answers: a `Finding`; and what a check is: a name and a function."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from collections.abc import Callable

Status = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    status: Status
    text: str
    """What was found, in a few words."""
    fix: str = ""
    """What to do about it; never empty for `warning` and `failed`."""


def ok(text: str) -> Finding:
    """Report that all is well."""
    return Finding("ok", text)


def skipped(text: str) -> Finding:
    """Report that there is nothing to check here, and why."""
    return Finding("skipped", text)


def warning(text: str, fix: str) -> Finding:
    """Report something that works now and may not always."""
    return Finding("warning", text, fix)


def failed(text: str, fix: str) -> Finding:
    """Report something that does not work."""
    return Finding("failed", text, fix)


@dataclass(frozen=True)
class Check:
    """One thing to look at."""

    name: str
    """Short, stable name: part of the `--json` schema."""
    look: Callable[[], Finding]

    def run(self) -> Finding:
        """Look; whatever goes wrong in looking is a finding too."""
        try:
            return self.look()
        except FacewireError as error:
            return failed(error.text, error.hint or "See the text; `-vv` shows where.")
        except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
            return failed(
                f"the check itself failed: {type(error).__name__}: {error}",
                "Reinstall Facewire; if it stays, report this line.",
            )


def as_json(name: str, finding: Finding) -> dict[str, str]:
    """Return a finding as an object of `--json`."""
    return {"name": name, **asdict(finding)}
