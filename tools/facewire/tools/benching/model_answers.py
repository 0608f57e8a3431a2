"""The figures of `bench regression|diffusion|emotion`, for programs and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from facewire.tools.benching.face_model import RATES, WAYS
from facewire.tools.benching.figures import Spread, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facewire.tools.benching.emotion_model import EmotionFigures
    from facewire.tools.benching.face_model import FaceFigures, Lane, Way

STREAMS: Final[tuple[Way, ...]] = ("sdk-cpu", "exact")
"""The ways of streams, which touch no vertex where the network answers with coefficients."""

_SMALL: Final = (
    "The bundle is a small one, made to try the code: its times and ratios are not those of "
    "NVIDIA's\nmodels. --full-size makes one as large as theirs, --bundle measures yours."
)
_HEADS = ("least", "p50", "p90", "p99")


def face_answer(figures: FaceFigures) -> dict[str, Any]:
    """Return what a program reads: times per model frame, but network and window per window."""
    every = [times for lane in figures.lanes for times in lane.times]
    of_way = {
        way: [times for lane in figures.lanes if lane.way == way for times in lane.times]
        for way in WAYS
    }
    count = figures.model_frames
    faces = {way: Spread.of(each.face / count for each in of_way[way]) for way in WAYS}
    wholes = {way: Spread.of(each.whole / count for each in of_way[way]) for way in WAYS}
    return {
        "windows": len(figures.lanes[0].times),
        "frames_per_window": count,
        "network_ms": Spread.of(each.network for each in every).rounded(3),
        "network_frame_ms": Spread.of(each.network / count for each in every).rounded(4),
        "face_frame_ms": {way: faces[way].rounded(4) for way in WAYS},
        "whole_frame_ms": {way: wholes[way].rounded(4) for way in WAYS},
        "window_ms": _lanes(
            figures, lambda lane: Spread.of(t.whole for t in lane.times).rounded(3)
        ),
        "real_time_factor": _lanes(figures, _real_time_factor),
        "ratios": {
            "face_vertices_to_stream": {
                way: round(faces["vertices"].p50 / faces[way].p50, 2) for way in STREAMS
            },
            "whole_vertices_to_stream": {
                way: round(wholes["vertices"].p50 / wholes[way].p50, 3) for way in STREAMS
            },
            "network_share": {
                way: round(
                    sum(each.network for each in of_way[way])
                    / sum(each.whole for each in of_way[way]),
                    3,
                )
                for way in WAYS
            },
        },
        **_process(figures),
    }


def emotion_answer(figures: EmotionFigures) -> dict[str, Any]:
    """Return what a program reads: times per inference."""
    lanes = figures.lanes
    whole = [each for lane in lanes for each in lane.whole_ms]
    network = [each for lane in lanes for each in lane.network_ms]
    return {
        "windows": len(lanes[0].whole_ms),
        "window_s": figures.window_s,
        "inferences_to_skip": figures.inferences_to_skip,
        "network_ms": Spread.of(network).rounded(3),
        "post_process_ms": Spread.of(each for lane in lanes for each in lane.post_ms).rounded(3),
        "window_ms": {str(lane.fps): Spread.of(lane.whole_ms).rounded(3) for lane in lanes},
        "frames": {str(lane.fps): lane.frames for lane in lanes},
        "real_time_factor": {
            str(lane.fps): round(sum(lane.whole_ms) / 1000 / lane.audio_s, 5) for lane in lanes
        },
        "ratios": {"network_share": round(sum(network) / sum(whole), 4)},
        **_process(figures),
    }


def face_text(answer: dict[str, Any]) -> str:
    """Return the tables of `face_answer`."""
    rows = [
        ["the network", *_cells(answer["network_frame_ms"])],
        *([f"face, {said}", *_cells(answer["face_frame_ms"][way])] for way, said in WAYS.items()),
        *([f"whole, {said}", *_cells(answer["whole_frame_ms"][way])] for way, said in WAYS.items()),
    ]
    factors = [
        [said, *(f"{answer['real_time_factor'][way][str(fps)]:.3f}" for fps in RATES)]
        for way, said in WAYS.items()
    ]
    ratios = answer["ratios"]
    face, whole = ratios["face_vertices_to_stream"], ratios["whole_vertices_to_stream"]
    share = ratios["network_share"]
    parts = [
        table(["ms per frame of the model", *_HEADS], rows),
        table(["real-time factor (live below 1)", *(f"{fps} fps" for fps in RATES)], factors),
        f"by every vertex against a stream: the face {face['sdk-cpu']:.1f} times as long "
        f"(solved exactly {face['exact']:.1f}), the whole frame with the network "
        f"{whole['sdk-cpu']:.2f} (exactly {whole['exact']:.2f}); of a stream the network is "
        f"{share['sdk-cpu']:.0%}",
    ]
    if answer["frames_per_window"] > 1:
        block = answer["window_ms"]["sdk-cpu"]["60"]["p50"]
        parts.insert(
            1,
            f"{answer['frames_per_window']} frames come at once: {block:.0f} ms for a block, of "
            f"them {answer['network_ms']['p50']:.0f} ms the network (p50, sdk-cpu, 60 fps)",
        )
    return _page(answer, parts)


def emotion_text(answer: dict[str, Any]) -> str:
    """Return the tables of `emotion_answer`."""
    rows = [
        ["the network", *_cells(answer["network_ms"])],
        ["post-processing", *_cells(answer["post_process_ms"])],
        *([f"whole, {fps} fps", *_cells(answer["window_ms"][str(fps)])] for fps in RATES),
    ]
    factors = [["", *(f"{answer['real_time_factor'][str(fps)]:.3f}" for fps in RATES)]]
    parts = [
        table([f"ms per inference on {answer['window_s']:g} s", *_HEADS], rows),
        table(["real-time factor (live below 1)", *(f"{fps} fps" for fps in RATES)], factors),
        f"one inference in {answer['inferences_to_skip'] + 1} frames; the network is "
        f"{answer['ratios']['network_share']:.1%} of the whole",
    ]
    return _page(answer, parts)


def _page(answer: dict[str, Any], parts: Sequence[str]) -> str:
    bundle, memory = answer["bundle"], answer["memory_mb"]
    made = "" if bundle["made_s"] is None else f", synthetic, made in {bundle['made_s']:.0f} s"
    head = (
        f"{answer['family']} bundle ({bundle['size']}, {bundle['megabytes']:.0f} MB{made}) on "
        f"{answer['provider']}, threads {answer['threads']}, {answer['cores_used']:.2f} seconds of "
        "processor per second"
    )
    held = ", ".join(
        f"{name} {'not told' if held is None else f'{held:.0f} MB'}"
        for name, held in memory.items()
    )
    notes = [_SMALL] if bundle["size"] == "small" else []
    return "\n\n".join(
        [head, *notes, *parts, f"loaded in {answer['load_ms']:.0f} ms; memory: {held}"]
    )


def _process(figures: FaceFigures | EmotionFigures) -> dict[str, Any]:
    return {
        "load_ms": round(figures.load_ms, 1),
        "memory_mb": figures.memory_mb,
        "cores_used": round(figures.cores_used, 2),
    }


def _lanes(figures: FaceFigures, of: Any) -> dict[str, dict[str, Any]]:
    return {
        way: {str(lane.fps): of(lane) for lane in figures.lanes if lane.way == way} for way in WAYS
    }


def _real_time_factor(lane: Lane) -> float:
    return round(sum(times.whole for times in lane.times) / 1000 / lane.audio_s, 5)


def _cells(spread: dict[str, float]) -> list[str]:
    return [f"{spread[name]:.3f}" for name in _HEADS]
