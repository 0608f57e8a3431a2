"""The variants of networks that begin with a speech encoder: `exact`, `int8` and `bf16`."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from facewire.bundles.a2f import RegressionBundle
from facewire.tools.optimising.maker import Made, OptimiseError, VariantReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.bundles.detect import NvidiaBundle
    from facewire.tools.optimising.maker import Told
    from facewire.tools.optimising.network import Network

EXACT_LIMIT: Final = 1e-6
"""Largest difference of an exact variant over the range of the original's answers."""
INT8_LIMITS: Final = {"relative_l2": 0.1, "curves_p99": 0.1, "jaw_open_max": 0.1}
"""Of a turbo variant, over which it is kept only by force; a curve goes from 0 to 1."""
ROUNDINGS: Final = 2
"""A network may round by more than EXACT_LIMIT itself. Then an exact variant may be so many times
as far from the float64 answers as the original is."""
_IN_FLOAT64: Final = 12
"""So many windows at most are run in float64."""
_EXACT_FACE_SAMPLES: Final = 3 * 16_000
_FAMILIES: Final = frozenset({"regression", "emotion"})
_EMOTION_SAMPLES: Final = (30_000, 5_000)
_CALLS: Final = {"regression": 60, "emotion": 6}
_SPEECH: Final = {"regression": 24, "emotion": 4}


@dataclass(frozen=True)
class Asked:
    """What a network is asked."""

    feeds: list[dict[str, NDArray[np.float32]]]
    runs: list[dict[str, NDArray[Any]]]
    """Two that differ in every free axis."""
    output: str


class ExactMaker:
    """See `VariantMaker`: the same numbers by fewer operations."""

    name = "exact"
    families = _FAMILIES

    def make(
        self, bundle: NvidiaBundle, folder: Path, audio: NDArray[np.float32], told: Told
    ) -> Made:
        """Write the exact variant and compare it with the original."""
        from facewire.tools.optimising.rewriting import rewritten

        made = _made(self.name, bundle, folder, audio, told, rewritten)
        report = made.report
        limits = {"max_rel": EXACT_LIMIT, "roundings": ROUNDINGS, "ratio": 1.0}
        over, notes = [], []
        if not report.difference.max_rel <= EXACT_LIMIT:
            told("measuring roundings in float64")
            note, is_rounding = _rounding(bundle, audio, made)
            notes.append(note)
            if not is_rounding:
                over.append(
                    f"It differs by {report.difference.max_rel:.1e} of the range of the answers; "
                    f"{EXACT_LIMIT:.0e} is allowed."
                )
        if report.speed.ratio < limits["ratio"]:
            over.append(f"It is {report.speed.ratio:.2f} times as fast as the original.")
        face = _face(bundle, made, audio[:_EXACT_FACE_SAMPLES], told)
        report = replace(report, variant_class="exact", limits=limits, over=tuple(over), face=face)
        report = replace(report, notes=tuple(notes))
        return replace(made, report=report)


class IntegerMaker:
    """See `VariantMaker`: eight-bit products, whose answers differ."""

    name = "int8"
    families = _FAMILIES

    def make(
        self, bundle: NvidiaBundle, folder: Path, audio: NDArray[np.float32], told: Told
    ) -> Made:
        """Write the int8 variant and compare it with the original, to the last curve."""
        from facewire.tools.optimising.rewriting import in_bytes

        made = _made(self.name, bundle, folder, audio, told, in_bytes)
        face = _face(bundle, made, audio, told)
        report = replace(made.report, limits={**INT8_LIMITS, "ratio": 1.0}, face=face)
        return replace(made, report=replace(report, over=_over(report)))


class BrainFloatMaker:
    """See `VariantMaker`: refuses, since nothing here runs bfloat16 on a CPU but OpenVINO."""

    name = "bf16"
    families = frozenset({"regression", "diffusion", "emotion"})

    def make(
        self, bundle: NvidiaBundle, folder: Path, audio: NDArray[np.float32], told: Told
    ) -> Made:
        """Say why it cannot be made.

        Raises:
            OptimiseError: always; a variant whose error nobody measured is not made.
        """
        del bundle, folder, audio
        told("looking for OpenVINO")
        from facewire.inference.ort import load_onnxruntime

        if "OpenVINOExecutionProvider" not in load_onnxruntime().get_available_providers():
            raise OptimiseError(
                "bf16 runs on the provider openvino alone, and this onnxruntime has none: its "
                "error cannot be measured here.",
                hint="Put onnxruntime-openvino in the place of onnxruntime, or take int8.",
            )
        raise OptimiseError(
            "This version of Facewire has not been measured with bf16 and does not make it.",
            hint="Take int8: `--variant int8`.",
        )


def _made(
    name: str,
    bundle: NvidiaBundle,
    folder: Path,
    audio: NDArray[np.float32],
    told: Told,
    form: Callable[..., tuple[Network, tuple[Any, ...]]],
) -> Made:
    """Return a variant and what every one of them is measured by."""
    require_onnx()
    from facewire.tools.optimising.report import answers, difference, speed, versions

    asked = asked_of(bundle, audio)
    told(f"rewriting the network as {name}")
    network, patterns = form(bundle.network, asked.runs)
    if not any(pattern.found for pattern in patterns):
        texts = "; ".join(f"{each.name}: {each.text}" for each in patterns)
        raise OptimiseError(
            f"Nothing in {bundle.network.name} has a shape that {name} knows. {texts}.",
            hint="The original runs as before.",
        )
    path = folder / f"{bundle.network.stem}.{name}.onnx"
    network.save(path)
    del network
    told("comparing answers")
    before, after = (answers(each, asked.feeds, asked.output) for each in (bundle.network, path))
    told("measuring speed")
    report = VariantReport(
        name=name,
        variant_class="turbo",
        providers=("cpu",),
        difference=difference(before, after),
        limits={},
        speed=speed(bundle.network, path, asked.feeds[0], _CALLS[bundle.family]),
        patterns=patterns,
        versions=versions(),
    )
    return Made(report=report, network=path)


def _rounding(bundle: NvidiaBundle, audio: NDArray[np.float32], made: Made) -> tuple[str, bool]:
    """Return what float64 says of both, and whether the variant differs by rounding alone."""
    from facewire.tools.optimising.report import answers
    from facewire.tools.optimising.rounding import errors

    asked = asked_of(bundle, audio)
    feeds = asked.feeds[:: -(-len(asked.feeds) // _IN_FLOAT64)]
    both = [answers(each, feeds, asked.output) for each in (bundle.network, made.network)]
    found = errors(bundle.network, feeds, both, asked.output)
    if found is None:
        return "The original cannot be run in float64 to see how far it rounds.", False
    own, other = found
    note = (
        f"More than {EXACT_LIMIT:.0e}: from what the original gives in float64, the original "
        f"itself is {own:.1e} of the range away and this variant {other:.1e}."
    )
    return note, other <= max(EXACT_LIMIT, ROUNDINGS * own)


def require_onnx() -> None:
    """Refuse to go on without `onnx`.

    Raises:
        OptimiseError: it is not installed.
    """
    if importlib.util.find_spec("onnx") is None:
        raise OptimiseError(
            "Rewriting a network needs the package onnx.",
            hint="`pip install facewire[optimise]` brings it.",
        )


def _face(
    bundle: NvidiaBundle, made: Made, audio: NDArray[np.float32], told: Told
) -> dict[str, Any]:
    """Return what a user sees; {} of a network that has no face, or no poses to solve for."""
    if not isinstance(bundle, RegressionBundle) or bundle.face.skin is None:
        return {}
    from facewire.tools.optimising.faces import face_difference

    told("comparing curves")
    return face_difference(bundle.root, made.network, audio)


def _over(report: VariantReport) -> tuple[str, ...]:
    """Return which limits of a turbo variant are broken."""
    found: Mapping[str, float | None] = {
        "relative_l2": report.difference.relative_l2,
        "curves_p99": report.face.get("curves", {}).get("p99"),
        "jaw_open_max": report.face.get("jaw_open", {}).get("max"),
    }
    over = [
        f"{key} is {value:.3g}; {report.limits[key]:.3g} is allowed."
        for key, value in found.items()
        if value is not None and not value <= report.limits[key]
    ]
    if report.speed.ratio < report.limits["ratio"]:
        over.append(f"It is {report.speed.ratio:.2f} times as fast as the original.")
    return tuple(over)


def asked_of(bundle: NvidiaBundle, audio: NDArray[np.float32]) -> Asked:
    """Return what a network is asked when a variant is compared with it."""
    from facewire.tools.optimising.report import probes

    if isinstance(bundle, RegressionBundle):
        windows = probes(audio, bundle.info.window_samples, _SPEECH["regression"])
        moods = _moods(bundle)
        feeds = [
            {"input": window[None, None], "emotion": moods[at % len(moods)]}
            for at, window in enumerate(windows)
        ]
        runs = [feeds[0], {name: np.repeat(each, 2, axis=0) for name, each in feeds[0].items()}]
        return Asked(feeds, runs, "result")
    feeds = [
        {"input_values": window[None]}
        for samples in _EMOTION_SAMPLES
        for window in probes(audio, samples, _SPEECH["emotion"])
    ]
    short = feeds[-1]["input_values"]
    return Asked(feeds, [feeds[0], {"input_values": np.repeat(short, 2, axis=0)}], "output")


def _moods(bundle: RegressionBundle) -> list[NDArray[np.float32]]:
    """Return emotion inputs [1, 1, n]: none, and each of the explicit ones alone."""
    implicit = bundle.implicit_emotion
    count = len(bundle.info.emotions)
    explicit = np.concatenate([np.zeros((1, count)), np.eye(count)]).astype(np.float32)
    return [np.concatenate([implicit, each])[None, None] for each in explicit]
