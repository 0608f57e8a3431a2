"""FacewireCore, built once per test session: optimised, and checked by sanitizers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CHECKOUT = Path(__file__).parents[2]
SOURCE = CHECKOUT / "ue_plugin" / "Facewire" / "Source" / "FacewireCore"
COMPILE_TIMEOUT_S = 280
"""A cold build takes some 20 s; a machine shared with others may need many times that."""
SANITIZER_OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


class CoreBuild(NamedTuple):
    """One build of FacewireCore with its test programs."""

    folder: Path

    def run_unit_tests(self) -> str:
        """Run ctest and return what it printed."""
        return _run([_tool("ctest"), "--test-dir", str(self.folder), "--output-on-failure"])

    def ask(self, questions: Iterable[str]) -> list[dict[str, Any]]:
        """Return the answers of `facewire_vectors`, one per question."""
        lines = list(questions)
        printed = _run([self.folder / "facewire_vectors"], typed="\n".join(lines))
        answers: list[dict[str, Any]] = [json.loads(line) for line in printed.split("\n")[:-1]]
        assert len(answers) == len(lines)
        return answers

    def map_rows(self, table: Path, rows: bytes, *options: str) -> bytes:
        """Return the float32 rows that `facewire_map` makes of float32 rows of 75."""
        command: list[str | Path] = [self.folder / "facewire_map", table, *options]
        done = subprocess.run(
            command, input=rows, capture_output=True, timeout=COMPILE_TIMEOUT_S, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def fuzz(
        self,
        seeds: Iterable[bytes],
        *,
        seconds: float,
        seed: int,
        program: str = "facewire_fuzz",
    ) -> int:
        """Mutate `seeds` for some seconds and return how many inputs were tried."""
        command: list[str | Path] = [self.folder / program, str(seconds), str(seed)]
        printed = _run(command, typed="\n".join(item.hex() for item in seeds))
        return int(printed.split()[0])


@pytest.fixture(scope="session")
def core() -> CoreBuild:
    """The optimised library, with the programs that answer for it.

    It is what ships, and an optimiser sees warnings that others do not.
    """
    return _build("release", ["facewire_vectors", "facewire_map"], "-DCMAKE_BUILD_TYPE=Release")


@pytest.fixture(scope="session")
def checked_core() -> CoreBuild:
    """All programs, with assertions and, where the compiler has them, under sanitizers.

    The library is compiled as Unreal may, as C++20 and in one piece: names that clash show here.
    """
    sanitize = f"-DFACEWIRE_SANITIZE={'ON' if _has_sanitizers() else 'OFF'}"
    return _build("checked", ["all"], sanitize, "-DFACEWIRE_UNITY=ON", "-DCMAKE_CXX_STANDARD=20")


def _build(name: str, targets: Sequence[str], *options: str) -> CoreBuild:
    """Configure and build `targets` into build/core/NAME, compiling only what changed."""
    folder = CHECKOUT / "build" / "core" / name
    configure: list[str | Path] = [_tool("cmake"), "-S", SOURCE, "-B", folder, "-G", "Ninja"]
    configure += [f"-DCMAKE_MAKE_PROGRAM={_tool('ninja')}", *options]
    if _is_of_another_checkout(folder):
        shutil.rmtree(folder)
    _run(configure)
    _run([_tool("cmake"), "--build", str(folder), "--target", *targets])
    return CoreBuild(folder)


def _run(command: Sequence[str | Path], *, typed: str = "") -> str:
    """Run a program to its end and return what it printed."""
    done = subprocess.run(
        command,
        input=typed,
        capture_output=True,
        text=True,
        timeout=COMPILE_TIMEOUT_S,
        check=False,
        env={**os.environ, **SANITIZER_OPTIONS},
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _tool(name: str) -> str:
    """Return the path of a build tool: the one beside our Python, else the first on PATH."""
    path = shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is missing: it comes with the test group, see CONTRIBUTING")
    return path


def _is_of_another_checkout(folder: Path) -> bool:
    """CMake refuses a build folder that was moved or copied with its checkout."""
    cache = folder / "CMakeCache.txt"
    return cache.exists() and f"CMAKE_HOME_DIRECTORY:INTERNAL={SOURCE}\n" not in cache.read_text()


def _has_sanitizers() -> bool:
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        return False
    probe = subprocess.run(
        [compiler, "-fsanitize=address,undefined", "-x", "c++", "-", "-o", os.devnull],
        input="int main() {}",
        capture_output=True,
        text=True,
        timeout=COMPILE_TIMEOUT_S,
        check=False,
    )
    return probe.returncode == 0
