"""The variants of networks that begin with a speech encoder: `exact`, `int8` and `bf16`."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from facewire.bundles.a2f import RegressionBundle
from facewire.bundles.variants import PRECISION_OF
from facewire.tools.optimising.asking import asked_of
from facewire.tools.optimising.maker import Made, OptimiseError, VariantReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from facewire.bundles.detect import NvidiaBundle
    from facewire.tools.optimising.asking import Asked
    from facewire.tools.optimising.maker import Told
    from facewire.tools.optimising.network import Network

EXACT_LIMIT: Final = 1e-6
"""Largest difference of an exact variant over the range of the original's answers."""
INT8_LIMITS: Final = {"relative_l2": 0.1, "curves_p99": 0.1, "jaw_open_max": 0.1}
"""Of a turbo variant, over which it is kept only by force; a curve goes from 0 to 1."""
BF16_LIMITS: Final = {"relative_l2": 0.05, "curves_p99": 0.05, "jaw_open_max": 0.05}
ROUNDINGS: Final = 2
"""A network may round by more than EXACT_LIMIT itself: at full size one with random weights gave
answers 1e-6 to 3e-6 of their range apart with and without onnxruntime's own optimisations. Then
float64 is the judge, and an exact variant may be so many times as far from it as the original, by
the norm of all its answers."""
WORST_ROUNDINGS: Final = 4
"""Likewise for the one answer that is farthest away."""
_OPENVINO: Final = "openvino"
_LEAST_OF_BF16: Final = 1e-4
"""Float32 rounds a thousand times less, bfloat16 ten times more."""
_IN_FLOAT64: Final = 12
"""So many windows at most are run in float64."""
_EXACT_FACE_SAMPLES: Final = 3 * 16_000
_FAMILIES: Final = frozenset({"regression", "emotion"})
_CALLS: Final = {"regression": 60, "emotion": 6}


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
        limits = {
            "max_rel": EXACT_LIMIT,
            "roundings": ROUNDINGS,
            "worst_roundings": WORST_ROUNDINGS,
        }
        limits["ratio"] = 1.0
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
    """See `VariantMaker`: products of bfloat16, which OpenVINO has on processors with units for it.

    The file is float32, exactly rewritten where that can be; what it is opened with is the variant.
    """

    name = "bf16"
    families = _FAMILIES

    def make(
        self, bundle: NvidiaBundle, folder: Path, audio: NDArray[np.float32], told: Told
    ) -> Made:
        """Write the network, run it in bfloat16 and compare it with the original.

        Raises:
            OptimiseError: OpenVINO is not here, or computes in float32 all the same.
        """
        told("looking for OpenVINO")
        _require_openvino()
        from facewire.tools.optimising.rewriting import rewritten

        made = _made(self.name, bundle, folder, audio, told, rewritten)
        told("looking whether bfloat16 is what it computes in")
        _require_bf16(bundle, made, audio)
        face = _face(bundle, made, audio, told)
        report = replace(made.report, limits={**BF16_LIMITS, "ratio": 1.0}, face=face)
        return replace(made, report=replace(report, over=_over(report)))


def _require_openvino() -> None:
    """Refuse to go on where nothing could run the variant: its error would be unknown."""
    from facewire.inference.sessions import offered_providers

    if _OPENVINO not in offered_providers():
        raise OptimiseError(
            "bf16 runs on the provider openvino alone, and this onnxruntime has none: its error "
            "cannot be measured here.",
            hint='`pip install "facewire[openvino]"` brings it, in an environment of its own: it '
            "takes the place of the other onnxruntime. Or take int8.",
        )


def _require_answers(network: Path, provider: str, asked: Asked) -> None:
    """Refuse a network on which the provider fails, or takes the whole process down."""
    from facewire.tools.optimising.trial import failure

    found = failure(network, provider, [asked.feeds[0], asked.feeds[-1]])
    if found:
        raise OptimiseError(
            f"OpenVINO cannot run this network: {found}.", hint="Take int8: `--variant int8`."
        )


def _require_bf16(bundle: NvidiaBundle, made: Made, audio: NDArray[np.float32]) -> None:
    """Refuse a processor on which OpenVINO passes over what it is told to compute in.

    It does so in silence, so the answers must tell: eight bits of a factor are plainly seen.
    """
    from facewire.tools.optimising.report import answers, difference

    asked = asked_of(bundle, audio)
    both = [
        answers(made.network, asked.feeds[:1], asked.output, provider)
        for provider in (_OPENVINO, provider_of(made.report.name))
    ]
    if difference(*both).relative_l2 < _LEAST_OF_BF16:
        raise OptimiseError(
            "OpenVINO computes in float32 on this processor, whatever it is told.",
            hint="bf16 needs AVX-512 BF16 or AMX. Take int8: `--variant int8`.",
        )


def provider_of(name: str) -> str:
    """Return what a variant, or the original, is opened on when it is measured."""
    precision = PRECISION_OF.get(name)
    return f"{_OPENVINO},precision={precision}" if precision else "cpu"


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
    if name not in PRECISION_OF and not any(pattern.found for pattern in patterns):
        texts = "; ".join(f"{each.name}: {each.text}" for each in patterns)
        raise OptimiseError(
            f"Nothing in {bundle.network.name} has a shape that {name} knows. {texts}.",
            hint="The original runs as before.",
        )
    path = folder / f"{bundle.network.stem}.{name}.onnx"
    network.save(path)
    del network
    provider = provider_of(name)
    if name in PRECISION_OF:
        _require_answers(path, provider, asked)
    told("comparing answers")
    before = answers(bundle.network, asked.feeds, asked.output)
    after = answers(path, asked.feeds, asked.output, provider)
    told("measuring speed")
    report = VariantReport(
        name=name,
        variant_class="turbo",
        providers=(provider.partition(",")[0],),
        difference=difference(before, after),
        limits={},
        speed=speed(bundle.network, path, asked.feeds[0], _CALLS[bundle.family], provider),
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
        f"itself is {own.worst:.1e} of the range away and this variant {other.worst:.1e} (rel L2 "
        f"{own.usual:.1e} and {other.usual:.1e})."
    )
    is_usual = other.usual <= max(EXACT_LIMIT, ROUNDINGS * own.usual)
    return note, is_usual and other.worst <= max(EXACT_LIMIT, WORST_ROUNDINGS * own.worst)


def require_onnx() -> None:
    """Refuse to go on without `onnx`.

    Raises:
        OptimiseError: it is not installed.
    """
    if importlib.util.find_spec("onnx") is None:
        raise OptimiseError(
            "Rewriting a network needs the package onnx.",
            hint='`pip install "facewire[optimise]"` brings it.',
        )


def _face(
    bundle: NvidiaBundle, made: Made, audio: NDArray[np.float32], told: Told
) -> dict[str, Any]:
    """Return what a user sees; {} of a network that has no face, or no poses to solve for."""
    if not isinstance(bundle, RegressionBundle) or bundle.face.skin is None:
        return {}
    from facewire.tools.optimising.faces import face_difference

    told("comparing curves")
    return face_difference(bundle.root, made.network, audio, provider_of(made.report.name))


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
