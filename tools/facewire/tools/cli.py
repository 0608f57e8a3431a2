"""The `facewire` command line: a group that loads a subcommand's module only when it is named.

Exit codes: 0 ok, 1 failed, 2 usage, 3 already running, 4 provider missing, 5 model missing,
130 interrupted. Human text goes to stderr, results to stdout.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.protocol.errors import FacewireError

COMMANDS: Final = {
    "animate": "Turn speech files into blendshape curves.",
    "render": "Draw the face that curves make: a filmstrip or a video.",
    "frame": "Show one instant: its weights and its face.",
    "serve": "Run the daemon that games and clients connect to.",
    "status": "Show what a running daemon is doing.",
    "demo": "Stream a line of speech through a private daemon and draw the face.",
    "doctor": "Check this machine, one line per check, with the fix for each failure.",
    "bench": "Measure transports and the model side by side.",
    "models": "Fetch models, add your own, look at them and check them.",
    "mapping": "Look at curve tables, check your own, apply them to animation files.",
    "keys": "Make, invite and revoke the keys of remote clients.",
    "config": "Show the configuration, its files and what each setting means.",
    "conformance": "Compare our numbers with those that NVIDIA's code computed.",
    "evaluate": "Judge a model's lip motion against measured faces.",
    "train": "Train the embedded model (needs the `train` extra).",
}
"""Command → its one-line help: written here so that `--help` imports no command module."""

_SMALL_PRODUCTS: Final = frozenset({"serve", "animate", "frame", "demo"})
"""Commands whose matrices are small: numpy's threads cost them more than they give."""
_BLAS_THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class LazyGroup(click.Group):
    """A click group whose commands live in `facewire.tools.<name>`, attribute `<name>`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a new user meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None when there is no such command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"facewire.tools.{cmd_name}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve as click does, but name the nearest command when there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"There is no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command table from `COMMANDS`, importing nothing."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version() -> str:
    from importlib.metadata import version

    return version("facewire")


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if wanted and not ctx.resilient_parsing:
        click.echo(f"facewire {_version()}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version,
    help="Show the version and exit.",
)  # fmt: skip
def cli() -> None:
    """Speech in, a moving face out: the bridge between voices and Unreal Engine 5.

    Start with `facewire demo`, or `facewire animate clip.wav -o clip.csv`.
    """


def report(error: FacewireError) -> int:
    """Print an error as one sentence and its hint on stderr; return the exit code."""
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(error.text, err=True)
    if error.hint:
        click.secho("  try: ", fg="cyan", nl=False, err=True)
        click.echo(error.hint, err=True)
    return error.exit_code


def _report_to_program(wanted: Sequence[str], text: str, hint: str, exit_code: int) -> None:
    """With `--json`, print an error on stdout too, so that a program always has JSON to read."""
    if "--json" in wanted:
        error = {"text": text, "hint": hint, "exit_code": exit_code}
        click.echo(json.dumps({"error": error}))


def _limit_blas(wanted: Sequence[str]) -> None:
    """Keep numpy's matrix products to one thread, where the user has not said how many.

    A product of some milliseconds waits for its slowest thread, which waits for a core that a game
    has: folding a mask then takes a second in place of twenty milliseconds.
    """
    if wanted and wanted[0] in _SMALL_PRODUCTS and "numpy" not in sys.modules:
        for name in _BLAS_THREADS:
            os.environ.setdefault(name, "1")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    from facewire.protocol.errors import FacewireError

    wanted = list(sys.argv[1:] if arguments is None else arguments)
    _limit_blas(wanted)
    try:
        code = cli.main(args=wanted, prog_name="facewire", standalone_mode=False)
    except FacewireError as error:
        if "-vv" in wanted:
            traceback.print_exc()
        _report_to_program(wanted, error.text, error.hint, error.exit_code)
        sys.exit(report(error))
    except click.ClickException as error:
        _report_to_program(wanted, error.format_message(), "", error.exit_code)
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # who read our output has left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes stdout at its end
        sys.exit(1)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
