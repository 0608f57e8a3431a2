"""One identity of a bundle, its arrays read and folded."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from facewire.animation.face_parameters import FaceParameters
from facewire.inference.face_geometry import VertexBases
from facewire.inference.face_solver import SolverBlock
from facewire.inference.weight_face import WeightFace

if TYPE_CHECKING:
    from facewire.bundles.a2f import Face, RegressionBundle
    from facewire.bundles.geometry import FaceGeometry, PcaBasis
    from facewire.inference.face_geometry import FaceBases
    from facewire.solving.settings import SolverSettings


@dataclass(frozen=True)
class RegressionBases:
    """The two bases of a regression bundle."""

    skin: PcaBasis
    tongue: PcaBasis

    @classmethod
    def of(cls, bundle: RegressionBundle) -> RegressionBases:
        """Return those of a bundle; nothing is read."""
        return cls(bundle.skin_basis, bundle.tongue_basis)


@dataclass(frozen=True, eq=False)
class LoadedFace:
    """One identity with its arrays; all streams of it share them."""

    name: str
    rest: FaceGeometry
    defaults: FaceParameters
    input_strength: float
    skin: SolverBlock | None
    tongue: SolverBlock | None
    weights: WeightFace = field(repr=False)
    """What the streams solve with; says by which route, and why."""
    vertices: VertexBases = field(repr=False)
    """Makes vertices of the network's answers, for those who ask for geometry."""

    @classmethod
    def from_bundle(cls, face: Face, bases: FaceBases | None = None) -> LoadedFace:
        """Read the arrays, fold the bases, and compare with the vertices.

        Args:
            face: What the bundle says.
            bases: Of the network's coefficients; None where it answers with vertices.

        Raises:
            BundleError: a file is damaged.
            SettingsError: the solver's settings are out of range.
        """
        rest = face.geometry.read()
        defaults = FaceParameters.from_config(asdict(face.defaults))
        skin = SolverBlock.from_bundle(face.skin) if face.skin else None
        tongue = SolverBlock.from_bundle(face.tongue) if face.tongue else None
        blocks = (bases.skin.blocks, bases.tongue.blocks) if bases else (None, None)
        return cls(
            name=face.name,
            rest=rest,
            defaults=defaults,
            input_strength=face.defaults.input_strength,
            skin=skin,
            tongue=tongue,
            weights=WeightFace(rest, defaults, skin, tongue, *blocks),
            vertices=VertexBases(bases),
        )

    def with_solver(self, part: Literal["skin", "tongue"], settings: SolverSettings) -> LoadedFace:
        """Return the face with other settings of one solver, which the face must have."""
        block = self.skin if part == "skin" else self.tongue
        assert block is not None
        block = SolverBlock(block.names, block.rig, settings)
        skin, tongue = (block, self.tongue) if part == "skin" else (self.skin, block)
        return replace(
            self, skin=skin, tongue=tongue, weights=self.weights.with_blocks(skin, tongue)
        )
