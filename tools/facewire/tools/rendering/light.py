"""Light: a warm key, a cool fill, a rim from behind and a soft sky, in linear colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from facewire.tools.rendering.raster import FloatArray

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Lamp:
    """A light far away, fixed to the camera."""

    toward: tuple[float, float, float]
    """Where it stands: to the picture's right, up, and back to the camera."""
    colour: Colour
    """Linear red, green, blue; 1 lights a facing white surface to white."""


KEY: Final = Lamp((-0.55, 0.62, 0.72), (1.02, 0.95, 0.87))
FILL: Final = Lamp((0.85, 0.1, 0.5), (0.17, 0.22, 0.29))
RIMS: Final = (
    Lamp((0.82, 0.45, -0.55), (0.50, 0.56, 0.66)),
    Lamp((-0.9, 0.25, -0.6), (0.22, 0.21, 0.20)),
)
_SKY: Final[Colour] = (0.33, 0.36, 0.40)
_GROUND: Final[Colour] = (0.20, 0.15, 0.12)
_WRAP: Final[Colour] = (0.42, 0.26, 0.20)
"""How far light reaches round an edge: skin lets red through, so its shadows begin warm."""


def lamp_directions(turn: FloatArray) -> dict[str, FloatArray]:
    """Return unit vectors to key, fill and rims in head space.

    Args:
        turn: float32[3, 3], the picture's right, up and back in head space.
    """
    lamps = {"key": KEY, "fill": FILL, **{f"rim{n}": rim for n, rim in enumerate(RIMS)}}
    ways = {name: np.array(lamp.toward) @ turn for name, lamp in lamps.items()}
    return {name: (way / np.linalg.norm(way)).astype(np.float32) for name, way in ways.items()}


def soft_light(
    normals: FloatArray, openness: FloatArray, toward_camera: FloatArray, turn: FloatArray
) -> FloatArray:
    """Return the light a matt, slightly translucent surface sends on, float32[vertices, 3].

    Args:
        normals: float32[vertices, 3], unit.
        openness: float32[vertices] in [0, 1], the share of the sky seen.
        toward_camera: float32[vertices, 3], unit.
        turn: as for `lamp_directions`.
    """
    ways = lamp_directions(turn)
    up = (normals @ turn[1])[:, None] * np.float32(0.5) + np.float32(0.5)
    sky, ground = np.array(_SKY, np.float32), np.array(_GROUND, np.float32)
    hollow = openness[:, None]
    light = (ground + (sky - ground) * up) * hollow
    wrap = np.array(_WRAP, np.float32)
    # Light bounces inside a hollow: its shade is never as deep as the sky alone makes it.
    direct = np.sqrt(hollow)
    for name, lamp in (("key", KEY), ("fill", FILL)):
        facing = np.maximum(((normals @ ways[name])[:, None] + wrap) / (1 + wrap), 0)
        light += facing * facing * direct * np.array(lamp.colour, np.float32)
    edge = 1 - np.clip((normals * toward_camera).sum(axis=1), 0, 1)
    for number, lamp in enumerate(RIMS):
        facing = np.maximum(normals @ ways[f"rim{number}"], 0) * edge * edge
        light += (facing * openness)[:, None] * np.array(lamp.colour, np.float32)
    return np.asarray(light, np.float32)


def highlights(
    normals: FloatArray, toward_camera: FloatArray, turn: FloatArray, sharpness: FloatArray
) -> FloatArray:
    """Return the reflections of key and fill on a wet surface, float32[samples].

    Args:
        normals: float32[3, samples], any length but 0.
        toward_camera: float32[3], unit.
        turn: as for `lamp_directions`.
        sharpness: float32[samples], the exponent: 20 is skin, 200 a wet eye.
    """
    unit = normals / np.maximum(np.linalg.norm(normals, axis=0), 1e-6)
    ways = lamp_directions(turn)
    shine = np.zeros(normals.shape[1], np.float32)
    for name, strength in (("key", 1.0), ("fill", 0.35)):
        half = ways[name] + toward_camera
        half /= np.linalg.norm(half)
        shine += np.float32(strength) * np.maximum(half @ unit, 0) ** sharpness
    return shine


def linear(srgb: FloatArray) -> FloatArray:
    """Return linear light of sRGB values in [0, 1]."""
    low = srgb / 12.92
    high = ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4
    return np.where(srgb <= 0.04045, low, high).astype(np.float32)


def _encoded_table() -> NDArray[np.uint8]:
    light = np.arange(_STEPS) / (_STEPS - 1) * _BRIGHTEST
    # Filmic shoulder: bright skin keeps its colour instead of clipping.
    toned = np.where(light < 0.6, light, 0.6 + 0.4 * (1 - np.exp(-(light - 0.6) / 0.4)))
    srgb = np.where(toned <= 0.0031308, toned * 12.92, 1.055 * toned ** (1 / 2.4) - 0.055)
    return np.round(np.clip(srgb, 0, 1) * 255).astype(np.uint8)


_STEPS: Final = 1 << 13
_BRIGHTEST: Final = 2.0
_ENCODED: Final = _encoded_table()


def encoded(light: FloatArray) -> NDArray[np.uint8]:
    """Return sRGB bytes of linear light, highlights rolled off; same shape."""
    steps = np.clip(light * np.float32((_STEPS - 1) / _BRIGHTEST), 0, _STEPS - 1)
    return np.asarray(_ENCODED[steps.astype(np.int16)], np.uint8)
