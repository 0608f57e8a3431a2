"""The vertex-free variant of a diffusion network: made, compared with the original, measured."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.bundles.a2f import DiffusionBundle
from facewire.bundles.variants import ANY_PROVIDER
from facewire.bundles.vertex_free import PARTS, VARIANT, array_name, read_bases
from facewire.tools.optimising.maker import Made, OptimiseError, Pattern, VariantReport
from facewire.tools.optimising.report import versions
from facewire.tools.optimising.vertex_free_check import LIMIT, compare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.bundles.detect import NvidiaBundle
    from facewire.tools.optimising.maker import Told
    from facewire.tools.optimising.vertex_free_check import Comparison
    from facewire.tools.optimising.wide_rewrite import Rewritten

_NOTES: Final = (
    "The noise is constant and worked in: with varying noise the original runs.",
    "Measured on the CPU; the algebra is the same on any provider.",
)


class VertexFreeMaker:
    """See `VariantMaker`: coefficients instead of vertices, the constant noise worked in."""

    name = VARIANT
    families = frozenset({"diffusion"})

    def make(
        self, bundle: NvidiaBundle, folder: Path, audio: NDArray[np.float32], told: Told
    ) -> Made:
        """Write the network and its bases into a folder and compare with the original.

        Args:
            bundle: Whose network is rewritten; never written to.
            folder: An empty one, gone afterwards.
            audio: float32[samples] of speech at 16 kHz.
            told: Is told each step.

        Raises:
            OptimiseError: `onnx` is missing, or the network holds what the algebra cannot express;
                the text names the node. The original is used then.
        """
        if not isinstance(bundle, DiffusionBundle):
            raise OptimiseError(
                f"{bundle.root.name!r} is of the {bundle.family} family; "
                f"{VARIANT} is made of diffusion networks."
            )
        if importlib.util.find_spec("onnx") is None:
            raise OptimiseError(
                "Rewriting a network needs the package onnx.",
                hint='`pip install "facewire[optimise]"` brings it.',
            )
        network = folder / f"{bundle.network.stem}.{VARIANT}.onnx"
        bases = folder / f"{bundle.network.stem}.{VARIANT}.npz"
        told("folding vertices away")
        places = write_files(bundle, network, bases)
        told("comparing with the original")
        found = compare(bundle, network, read_bases(bases, bundle.info), audio)
        return Made(report=_report(found, places), network=network, companions=(bases,))


def write_files(bundle: DiffusionBundle, network: Path, bases: Path) -> int:
    """Write both files, compare nothing, and return how many places were folded.

    Raises:
        OptimiseError: the network holds what the algebra cannot express.
    """
    from facewire.tools.optimising.wide_rewrite import rewrite

    rewritten = rewrite(bundle.network, bundle.info)
    network.write_bytes(rewritten.model.SerializeToString(deterministic=True))
    from facewire.tools.synth.folder import write_npz  # nobody may import it without onnx

    write_npz(bases, _arrays(rewritten))
    return rewritten.folded


def _arrays(rewritten: Rewritten) -> Mapping[str, NDArray[np.generic]]:
    return {
        array_name(part, kind): np.ascontiguousarray(getattr(getattr(rewritten, part), kind))
        for part in PARTS
        for kind in ("shapes", "scale", "constant")
    }


def _report(found: Comparison, places: int) -> VariantReport:
    return VariantReport(
        name=VARIANT,
        variant_class="exact",
        providers=(ANY_PROVIDER,),
        difference=found.difference,
        limits={"max_rel": LIMIT},
        speed=found.speed,
        patterns=(
            Pattern(
                name="fold-vertices",
                found=places,
                text="places where vertices met a constant matrix or were cut to a few numbers",
            ),
        ),
        face=found.parts,
        over=found.over,
        notes=(*_NOTES, *found.notes),
        versions=versions(),
    )
