"""Audio2Emotion bundles, and what they may be used with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from facewire.bundles.families import PAIRED_FAMILIES
from facewire.bundles.network_file import checked_network
from facewire.bundles.post_processing import read_post_processing
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from facewire.bundles.folder import BundleFolder
    from facewire.bundles.lenient_json import Fields
    from facewire.bundles.network_info import EmotionInfo
    from facewire.bundles.post_processing import PostProcessingDefaults


@dataclass(frozen=True, kw_only=True)
class EmotionBundle:
    """A network that hears emotions, and how its logits become those of a face."""

    root: Path
    network: Path
    """The ONNX file; its ports have been checked."""
    info: EmotionInfo
    post_processing: PostProcessingDefaults

    family = "emotion"

    @property
    def correspondence(self) -> tuple[int, ...]:
        """A2F index of each of the network's emotions, in its order; -1 is none."""
        return self.post_processing.correspondence(self.info.emotions)

    def check_contents(self) -> None:
        """Do nothing: all there is besides the network has been read."""


def read_emotion(folder: BundleFolder, model: Fields, info: EmotionInfo) -> EmotionBundle:
    """Return an Audio2Emotion bundle.

    Raises:
        BundleError: naming file, key and what was expected.
    """
    config = folder.json_of(model, "modelConfigPath")
    return EmotionBundle(
        root=folder.root,
        network=checked_network(folder, model, info),
        info=info,
        post_processing=read_post_processing(config, info.emotions),
    )


def require_pairing(face_model: str, face_family: str) -> None:
    """Refuse to let Audio2Emotion drive a face that is not Audio2Face's.

    Args:
        face_model: Name of the face's model, for the message.
        face_family: Its family.

    Raises:
        BundleError: the licence does not allow it.
    """
    if face_family in PAIRED_FAMILIES:
        return
    raise BundleError(
        f"Audio2Emotion cannot drive {face_model!r}, a model of the family {face_family!r}: its "
        "licence allows it only together with Audio2Face.",
        hint="Pair it with an Audio2Face bundle (regression or diffusion), or set the emotion "
        "yourself.",
        key="emotion",
    )
