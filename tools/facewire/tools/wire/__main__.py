"""`python -m facewire.tools.wire [--check]`: write what is generated, or check that it is so."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from facewire.tools.wire.outputs import outputs

CHECKOUT = Path(__file__).resolve().parents[4]


def main() -> int:
    """Return the exit status: 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m facewire.tools.wire", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, report differences")
    chosen = parser.parse_args()
    folder = CHECKOUT / "bridge_protocol"
    wanted = outputs(folder)
    stale = [path for path, content in wanted.items() if _text(path) != content]
    extra = sorted(set((folder / "vectors").rglob("*.json")) - set(wanted))
    if chosen.check:
        for path in [*stale, *extra]:
            print(f"{path.relative_to(CHECKOUT)} differs: run python -m facewire.tools.wire")
        return 1 if stale or extra else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8", newline="\n")
    for path in extra:
        path.unlink()
    print(f"{len(stale)} of {len(wanted)} files written, {len(extra)} removed.")
    return 0


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
