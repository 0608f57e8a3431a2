"""The repository keeps the shape that the packaging recipe and the layers rely on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked_files():
        raw = path.read_bytes()
        if b"\0" not in raw:
            found.append((path.relative_to(ROOT), raw.decode("utf-8", "replace")))
    return found


@pytest.mark.parametrize("root", ["daemon", "bridge_protocol", "tools"])
def test_no_init_file_lies_directly_in_a_namespace_folder(root: str) -> None:
    assert (ROOT / root / "facewire").is_dir()

    assert not (ROOT / root / "facewire" / "__init__.py").exists()


def test_every_package_folder_has_an_init_file_with_a_docstring() -> None:
    for root in ("daemon", "bridge_protocol", "tools"):
        for module in (ROOT / root / "facewire").rglob("*.py"):
            if module.parent.name != "facewire":
                init = module.parent / "__init__.py"
                assert init.is_file(), f"{module.parent} lacks __init__.py"
                assert init.read_text().startswith('"""'), init


def test_no_file_names_a_package_registry_host() -> None:
    hosts = re.compile(
        r"pypi\.(org|python)|pythonhosted|npmjs\.(org|com)|deb\.debian|debian\.org|crates\.io"
    )

    named = [
        str(path)
        for path, text in texts()
        if hosts.search(text) and path != Path(__file__).relative_to(ROOT)
    ]

    assert named == []


def test_no_file_holds_an_absolute_path_of_a_machine() -> None:
    paths = re.compile(r"(\.\./shared|/work/|/root/|/home/[a-z]+/)")

    named = [
        str(path)
        for path, text in texts()
        if paths.search(text) and path != Path(__file__).relative_to(ROOT)
    ]

    assert named == []


def test_ci_runs_make_test() -> None:
    assert re.search(r"make .*\btest\b", (ROOT / ".ci" / "run").read_text())
