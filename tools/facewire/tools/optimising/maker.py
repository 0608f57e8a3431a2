"""What makes a variant of a network, and the report that it is kept with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from facewire.protocol.errors import FacewireError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from facewire.bundles.detect import NvidiaBundle
    from facewire.bundles.variants import VariantClass

    Told = Callable[[str], None]
    """Is told what goes on, as `measuring int8`."""


class OptimiseError(FacewireError):
    """A variant cannot be made here; the hint says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far answers are from the original's, over everything both were asked."""

    max_abs: float
    """Largest absolute difference of any number, in the number's own unit."""
    max_rel: float
    """The same over the largest magnitude the original answers: the range of its output."""
    p99_abs: float
    """99th percentile of the absolute differences."""
    relative_l2: float
    """Norm of the difference over norm of the original's answers."""
    windows: int
    """Windows of sound compared."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Least process CPU time per call, one thread, original and variant in turns."""

    original_ms: float
    variant_ms: float
    windows: int
    """Calls of each that counted."""

    @property
    def ratio(self) -> float:
        """How many times as fast the variant is."""
        return self.original_ms / self.variant_ms


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """One rewrite: whether its shape was found in the network."""

    name: str
    found: int
    """How often."""
    text: str = ""
    """What was done, or why nothing was."""


@dataclass(frozen=True, kw_only=True)
class VariantReport:
    """What was measured of a variant."""

    name: str
    """Of `facewire.bundles.variants.CLASSES`."""
    variant_class: VariantClass
    providers: tuple[str, ...]
    """Where it may be taken: what it was measured on, or `any`."""
    difference: Difference
    limits: Mapping[str, float]
    """Declared limits, by name. `ratio`: of the speed. Of an exact variant `max_rel`, and
    `roundings` and `worst_roundings` where that is broken; of a turbo variant `relative_l2`, and
    what is limited of `face`."""
    speed: Speed
    patterns: tuple[Pattern, ...] = ()
    face: Mapping[str, Any] = field(default_factory=dict)
    """What a user sees of a turbo variant: weights, jaw, eyes; or emotions."""
    over: tuple[str, ...] = ()
    """Limits that it breaks, each as a sentence; () when it may be kept."""
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def within_limits(self) -> bool:
        """Whether it may be kept without force."""
        return not self.over


@dataclass(frozen=True, kw_only=True)
class Made:
    """A variant's files in the folder it was made in, and what was measured."""

    report: VariantReport
    network: Path
    companions: tuple[Path, ...] = ()
    """Other files it needs; they are kept beside it under `<stem>.<variant><suffix>`."""


class VariantMaker(Protocol):
    """Makes one variant. Importing the module that holds one must not import `onnx`."""

    name: str
    """Of `facewire.bundles.variants.CLASSES`."""
    families: frozenset[str]
    """Of networks it can rewrite."""

    def make(
        self, bundle: NvidiaBundle, folder: Path, audio: NDArray[np.float32], told: Told
    ) -> Made:
        """Write the variant into a folder and compare it with the original.

        Args:
            bundle: Whose network is rewritten; never written to.
            folder: An empty one, gone afterwards.
            audio: float32[samples] of speech at 16 kHz: what is compared on.
            told: Is told each step.

        Raises:
            OptimiseError: it cannot be made here, or nothing of the network is as it should be.
        """
