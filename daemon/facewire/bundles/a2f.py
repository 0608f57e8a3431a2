"""Audio2Face-3D bundles: regression (v2.3) and diffusion (v3.0)."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from facewire.bundles.blendshapes import read_pose_rig
from facewire.bundles.geometry import GeometryFile, PcaBasis, skin_basis, tongue_basis
from facewire.bundles.implicit_emotions import read_implicit_emotions
from facewire.bundles.lenient_json import as_fields
from facewire.bundles.model_config import read_animator_defaults, read_implicit_source
from facewire.bundles.network_file import checked_network
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from facewire.bundles.blendshapes import PoseRig
    from facewire.bundles.folder import BundleFolder
    from facewire.bundles.implicit_emotions import ImplicitEmotions
    from facewire.bundles.lenient_json import Fields
    from facewire.bundles.model_config import AnimatorDefaults, ImplicitSource
    from facewire.bundles.network_info import DiffusionInfo, RegressionInfo


@dataclass(frozen=True, kw_only=True)
class Face:
    """One identity: its defaults, its geometry and, where the bundle has them, its poses."""

    name: str
    defaults: AnimatorDefaults
    geometry: GeometryFile
    skin: PoseRig | None
    """None: the bundle has no skin poses, and gives geometry but no weights."""
    tongue: PoseRig | None

    @property
    def pose_names(self) -> tuple[str, ...]:
        """Names of the weights in their order: skin, then tongue."""
        return tuple(name for rig in (self.skin, self.tongue) if rig for name in rig.names)

    def check_contents(self) -> None:
        """Read every array once and keep none.

        Raises:
            BundleError: one is damaged or holds NaN or infinity.
        """
        self.geometry.read()
        for rig in (self.skin, self.tongue):
            if rig:
                rig.read_neutral()
                for name in rig.names:
                    rig.read_delta(name)


@dataclass(frozen=True, kw_only=True)
class RegressionBundle:
    """A v2.3 bundle: PCA coefficients of one face, an implicit emotion that never changes."""

    root: Path
    network: Path
    """The ONNX file; its ports have been checked."""
    info: RegressionInfo
    face: Face
    skin_basis: PcaBasis
    tongue_basis: PcaBasis
    implicit_emotions: ImplicitEmotions
    implicit_source: ImplicitSource

    family = "regression"

    @property
    def identities(self) -> tuple[str, ...]:
        """The one face's name."""
        return (self.face.name,)

    def identity(self, name: str) -> Face:
        """Return the face by its name.

        Raises:
            BundleError: it has another.
        """
        return _named((self.face,), name)

    @property
    def implicit_emotion(self) -> NDArray[np.float32]:
        """The vector that leads every emotion input, float32[implicit_emotion_len]."""
        return self.implicit_emotions.vector(self.implicit_source.shot, self.implicit_source.frame)

    def check_contents(self) -> None:
        """Read every array once and keep none; takes about a second for a published bundle.

        Raises:
            BundleError: one is damaged or holds NaN or infinity.
        """
        self.face.check_contents()
        for basis in (self.skin_basis, self.tongue_basis):
            for _ in basis.blocks():
                pass


@dataclass(frozen=True, kw_only=True)
class DiffusionBundle:
    """A v3.0 bundle: one network for several faces, vertex deltas at 60 frames per second."""

    root: Path
    network: Path
    """The ONNX file; its ports have been checked."""
    info: DiffusionInfo
    faces: tuple[Face, ...]
    """In the order of the network's one-hot input."""

    family = "diffusion"

    @property
    def identities(self) -> tuple[str, ...]:
        """Names of the faces."""
        return tuple(face.name for face in self.faces)

    def identity(self, name: str) -> Face:
        """Return a face by its name; capitals do not matter where that leaves one.

        Raises:
            BundleError: there is no such face; the hint says which there are.
        """
        return _named(self.faces, name)

    def check_contents(self) -> None:
        """Read every array once and keep none.

        Raises:
            BundleError: one is damaged or holds NaN or infinity.
        """
        for face in self.faces:
            face.check_contents()


def read_regression(folder: BundleFolder, model: Fields, info: RegressionInfo) -> RegressionBundle:
    """Return a regression bundle; arrays are checked by their headers and read later.

    Raises:
        BundleError: naming file, key and what was expected.
    """
    config = folder.json_of(model, "modelConfigPath")
    archive = folder.archive_of(model, "modelDataPath")
    implicit = read_implicit_emotions(
        folder.archive_of(model, "emotionDatabasePath"), info.implicit_emotion_len
    )
    source = read_implicit_source(config)
    implicit.vector(source.shot, source.frame)
    skin, tongue = _rigs(folder, _paths(model), info)
    return RegressionBundle(
        root=folder.root,
        network=checked_network(folder, model, info),
        info=info,
        face=Face(
            name=info.actor,
            defaults=read_animator_defaults(config),
            geometry=GeometryFile(archive, info),
            skin=skin,
            tongue=tongue,
        ),
        skin_basis=skin_basis(archive, info),
        tongue_basis=tongue_basis(archive, info),
        implicit_emotions=implicit,
        implicit_source=source,
    )


def read_diffusion(folder: BundleFolder, model: Fields, info: DiffusionInfo) -> DiffusionBundle:
    """Return a diffusion bundle; arrays are checked by their headers and read later.

    Raises:
        BundleError: naming file, key and what was expected.
    """
    count = len(info.identities)
    configs, archives = (model.texts(key, count) for key in ("modelConfigPaths", "modelDataPaths"))
    named = model.values.get("blendshapePaths")
    poses = model.entries("blendshapePaths", count) if named else []
    faces = []
    for at, name in enumerate(info.identities):
        said = model.at("blendshapePaths").entry(at)
        rigs = _rigs(folder, as_fields(poses[at], said) if poses else None, info)
        config = folder.json(configs[at], model.at("modelConfigPaths").entry(at))
        archive = folder.archive(archives[at], model.at("modelDataPaths").entry(at))
        face = Face(
            name=name,
            defaults=read_animator_defaults(config),
            geometry=GeometryFile(archive, info),
            skin=rigs[0],
            tongue=rigs[1],
        )
        faces.append(face)
    network = checked_network(folder, model, info)
    return DiffusionBundle(root=folder.root, network=network, info=info, faces=tuple(faces))


def _paths(model: Fields) -> Fields | None:
    return model.fields("blendshapePaths") if model.values.get("blendshapePaths") else None


def _rigs(
    folder: BundleFolder, paths: Fields | None, info: RegressionInfo | DiffusionInfo
) -> tuple[PoseRig | None, PoseRig | None]:
    """Return the poses of skin and tongue; None for one that model.json does not name."""
    vertices = {"skin": info.skin_vertices, "tongue": info.tongue_vertices}
    skin, tongue = (
        _rig(folder, paths.fields(part), count) if paths and paths.values.get(part) else None
        for part, count in vertices.items()
    )
    return skin, tongue


def _rig(folder: BundleFolder, paths: Fields, vertices: int) -> PoseRig:
    config = folder.json_of(paths, "config")
    return read_pose_rig(folder.archive_of(paths, "data"), config, vertices)


def _named(faces: tuple[Face, ...], name: str) -> Face:
    exact = [face for face in faces if face.name == name]
    alike = exact or [face for face in faces if face.name.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0]
    names = [face.name for face in faces]
    near = get_close_matches(name, names, 1)
    raise BundleError(
        f"The bundle has no identity {name!r}.",
        hint=f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(names)}.",
        key="identity",
    )
