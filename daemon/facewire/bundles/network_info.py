"""`network_info.json`: what a network hears and answers (a2f_runtime §1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from facewire.bundles.lenient_json import Fields

SAMPLE_RATE_HZ: Final = 16_000
EYES: Final = 4
"""Right x, right y, left x, left y: what an animator of eyes takes."""
_MAX_SHAPES: Final = 4096
_MAX_VERTICES: Final = 2_000_000
_MAX_WINDOW_SAMPLES: Final = 60 * SAMPLE_RATE_HZ
_MAX_FRAMES: Final = 1024
_MAX_JAW: Final = 300
_MAX_GRU: Final = 65_536


@dataclass(frozen=True, kw_only=True)
class RegressionInfo:
    """A regression network: one window in, one frame of coefficients out."""

    actor: str
    version: str
    identities: tuple[str, ...]
    """What the training framework says it was trained on; empty in NVIDIA's own bundles."""
    emotions: tuple[str, ...]
    """The explicit ones, in the order of the network's input."""
    default_emotion: tuple[float, ...]
    implicit_emotion_len: int
    skin_shapes: int
    """PCA coefficients of the skin."""
    skin_vertices: int
    tongue_shapes: int
    tongue_vertices: int
    jaw_size: int
    """Floats: three per point."""
    eyes_size: int
    window_samples: int
    window_offset_samples: int
    """Samples of a window before its own instant."""

    @property
    def emotion_size(self) -> int:
        """Length of the network's emotion input: implicit, then explicit."""
        return self.implicit_emotion_len + len(self.emotions)

    @property
    def result_size(self) -> int:
        """Length of the network's output: skin, tongue, jaw, eyes."""
        return self.skin_shapes + self.tongue_shapes + self.jaw_size + self.eyes_size


@dataclass(frozen=True, kw_only=True)
class DiffusionInfo:
    """A diffusion network: one window in, a block of frames of vertex deltas out."""

    actor: str
    version: str
    identities: tuple[str, ...]
    """In the order of the network's one-hot input."""
    emotions: tuple[str, ...]
    default_emotion: tuple[float, ...]
    skin_size: int
    """Floats: three per vertex."""
    tongue_size: int
    jaw_size: int
    eyes_size: int
    diffusion_steps: int
    gru_layers: int
    gru_dim: int
    frames_before: int
    """Frames of a block to throw away at its start."""
    frames_kept: int
    frames_after: int
    window_samples: int
    padding_before_samples: int
    padding_after_samples: int

    @property
    def frames(self) -> int:
        """Frames of a block, those thrown away included."""
        return self.frames_before + self.frames_kept + self.frames_after

    @property
    def prediction_size(self) -> int:
        """Floats of one frame: skin, tongue, jaw, eyes."""
        return self.skin_size + self.tongue_size + self.jaw_size + self.eyes_size

    @property
    def skin_vertices(self) -> int:
        """Vertices of the head."""
        return self.skin_size // 3

    @property
    def tongue_vertices(self) -> int:
        """Vertices of the tongue."""
        return self.tongue_size // 3


@dataclass(frozen=True, kw_only=True)
class EmotionInfo:
    """An Audio2Emotion network: a window of any length in, one logit per emotion out."""

    emotions: tuple[str, ...]


NetworkInfo = RegressionInfo | DiffusionInfo | EmotionInfo


def read_network_info(fields: Fields) -> NetworkInfo:
    """Return what a `network_info.json` says; its family follows from `id.type`.

    Raises:
        BundleError: it is of no known family, lacks a key, or a value is out of its range.
    """
    audio = fields.fields("audio_params")
    rate = audio.integer("samplerate")
    if rate != SAMPLE_RATE_HZ:
        raise audio.at("samplerate").wrong(f"is {rate}", f"{SAMPLE_RATE_HZ}")
    if "id" not in fields:
        return EmotionInfo(emotions=_some(fields, "emotions"))
    identity = fields.fields("id")
    output = identity.text("output")
    if output != "geometry":
        raise identity.at("output").wrong(f"is {output!r}", "'geometry'")
    family = identity.text("type")
    if family == "regression":
        return _regression(identity, fields.fields("params"), audio)
    if family == "diffusion":
        return _diffusion(identity, fields.fields("params"), audio)
    raise identity.at("type").wrong(
        f"is {family!r}",
        "'regression' or 'diffusion'",
        "A newer Facewire may know this family.",
    )


def _regression(identity: Fields, params: Fields, audio: Fields) -> RegressionInfo:
    emotions = params.names("explicit_emotions")
    window = audio.integer("buffer_len", 1, _MAX_WINDOW_SAMPLES)
    return RegressionInfo(
        actor=identity.text("actor"),
        version=_version(identity),
        identities=params.names("identities") if "identities" in params else (),
        emotions=emotions,
        default_emotion=params.numbers("default_emotion", len(emotions)),
        implicit_emotion_len=params.integer("implicit_emotion_len", 0, _MAX_SHAPES),
        skin_shapes=params.integer("num_shapes_skin", 1, _MAX_SHAPES),
        skin_vertices=params.integer("num_verts_skin", 1, _MAX_VERTICES),
        tongue_shapes=params.integer("num_shapes_tongue", 1, _MAX_SHAPES),
        tongue_vertices=params.integer("num_verts_tongue", 1, _MAX_VERTICES),
        jaw_size=_triples(params, "result_jaw_size", _MAX_JAW),
        eyes_size=params.integer("result_eyes_size", EYES, EYES),
        window_samples=window,
        window_offset_samples=audio.integer("buffer_ofs", 0, window),
    )


def _diffusion(identity: Fields, params: Fields, audio: Fields) -> DiffusionInfo:
    emotions = params.names("emotions")
    return DiffusionInfo(
        actor=identity.text("actor", ""),
        version=_version(identity),
        identities=_some(params, "identities"),
        emotions=emotions,
        default_emotion=params.numbers("default_emotion", len(emotions)),
        skin_size=_triples(params, "skin_size", 3 * _MAX_VERTICES),
        tongue_size=_triples(params, "tongue_size", 3 * _MAX_VERTICES),
        jaw_size=_triples(params, "jaw_size", _MAX_JAW),
        eyes_size=params.integer("eyes_size", EYES, EYES),
        diffusion_steps=params.integer("num_diffusion_steps", 1, _MAX_FRAMES),
        gru_layers=params.integer("num_gru_layers", 1, _MAX_FRAMES),
        gru_dim=params.integer("gru_latent_dim", 1, _MAX_GRU),
        frames_before=params.integer("num_frames_left_truncate", 0, _MAX_FRAMES),
        frames_kept=params.integer("num_frames_center", 1, _MAX_FRAMES),
        frames_after=params.integer("num_frames_right_truncate", 0, _MAX_FRAMES),
        window_samples=audio.integer("buffer_len", 1, _MAX_WINDOW_SAMPLES),
        padding_before_samples=audio.integer("padding_left", 0, _MAX_WINDOW_SAMPLES),
        padding_after_samples=audio.integer("padding_right", 0, _MAX_WINDOW_SAMPLES),
    )


def _version(identity: Fields) -> str:
    """A text in published files; NVIDIA's reader never looks at it, so a number will do too."""
    return str(identity.values.get("version", ""))


def _some(fields: Fields, key: str) -> tuple[str, ...]:
    names = fields.names(key)
    if not names:
        raise fields.at(key).wrong("is empty", "one name at least")
    return names


def _triples(fields: Fields, key: str, most: int) -> int:
    size = fields.integer(key, 3, most)
    if size % 3:
        raise fields.at(key).wrong(f"is {size}", "a multiple of 3: x, y and z of each point")
    return size
