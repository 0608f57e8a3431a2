"""Run every check of the project and print the seconds each part took.

    run_tests.py [--all] [--only PART ...] [--lanes N]

Parts run to the end even when one fails, so that one run shows everything that is wrong; the exit
status is 1 when any failed. Two parts run at a time: those with daemons mostly wait, so on two
cores the whole takes little longer than its longest lane. A part's output is printed when it ends.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

LINT = {
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "ruff": [str(BIN / "ruff"), "check", "--quiet", "."],
    "mypy": [str(BIN / "mypy")],
    "layers": [str(BIN / "lint-imports")],
    "vectors": [sys.executable, "bridge_protocol/vectors/generate.py", "--check"],
}
TESTS = {
    "daemon": ["daemon", "system", "faults"],
    "core": [
        "audio", "inference", "animation", "emotion", "bundles", "mapping", "conformance",
        "judging", "training",
    ],
    "cpp": ["cpp"],
    "protocol": ["protocol", "keys", "client"],
    "tools": ["tools", "repo", "head", "rendering"],
}  # fmt: skip


def pytest_command(folders: list[str], *, everything: bool) -> list[str]:
    """Return the pytest call for the folders of tests/ that exist."""
    paths = [f"tests/{folder}" for folder in folders if (ROOT / "tests" / folder).is_dir()]
    return [
        sys.executable, "-m", "pytest", "-q", "--durations=5", "--durations-min=1.5",
        *([] if everything else ["-m", "not soak and not gpu and not netns"]),
        *(["-m", "not gpu", "--timeout=1200"] if everything else []),
        *paths,
    ]  # fmt: skip


class Result(NamedTuple):
    """How one part ended."""

    passed: bool
    seconds: float
    closing: str
    """Its last line."""


_printing = threading.Lock()


def run(name: str, command: list[str]) -> Result:
    """Run one part and print what it said."""
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    seconds = time.monotonic() - begun
    with _printing:
        print(f"\n--- {name} ({seconds:.1f} s)\n{done.stdout}", end="", flush=True)
    lines = done.stdout.strip().splitlines()
    return Result(done.returncode == 0, seconds, lines[-1].strip() if lines else "")


def run_all(parts: dict[str, list[str]], lanes: int) -> dict[str, Result]:
    """Run the linters, then the parts in lanes, the first named first."""
    results = {name: run(name, command) for name, command in parts.items() if name in LINT}
    with ThreadPoolExecutor(lanes) as pool:
        running = {
            name: pool.submit(run, name, command)
            for name, command in parts.items()
            if name not in LINT
        }
        return results | {name: future.result() for name, future in running.items()}


def counts(closing: str) -> dict[str, int]:
    """Return {'passed': n, 'failed': n, 'skipped': n} read from a pytest closing line."""
    return {
        word: int(number)
        for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", closing)
    }


def main() -> int:
    """Run the parts; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="also soak, long fuzz and netns tests")
    parser.add_argument("--only", nargs="*", help="parts: lint " + " ".join(TESTS))
    parser.add_argument("--lanes", type=int, default=2, help="parts at a time (default 2)")
    options = parser.parse_args()
    wanted = options.only or ["lint", *TESTS]

    parts = dict(LINT) if "lint" in wanted else {}
    parts |= {
        name: pytest_command(folders, everything=options.all)
        for name, folders in TESTS.items()
        if name in wanted
    }
    begun = time.monotonic()
    results = run_all(parts, options.lanes)

    print("\npart       seconds  result")
    total: dict[str, int] = {}
    for name, (passed, seconds, closing) in results.items():
        found = counts(closing) if name in TESTS else {"passed" if passed else "failed": 1}
        total = {key: total.get(key, 0) + found.get(key, 0) for key in {*total, *found}}
        detail = closing.strip("= ") if name in TESTS else ""
        print(f"{name:10s} {seconds:7.1f}  {'ok' if passed else 'FAILED'}  {detail}")
    print(f"{'wall':10s} {time.monotonic() - begun:7.1f}")
    failed = total.get("failed", 0) + total.get("error", 0)
    print(
        f"\n{total.get('passed', 0)} passed, {failed} failed, {total.get('skipped', 0)} skipped",
        flush=True,
    )
    return 0 if all(result.passed for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
