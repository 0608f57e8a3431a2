"""`facewire bench regression|diffusion|emotion`: NVIDIA's families, on bundles of their layout."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from facewire.tools.benching.bundles import Bundle

_COUNT: Final = click.IntRange(min=1)


def _options(windows: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the options of all three; `windows` is what is enough at full size."""

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        for option in (
            click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
            click.option(
                "--windows", type=_COUNT, default=windows, show_default=True,
                help="Inferences that count, per stream.",
            ),
            click.option(
                "--threads", type=_COUNT, default=1, show_default=True,
                help="Threads of the network; 1 keeps all of the work on one core.",
            ),
            click.option(
                "--full-size", is_flag=True,
                help="Make the synthetic bundle as large as NVIDIA's, in the temporary folder.",
            ),
            click.option(
                "--bundle", type=click.Path(exists=True, path_type=Path),
                help="Bundle to measure; without one a small synthetic one is made.",
            ),
        ):  # fmt: skip
            command = option(command)
        return command

    return decorated


@click.command()
@_options(60)
def regression(**chosen: Any) -> None:
    """Measure an Audio2Face-3D v2.3 bundle: network, vertices, both solvers.

    A bundle of full size takes 0.32 GB of disk until the run ends.
    """
    _face("regression", **chosen)


@click.command()
@_options(8)
def diffusion(**chosen: Any) -> None:
    """Measure an Audio2Face-3D v3.0 bundle: network, vertices, both solvers.

    On one thread also the network rewritten so that it touches no vertex, beside it as exported.

    A bundle of full size takes 0.77 GB of disk until the run ends.
    """
    _face("diffusion", **chosen)


@click.command()
@_options(8)
def emotion(**chosen: Any) -> None:
    """Measure an Audio2Emotion v2.2 bundle: network and post-processing.

    A bundle of full size takes 1.26 GB of disk until the run ends.
    """

    def measured(bundle: Bundle, threads: int, windows: int) -> dict[str, Any]:
        from facewire.tools.benching.emotion_model import measure_emotion
        from facewire.tools.benching.model_answers import emotion_answer

        return emotion_answer(measure_emotion(bundle.folder, threads=threads, windows=windows))

    answer = _answer("emotion", measured, **chosen)
    from facewire.tools.benching.model_answers import emotion_text

    _print(answer, emotion_text, as_json=chosen["as_json"])


MODEL_COMMANDS: Final = (regression, diffusion, emotion)


def _face(family: str, **chosen: Any) -> None:
    def measured(bundle: Bundle, threads: int, windows: int) -> dict[str, Any]:
        from facewire.tools.benching.face_model import measure_face
        from facewire.tools.benching.model_answers import face_answer

        folder = bundle.folder
        figures = face_answer(measure_face(folder, family, threads=threads, windows=windows))
        if family == "diffusion" and threads == 1:
            from facewire.tools.benching.vertex_free import measure_vertex_free

            figures["vertex_free"] = measure_vertex_free(folder, windows)
        if family == "regression":
            from facewire.tools.benching.variants import variant_figures

            figures["variants"] = variant_figures(folder, threads=threads, windows=windows)
        return figures

    answer = _answer(family, measured, **chosen)
    _print(answer, _face_text, as_json=chosen["as_json"])


def _face_text(answer: dict[str, Any]) -> str:
    from facewire.tools.benching.model_answers import face_text
    from facewire.tools.benching.variants import variant_text
    from facewire.tools.benching.vertex_free import vertex_free_text

    parts = [face_text(answer)]
    if found := answer.get("vertex_free"):
        parts.append(vertex_free_text(found))
    if variants := answer.get("variants"):
        parts.append(variant_text(variants))
    return "\n\n".join(parts)


def _answer(
    family: str,
    measured: Callable[[Bundle, int, int], dict[str, Any]],
    *,
    bundle: Path | None,
    full_size: bool,
    threads: int,
    windows: int,
    as_json: bool,  # noqa: ARG001 - one of the options, for who prints
) -> dict[str, Any]:
    from facewire.tools.benching.bundles import bundle_for
    from facewire.tools.benching.process import limit_blas

    if bundle is not None and full_size:
        raise click.UsageError("--full-size is about a bundle that is made; --bundle names one.")
    with bundle_for(family, bundle, full_size=full_size) as chosen:
        limit_blas(threads)  # before the next line, which brings numpy in
        from facewire.tools.benching.figures import machine, one_core

        with one_core() if threads == 1 else nullcontext():
            figures = measured(chosen, threads, windows)
        return {
            "machine": machine(),
            "family": family,
            "bundle": chosen.answer(),
            "provider": "cpu",
            "threads": threads,
            **figures,
        }


def _print(answer: dict[str, Any], text: Callable[[dict[str, Any]], str], *, as_json: bool) -> None:
    from facewire.tools.benching.figures import machine_line

    said = json.dumps(answer, indent=2) if as_json else None
    click.echo(said or f"{text(answer)}\n\n{machine_line(answer['machine'])}")
