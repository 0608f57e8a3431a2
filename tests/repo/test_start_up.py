"""The command line starts fast because it loads nothing it does not need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("numpy", "onnxruntime", "soundfile", "soxr", "rich", "zmq", "msgpack", "PIL", "torch")


def modules_after(arguments: list[str]) -> set[str]:
    program = (
        "import sys, json, contextlib, io\n"
        "from facewire.tools.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        f"    main({arguments!r})\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_load_no_heavy_module(arguments: list[str]) -> None:
    loaded = modules_after(arguments)

    assert not loaded & set(HEAVY)
    assert "facewire.tools.cli" in loaded


def test_help_names_every_command() -> None:
    from facewire.tools.cli import COMMANDS

    done = subprocess.run(
        [sys.executable, "-m", "facewire", "--help"], capture_output=True, text=True, check=True
    )

    for name in COMMANDS:
        assert f"  {name} " in done.stdout


def test_each_listed_command_exists_and_explains_itself() -> None:
    import click

    from facewire.tools.cli import COMMANDS, cli

    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        assert (command.help or "").strip(), name


def test_an_unknown_command_names_the_nearest_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "facewire", "animat"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "animate" in done.stderr


def test_importing_the_client_loads_no_inference() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, facewire.protocol.client; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert not set(done.stdout.split()) & {"onnxruntime", "soundfile", "soxr", "click", "torch"}


def test_the_shipped_model_loads_nothing_of_the_bundles_it_does_not_need() -> None:
    program = (
        "import sys\n"
        "from facewire.inference.loading import load_model\n"
        "load_model('embedded')\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "facewire.inference.direct" in loaded
    assert not loaded & {
        "onnx",
        "facewire.solving",
        "facewire.bundles.a2f",
        "facewire.bundles.npz",
        "facewire.bundles.onnx_file",
        "facewire.inference.solved_family",
    }
