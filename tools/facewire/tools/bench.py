"""`facewire bench`: figures side by side in one run, so that they can be compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from facewire.inference.providers import HELP
from facewire.tools.bench_models import MODEL_COMMANDS
from facewire.tools.frame_rate import frame_rate

if TYPE_CHECKING:
    from fractions import Fraction

_COUNT = click.IntRange(min=1)


@click.group()
def bench() -> None:
    """Measure transports and the model.

    All routes of a run are measured in turn, step by step, so that a burst of load hits each of
    them. Compare within a run; between runs and machines only with care: the load is printed.
    """


for _command in MODEL_COMMANDS:
    bench.add_command(_command)


@bench.command()
@click.option(
    "--trips", type=_COUNT, default=2000, show_default=True,
    help="Round trips per payload and route.",
)  # fmt: skip
@click.option(
    "--turns", type=_COUNT, default=200, show_default=True, help="Turns through a daemon per route."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ipc(*, trips: int, turns: int, as_json: bool) -> None:
    """Compare ring, ipc, tcp and tcp with CURVE."""
    import tempfile
    from pathlib import Path

    from facewire.tools.benching import turns as daemon
    from facewire.tools.benching import wire
    from facewire.tools.benching.figures import machine
    from facewire.tools.benching.speech import speech_16k

    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        trips_us = wire.round_trips(folder, trips)
        turns_us = daemon.spreads(daemon.turns(folder, speech_16k(), turns))
    answer = {
        "machine": machine(),
        "round_trip_us": {
            str(size): {route: spread.rounded(1) for route, spread in routes.items()}
            for size, routes in trips_us.items()
        },
        "turn_us": {
            route: {part: spread.rounded(1) for part, spread in parts.items()}
            for route, parts in turns_us.items()
        },
    }
    click.echo(json.dumps(answer, indent=2) if as_json else _ipc_text(answer))


@bench.command()
@click.option("--model", default="embedded", show_default=True, help="Model to measure.")
@click.option("--provider", default="cpu", show_default=True, help=f"What runs the network: {HELP}")
@click.option("--fps", callback=frame_rate, default="60", show_default=True, help="Frame rate.")
@click.option(
    "--passes", type=_COUNT, default=5, show_default=True, help="Times the clip is animated."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def animate(*, model: str, provider: str, fps: Fraction, passes: int, as_json: bool) -> None:
    """Measure the model itself: frames per second, real-time factor, time of a window."""
    from facewire.tools.benching.figures import machine
    from facewire.tools.benching.model import measure
    from facewire.tools.live.speech import read_speech

    speech = read_speech(None)
    figures = measure(
        speech.samples, speech.rate_hz, model=model, provider=provider, fps=fps, passes=passes
    )
    answer = {
        "machine": machine(),
        "model": figures.model,
        "provider": figures.provider,
        "threads": 1,
        "fps": [figures.fps.numerator, figures.fps.denominator],
        "audio_s": round(figures.audio_s, 3),
        "frames": figures.frames,
        "frames_per_second": round(figures.frames_per_second, 1),
        "real_time_factor": round(figures.real_time_factor, 5),
        "load_ms": round(figures.load_ms, 1),
        "window_ms": figures.window_ms.rounded(3),
        "network_ms": figures.network_ms.rounded(3),
    }
    click.echo(json.dumps(answer, indent=2) if as_json else _animate_text(answer))


@bench.command()
@click.option(
    "--full-size", is_flag=True, help="Faces as large as the published ones: takes a minute."
)
@click.option("--frames", type=_COUNT, default=300, show_default=True, help="Frames of each way.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def solve(*, full_size: bool, frames: int, as_json: bool) -> None:
    """Compare ways from a network's coefficients to weights, with and without vertices.

    Synthetic faces of the sizes of Claire and Mark (v2.3), skin and tongue, one thread. Equal
    answers: the difference is printed, too.
    """
    one_thread = _one_blas_thread()
    from facewire.tools.benching.figures import machine, one_core
    from facewire.tools.benching.solve import measure
    from facewire.tools.benching.solve_report import as_answer, as_text

    with one_core():
        claire = measure("claire", "full" if full_size else "small", frames)
        mark = measure("mark", "full" if full_size else "small", frames)
    answer: dict[str, Any] = {
        "machine": machine(),
        "full_size": full_size,
        "frames": frames,
        "one_thread": one_thread,
        "faces": {"claire": as_answer(claire), "mark": as_answer(mark)},
    }
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        click.echo(f"{as_text(answer)}\n\n{_machine(answer['machine'])}")


def _one_blas_thread() -> bool:
    """Keep matrix products on one thread; it must be said before numpy is loaded.

    Returns:
        Whether it was.
    """
    import os
    import sys

    if "numpy" in sys.modules:
        return False
    for library in ("OPENBLAS", "MKL", "OMP", "VECLIB"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    return True


@bench.command()
@click.option(
    "--size", "size_px", type=click.IntRange(64, 2048), default=256, show_default=True,
    help="Side of the square picture, pixels.",
)  # fmt: skip
@click.option("--frames", type=_COUNT, default=60, show_default=True, help="Faces drawn per view.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def render(*, size_px: int, frames: int, as_json: bool) -> None:
    """Measure the renderer: faces a second from each view, on one core."""
    from facewire.tools.benching.figures import machine, one_core
    from facewire.tools.benching.renderer import measure

    with one_core():
        figures = measure(size_px, frames)
    answer = {
        "machine": machine(),
        "cores": 1,
        "size_px": size_px,
        "vertices": figures.vertices,
        "triangles": figures.triangles,
        "look_ms": round(figures.look_ms, 1),
        "frame_ms": {view: spread.rounded(2) for view, spread in figures.frame_ms.items()},
        "frames_per_second": {
            view: round(1000 / spread.p50, 1) for view, spread in figures.frame_ms.items()
        },
    }
    click.echo(json.dumps(answer, indent=2) if as_json else _render_text(answer))


def _render_text(answer: dict[str, Any]) -> str:
    from facewire.tools.benching.figures import table

    rows = [
        [view, *_spread(spread, 1), f"{answer['frames_per_second'][view]:.0f}"]
        for view, spread in answer["frame_ms"].items()
    ]
    heads = ["one face, ms", "least", "p50", "p90", "p99", "faces a second"]
    return "\n\n".join(
        [
            f"{answer['vertices']} vertices, {answer['triangles']} triangles, "
            f"{answer['size_px']} x {answer['size_px']} pixels, one core, "
            f"ready in {answer['look_ms']:.0f} ms",
            table(heads, rows),
            _machine(answer["machine"]),
        ]
    )


def _ipc_text(answer: dict[str, Any]) -> str:
    from facewire.tools.benching.figures import table
    from facewire.tools.benching.wire import ROUTES

    heads = ["", "least", "p50", "p90", "p99"]
    parts = []
    for size, routes in answer["round_trip_us"].items():
        rows = [[ROUTES[route], *_spread(each, 1)] for route, each in routes.items()]
        parts.append(table([f"{size} bytes there and back, µs", *heads[1:]], rows))
    rows = [
        [ROUTES[route], *_spread(each["turn"], 0), f"{each['daemon']['p50']:.0f}"]
        for route, each in answer["turn_us"].items()
    ]
    title = "40 ms of speech in, frames out, µs"
    parts.append(table([title, *heads[1:], "of it inference, p50"], rows))
    return "\n\n".join([*parts, _machine(answer["machine"])])


def _animate_text(answer: dict[str, Any]) -> str:
    from facewire.tools.benching.figures import table

    rows = [
        ["one window, audio to frames, ms", *_spread(answer["window_ms"], 3)],
        ["of it the network, ms", *_spread(answer["network_ms"], 3)],
    ]
    fps = answer["fps"][0] / answer["fps"][1]
    return "\n\n".join(
        [
            f"{answer['model']} on {answer['provider']}, one thread, {fps:g} frames per second",
            f"{answer['frames_per_second']:.0f} frames per second of computing, "
            f"real-time factor {answer['real_time_factor']:.4f}, "
            f"loaded in {answer['load_ms']:.0f} ms",
            table(["", "least", "p50", "p90", "p99"], rows),
            _machine(answer["machine"]),
        ]
    )


def _spread(spread: dict[str, float], digits: int) -> list[str]:
    return [f"{spread[name]:.{digits}f}" for name in ("least", "p50", "p90", "p99")]


def _machine(machine: dict[str, Any]) -> str:
    from facewire.tools.benching.figures import machine_line

    return machine_line(machine)
