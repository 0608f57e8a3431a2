"""`facewire serve`: run the daemon in the foreground."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facewire.inference.providers import HELP

if TYPE_CHECKING:
    from facewire.daemon.server import Ready


@click.command()
@click.option("--instance", metavar="NAME", help="Name of this daemon (default: default).")
@click.option(
    "--config", "file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
    help="Settings in TOML, over those of the site and the user.",
)  # fmt: skip
@click.option(
    "--model", metavar="NAME", help="Model of streams that name none: a name, or a bundle's folder."
)
@click.option(
    "--load", "others", metavar="NAME", multiple=True,
    help="One more model loaded at start; may be given again. Streams choose by name.",
)  # fmt: skip
@click.option(
    "--emotion-model", metavar="NAME",
    help="Audio2Emotion model for streams that ask for automatic emotion: a name, or a folder.",
)  # fmt: skip
@click.option(
    "--noise", metavar="KIND",
    help="Of diffusion models: constant (the same in every window, the default) or varying.",
)  # fmt: skip
@click.option("--provider", metavar="NAME", help=f"What runs the networks: {HELP}")
@click.option(
    "--mappings", metavar="DIR",
    help="Folder of curve tables of your own; edits take effect while streams run.",
)  # fmt: skip
@click.option("--workers", metavar="N", type=int, help="Inference threads; 0: by the cores.")
@click.option("--tcp", metavar="PORT", type=int, help="Serve on 127.0.0.1:PORT; 0: any free port.")
@click.option(
    "--remote", metavar="tcp://HOST:PORT",
    help="Also serve clients with keys on this address (see `facewire keys`).",
)  # fmt: skip
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
@click.option("--die-with", metavar="PID", type=int, help="End when this process does.")
@click.option("--json", "as_json", is_flag=True, help="Say when ready as one JSON line on stdout.")
@click.option("-v", "--verbose", count=True, help="-vv: show where an error came from.")
def serve(
    *,
    instance: str | None,
    file: Path | None,
    model: str | None,
    others: tuple[str, ...],
    emotion_model: str | None,
    noise: str | None,
    provider: str | None,
    mappings: str | None,
    workers: int | None,
    tcp: int | None,
    remote: str | None,
    log_level: str | None,
    die_with: int | None,
    as_json: bool,
    verbose: int,
) -> int:
    """Run the daemon that games and clients connect to.

    Local clients find it by its instance name and need no configuration. SIGTERM or Ctrl-C lets
    running streams finish; a second Ctrl-C ends at once; SIGHUP reads limits and log level anew.
    """
    from facewire.daemon.launch import serve as run

    del verbose  # read by `main`, which prints errors
    flags = {
        "daemon.instance": instance,
        "daemon.model": model,
        "daemon.load": "".join(f"{each}\n" for each in others) or None,
        "daemon.emotion_model": emotion_model,
        "daemon.noise": noise,
        "daemon.provider": provider,
        "daemon.mappings": mappings,
        "daemon.workers": workers,
        "network.tcp": tcp,
        "network.remote": remote,
        "log.level": log_level,
    }
    return run(
        file=file, flags=flags, die_with=die_with, on_ready=_say_json if as_json else _say_ready
    )


def _say_json(ready: Ready) -> None:
    click.echo(json.dumps(vars(ready)))


def _say_ready(ready: Ready) -> None:
    remote = f" and {ready.remote}" if ready.remote else ""
    workers = f"{ready.workers} worker{'s' if ready.workers > 1 else ''}"
    state = click.style("ready", fg="green", bold=True)
    models = ", ".join(ready.models)
    emotion = f", emotions by {ready.emotion_model}" if ready.emotion_model else ""
    click.echo(  # in one piece: the log writes to the same terminal
        f"{state}  {ready.instance} (pid {ready.pid}) on {ready.endpoint}{remote}: "
        f"{models} on {ready.provider}{emotion}, {workers}",
        err=True,
    )
