"""`facewire status`: what a running daemon is doing."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from facewire.tools.speed import speed_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

WATCH_S = 1.0


@click.command()
@click.option("--instance", default="default", show_default=True, help="Name of the daemon.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON line.")
@click.option("--watch", is_flag=True, help="Show them anew each second until Ctrl-C.")
@click.option("-v", "--verbose", count=True, help="-vv: show where an error came from.")
def status(*, instance: str, as_json: bool, watch: bool, verbose: int) -> None:
    """Show what a running daemon is doing: sessions, streams, frame rates, latencies, memory."""
    from facewire.protocol.client import Client

    del verbose  # read by `main`, which prints errors
    with Client.connect(instance=instance, name="facewire status", reconnect_s=2.0) as client:
        own = client.welcome.session
        if as_json:
            _print_json(client, watch=watch)
        elif watch:
            _watch(client, own)
        else:
            _console().print(view(client.stats(), own, client.models()))


def _print_json(client: Any, *, watch: bool) -> None:
    click.echo(json.dumps(client.stats()))
    while watch:
        time.sleep(WATCH_S)
        click.echo(json.dumps(client.stats()))


def _watch(client: Any, own: str) -> None:
    from rich.live import Live

    with Live(
        view(client.stats(), own, client.models()), console=_console(), auto_refresh=False
    ) as live:
        while True:
            time.sleep(WATCH_S)
            live.update(view(client.stats(), own, client.models()), refresh=True)


def _console() -> Any:
    from rich.console import Console

    # A pipe has no width; 80 columns would cut the table that somebody wants to grep.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def view(
    stats: dict[str, Any], own: str = "", models: Sequence[dict[str, Any]] = ()
) -> RenderableType:
    """Return the figures as text and a table.

    Args:
        stats: The daemon's answer (`facewire.daemon.stats`).
        own: Name of our own session, which nobody wants to see.
        models: What the daemon tells of its models (SPEC, `models`).
    """
    from rich.console import Group

    others = [session for session in stats["sessions"] if session["session"] != own]
    parts: list[RenderableType] = [_heading(stats), _figures(stats, len(others), models)]
    if others:
        parts.append(_table(others))
    if stats["sessions_omitted"]:
        parts.append(f"and {stats['sessions_omitted']} more sessions")
    return Group(*parts)


def _heading(stats: dict[str, Any]) -> RenderableType:
    from rich.text import Text

    daemon = stats["daemon"]
    state = str(daemon["state"])
    remote = f" and {daemon['remote']}" if daemon["remote"] else ""
    return Text.assemble(
        (state, "bold green" if state == "ready" else "bold yellow"),
        f"  {daemon['instance']} (pid {daemon['pid']}) on {daemon['endpoint']}{remote}, "
        f"{daemon['version']}, up {_duration(daemon['uptime_s'])}",
    )


def _figures(stats: dict[str, Any], sessions: int, models: Sequence[dict[str, Any]]) -> str:
    daemon, totals, process = stats["daemon"], stats["totals"], stats["process"]
    load, latency = stats["load"], stats["latency_ms"]
    errors = ", ".join(f"{code} {count}" for code, count in totals["errors"].items()) or "none"
    computed_s = totals["compute_s"]
    speed = f"; {speed_words(totals['audio_s'] / computed_s)}" if computed_s else ""
    return "\n".join(
        [
            f"  model    {_models(daemon['models'], models)} on {daemon['provider']}, "
            f"{daemon['workers']} worker(s), {load['queued_windows']} windows waiting",
            f"  emotion  {_hearing(models)}",
            f"  now      {sessions} sessions, {load['streams']} streams",
            f"  frames   {totals['frames']} sent, {totals['dropped']} dropped{speed}",
            f"  latency  {_latency(latency)} ms (p50 / p90 / p99, window complete to sent)",
            f"  payloads {totals['ring_payloads']} by ring, {totals['inline_payloads']} inline",
            f"  process  {process['rss_bytes'] / 2**20:.0f} MiB, "
            f"{process['descriptors']} descriptors, {process['cpu_s']:.1f} s of processor",
            f"  errors   {errors}",
        ]
    )


def _models(names: Sequence[str], models: Sequence[dict[str, Any]]) -> str:
    """Return the models' names, each with the variant of its network that runs."""
    variants = {each["name"]: each.get("variant", "") for each in models}
    said = []
    for name in names:
        variant = variants.get(name, "")
        told = variant and not name.endswith(f"@{variant}")
        said.append(f"{name} ({variant})" if told else name)
    return ", ".join(said)


def _hearing(models: Sequence[dict[str, Any]]) -> str:
    """Return what hears emotions, and for which models."""
    hearing: dict[str, list[str]] = {}
    for each in models:
        if each.get("emotion"):
            hearing.setdefault(each["emotion"], []).append(each["name"])
    return "; ".join(f"{name} hears it for {', '.join(hearing[name])}" for name in hearing) or (
        "is not heard"
    )


def _table(sessions: list[dict[str, Any]]) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("client", "pid", "transport", "stream", "state", "model", "mode"):
        table.add_column(name)
    for name in ("fps", "frames/s", "frames", "dropped", "audio s", "latency ms"):
        table.add_column(name, justify="right")
    for session in sessions:
        whose = (str(session["client"]), str(session["pid"] or "?"), str(session["transport"]))
        if not session["streams"]:
            table.add_row(*whose, "-")
        for stream in session["streams"]:
            table.add_row(*whose, *_row(stream))
    return table


def _row(stream: dict[str, Any]) -> list[str]:
    return [
        f"{stream['stream']}.{stream['generation']}",
        str(stream["state"]),
        f"{stream['model']}/{stream['rig']}",
        str(stream["mode"]),
        f"{stream['fps']:g}",
        str(stream["frames_per_s"]),
        str(stream["frames"]),
        str(stream["dropped"]),
        f"{stream['audio_s']:.1f}",
        _latency(stream["latency_ms"]),
    ]


def _latency(found: dict[str, float]) -> str:
    return " / ".join(f"{found[name]:.1f}" for name in ("p50", "p90", "p99")) if found else "-"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
