"""Run every check of the project in order and print the seconds each part took.

    run_tests.py [--all] [--only PART ...]

Parts run to the end even when one fails, so that one run shows everything that is wrong; the exit
status is 1 when any failed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

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
    "core": [
        "audio", "inference", "animation", "emotion", "bundles", "mapping", "conformance",
        "judging", "training",
    ],
    "protocol": ["protocol", "keys", "client"],
    "cpp": ["cpp"],
    "tools": ["tools", "repo"],
    "daemon": ["daemon", "system", "faults"],
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


def run(name: str, command: list[str]) -> tuple[bool, float, str]:
    """Run one part with its output shown; return (passed, seconds, closing line)."""
    print(f"\n--- {name}", flush=True)
    begun = time.monotonic()
    closing = ""
    with subprocess.Popen(  # noqa: S603 - our own commands
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            closing = line.strip() or closing
    return process.returncode == 0, time.monotonic() - begun, closing


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
    options = parser.parse_args()
    wanted = options.only or ["lint", *TESTS]

    parts = dict(LINT) if "lint" in wanted else {}
    parts |= {
        name: pytest_command(folders, everything=options.all)
        for name, folders in TESTS.items()
        if name in wanted
    }
    results = {name: run(name, command) for name, command in parts.items()}

    print("\npart       seconds  result")
    total: dict[str, int] = {}
    for name, (passed, seconds, closing) in results.items():
        found = counts(closing) if name in TESTS else {"passed" if passed else "failed": 1}
        total = {key: total.get(key, 0) + found.get(key, 0) for key in {*total, *found}}
        detail = closing.strip("= ") if name in TESTS else ""
        print(f"{name:10s} {seconds:7.1f}  {'ok' if passed else 'FAILED'}  {detail}")
    print(f"{'total':10s} {sum(seconds for _, seconds, _ in results.values()):7.1f}")
    failed = total.get("failed", 0) + total.get("error", 0)
    print(
        f"\n{total.get('passed', 0)} passed, {failed} failed, {total.get('skipped', 0)} skipped",
        flush=True,
    )
    return 0 if all(passed for passed, _, _ in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
