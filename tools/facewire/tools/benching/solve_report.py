"""`facewire bench solve` as JSON and as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facewire.tools.benching.figures import Spread, table
from facewire.tools.benching.solve import STAGE_GOALS, WAYS, WHOLE_GOAL

if TYPE_CHECKING:
    from facewire.tools.benching.solve import SolveFigures

_TIMES = ("stage_us", "whole_us", "stage_in_turn_us", "whole_in_turn_us")
_TITLES = {
    "stage_us": "coefficients to right-hand side, µs",
    "whole_us": "coefficients to weights, µs",
    "stage_in_turn_us": "to right-hand side, caches swept, µs",
    "whole_in_turn_us": "to weights, caches swept, µs",
}


def as_answer(figures: SolveFigures) -> dict[str, Any]:
    """Return one actor's part of the JSON; ratios are those of the medians."""
    times: dict[str, dict[str, Spread]] = {name: getattr(figures, name) for name in _TIMES}
    return {
        "coefficients": figures.coefficients,
        "vertices": figures.vertices,
        "fitted_vertices": figures.fitted_vertices,
        **{
            name: {way: spread.rounded(2) for way, spread in ways.items()}
            for name, ways in times.items()
        },
        "times_faster_than": {
            name: {
                way: round(ways[way].p50 / ways["vertex_free"].p50, 1)
                for way in ("vertices", "masked")
            }
            for name, ways in times.items()
        },
        "worst_difference": figures.worst,
        "float32_difference": figures.rounding,
        "load_ms": round(figures.load_ms, 1),
        "strengths_ms": figures.strengths_ms.rounded(4),
        "mask_ms": figures.mask_ms.rounded(2),
        "bytes": figures.bytes_kept,
    }


def as_text(answer: dict[str, Any]) -> str:
    """Return what people read."""
    threads = "one thread" if answer["one_thread"] else "threads as numpy had them"
    parts = [f"{answer['frames']} frames each way, {threads}"]
    for actor, face in answer["faces"].items():
        ratios = _ratios(actor, face, full_size=answer["full_size"])
        parts += [_heading(actor, face), *_tables(face), ratios, _notes(face)]
    return "\n\n".join(parts)


def _heading(actor: str, face: dict[str, Any]) -> str:
    return (
        f"{actor}: {face['coefficients']} coefficients, {face['vertices']} vertices, "
        f"{face['fitted_vertices']} of them fitted"
    )


def _tables(face: dict[str, Any]) -> list[str]:
    heads = ("least", "p50", "p90", "p99", "p50 of ours in it")
    made = []
    for name in _TIMES:
        ours = face[name]["vertex_free"]["p50"]
        rows = [
            [
                WAYS[way],
                *(f"{spread[column]:.1f}" for column in heads[:4]),
                f"{spread['p50'] / ours:.1f}",
            ]
            for way, spread in face[name].items()
        ]
        made.append(table([_TITLES[name], *heads], rows))
    return made


def _ratios(actor: str, face: dict[str, Any], *, full_size: bool) -> str:
    """Return how much is gained; what is aimed at holds for faces as large as NVIDIA's alone."""
    faster = face["times_faster_than"]
    whole = f"whole frame: {faster['whole_us']['vertices']:.0f} times as fast as by every vertex"
    stage = (
        f"stage before the solve: {faster['stage_us']['masked']:.0f} times as fast as by the "
        "fitted vertices"
    )
    if full_size:
        return (
            f"{whole}; the goal is {WHOLE_GOAL:.0f}\n{stage}; the goal is {STAGE_GOALS[actor]:.0f}"
        )
    return f"{whole}\n{stage}\na small face gains less than one of NVIDIA's size: see --full-size"


def _notes(face: dict[str, Any]) -> str:
    kept = {way: f"{count / 1e6:.1f} MB" for way, count in face["bytes"].items()}
    return "\n".join(
        [
            f"largest difference of a weight to every vertex: {face['worst_difference']:.1e} in "
            f"float64, {face['float32_difference']:.1e} with vertices rounded to float32",
            f"strengths and offsets set in {face['strengths_ms']['p50']:.3f} ms, a new mask in "
            f"{face['mask_ms']['p50']:.1f} ms (at most {face['mask_ms']['p99']:.1f}), folded and "
            f"compared at load in {face['load_ms']:.0f} ms",
            f"bases and poses kept: {kept['vertices']} with every vertex, {kept['masked']} with "
            f"the fitted ones, {kept['vertex_free']} without",
        ]
    )
