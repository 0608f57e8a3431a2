"""`facewire models` with a models folder of the test's."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SMALL_CHUNKS = (
    "import huggingface_hub.constants as c; c.DOWNLOAD_CHUNK_SIZE = 65536; "
    "from facewire.tools.cli import main; main()"
)
"""The command line of a client that writes what it fetches in small pieces."""


@dataclass
class Shop:
    """A models folder, and how commands see it."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    """Of every command."""

    @property
    def models(self) -> Path:
        """FACEWIRE_MODELS."""
        return self.folder / "models"

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the variables of a command: none of the developer's own."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FACEWIRE_", "HF_", "HUGGING"))
        }
        own = {"FACEWIRE_MODELS": str(self.models), "HF_HOME": str(self.folder / "hf")}
        return {**kept, **own, "HF_ENDPOINT": "http://127.0.0.1:9", **self.variables, **variables}

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `facewire` with arguments, in this process: most tests ask for no more."""
        from facewire.tools.cli import main

        stdout, stderr = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment(**variables), clear=True),
            redirect_stdout(stdout),
            redirect_stderr(stderr),
            pytest.raises(SystemExit) as ended,
        ):
            main(arguments)
        code = ended.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(arguments, code, stdout.getvalue(), stderr.getvalue())

    def told(self, *arguments: str, code: int = 0, **variables: str) -> dict[str, Any]:
        """Run `facewire models` with --json, see its exit code and return what it said."""
        done = self.run("models", *arguments, "--json", **variables)
        assert done.returncode == code, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def names(self, state: str = "installed") -> list[str]:
        """Return the models of a state."""
        return [row["name"] for row in self.told("list")["models"] if row["state"] == state]

    def hidden(self) -> list[str]:
        """Return what lies in the models folder besides its list, its lock and models."""
        expected = {"models.json", ".lock"}
        return sorted(
            path.name
            for path in self.models.glob("*")
            if path.name not in expected and path.name.startswith(".")
        )


@dataclass
class ShopApart(Shop):
    """Runs each command in a process of its own: the hub's client reads variables once."""

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `facewire` with arguments."""
        return subprocess.run(
            [sys.executable, "-m", "facewire", *arguments],
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
