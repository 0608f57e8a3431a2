"""Blendshape data and the settings of their solver (a2f_runtime §1.6): by name, never position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.bundles.lenient_json import Fields
    from facewire.bundles.npz import Archive

NEUTRAL: Final = "neutral"
DEFAULT_TEMPLATE_SIZE_CM: Final = 54.7
"""Of a file without `templateBBSize`."""
_NAMES: Final = "poseNames"
_MASK: Final = "frontalMask"
_VERSION: Final = "rig_version"
_MAX_POSES: Final = 1024


@dataclass(frozen=True, kw_only=True)
class PoseSettings:
    """What the solver's file says about one pose."""

    active: bool
    cancel_pair: int
    """Poses of one id cancel each other; -1 is none."""
    symmetry_pair: int
    """Poses of one id are drawn together; -1 is none."""
    multiplier: float
    offset: float


@dataclass(frozen=True, kw_only=True)
class SolverDefaults:
    """`bs_*_config*.json`. Its lists have one entry per pose, in the order of the pose data."""

    l1: float
    """`strengthL1regularization`."""
    l2: float
    """`strengthL2regularization`."""
    temporal: float
    """`strengthTemporalSmoothing`."""
    symmetry: float
    """`strengthSymmetry`."""
    template_size_cm: float
    """`templateBBSize`: diagonal of the box around the template head."""
    active: tuple[bool, ...]
    cancel_pairs: tuple[int, ...]
    symmetry_pairs: tuple[int, ...]
    multipliers: tuple[float, ...]
    offsets: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class PoseRig:
    """The poses of a skin or a tongue: names and settings at hand, vertices read when asked for."""

    names: tuple[str, ...]
    """Of the poses in their order, without `neutral`."""
    solver: SolverDefaults
    vertices: int
    mask: NDArray[np.int32] | None
    """Indices of the vertices that the solver looks at; None: all."""
    rig_version: str
    """Such as `v3.1`; "" where the file has none."""
    archive: Archive

    def settings(self, name: str) -> PoseSettings:
        """Return the solver's settings of a pose.

        Raises:
            BundleError: there is no pose of this name.
        """
        if name not in self.names:
            raise self.archive.at(_NAMES).wrong(
                f"has no pose {name!r}", f"one of {', '.join(self.names[:8])} ..."
            )
        at = self.names.index(name)
        return PoseSettings(
            active=self.solver.active[at],
            cancel_pair=self.solver.cancel_pairs[at],
            symmetry_pair=self.solver.symmetry_pairs[at],
            multiplier=self.solver.multipliers[at],
            offset=self.solver.offsets[at],
        )

    def read_neutral(self) -> NDArray[np.float32]:
        """Return the solver's neutral, float32[vertices, 3], cm; not the animators' neutral.

        Raises:
            BundleError: the file is damaged or holds NaN or infinity.
        """
        return self.archive.floats(NEUTRAL, (self.vertices, 3))

    def read_deltas(self) -> NDArray[np.float32]:
        """Return the poses, float32[poses, vertices, 3], cm: offsets from the neutral already.

        Raises:
            BundleError: the file is damaged or holds NaN or infinity.
        """
        deltas = np.empty((len(self.names), self.vertices, 3), np.float32)
        for row, name in zip(deltas, self.names, strict=True):
            row[:] = self.read_delta(name)
        return deltas

    def read_delta(self, name: str) -> NDArray[np.float32]:
        """Return one pose, float32[vertices, 3], cm.

        Raises:
            BundleError: as `read_deltas`.
        """
        return self.archive.floats(name, (self.vertices, 3))


def read_pose_rig(archive: Archive, config: Fields, vertices: int) -> PoseRig:
    """Return the poses of a skin or a tongue after checking every array's header.

    Args:
        archive: `bs_skin*.npz` or `bs_tongue*.npz`.
        config: `bs_skin_config*.json` or `bs_tongue_config*.json`.
        vertices: How many the bundle's geometry has.

    Raises:
        BundleError: the first name is not `neutral`, a pose is missing or of another size, the
            mask leaves the vertices, or the settings are of another number of poses.
    """
    names = _pose_names(archive)
    for name in (NEUTRAL, *names):
        archive.expect(name, (vertices, 3))
    return PoseRig(
        names=names,
        solver=_solver(config, len(names)),
        vertices=vertices,
        mask=_mask(archive, vertices),
        rig_version=_version(archive),
        archive=archive,
    )


def _pose_names(archive: Archive) -> tuple[str, ...]:
    names = archive.texts(_NAMES, (None,))
    place = archive.at(_NAMES)
    if not names or names[0] != NEUTRAL:
        first = repr(names[0]) if names else "nothing"
        raise place.wrong(
            f"starts with {first}",
            f"{NEUTRAL!r} as the first name",
            f"Put {NEUTRAL!r} before the poses' names and save the file again.",
        )
    if not 1 < len(names) <= _MAX_POSES:
        raise place.wrong(f"has {len(names)} names", f"{NEUTRAL!r} and one pose at least")
    for at, name in enumerate(names):
        if name in names[:at] or name in (_NAMES, _MASK, _VERSION):
            raise place.wrong(f"names {name!r} twice", "every pose once")
    return names[1:]


def _solver(file: Fields, poses: int) -> SolverDefaults:
    config = file.fields("blendshape_params")
    count = config.integer("numPoses", 0, _MAX_POSES)
    if count != poses:
        raise config.at("numPoses").wrong(f"is {count}", f"{poses}, the poses of the data")
    return SolverDefaults(
        l1=config.number("strengthL1regularization"),
        l2=config.number("strengthL2regularization"),
        temporal=config.number("strengthTemporalSmoothing"),
        symmetry=config.number("strengthSymmetry"),
        template_size_cm=(
            config.number("templateBBSize")
            if "templateBBSize" in config
            else DEFAULT_TEMPLATE_SIZE_CM
        ),
        active=tuple(each != 0 for each in config.integers("bsSolveActivePoses", count, 0)),
        cancel_pairs=config.integers("bsSolveCancelPoses", count, -1),
        symmetry_pairs=config.integers("bsSolveSymmetryPoses", count, -1),
        multipliers=config.numbers("bsWeightMultipliers", count),
        offsets=config.numbers("bsWeightOffsets", count),
    )


def _mask(archive: Archive, vertices: int) -> NDArray[np.int32] | None:
    if _MASK not in archive:
        return None
    found = archive.integers(_MASK, (None,))
    outside = (found < 0) | (found >= vertices)
    if not found.size or outside.any():
        what = f"holds {found[int(np.argmax(outside))]}" if found.size else "is empty"
        raise archive.at(_MASK).wrong(what, f"indices from 0 to {vertices - 1}")
    return found.astype(np.int32)


def _version(archive: Archive) -> str:
    if _VERSION not in archive:
        return ""
    texts = archive.texts(_VERSION, (None,) * len(archive.header(_VERSION).shape))
    if len(texts) != 1:
        raise archive.at(_VERSION).wrong(f"holds {len(texts)} texts", "one")
    return texts[0]
