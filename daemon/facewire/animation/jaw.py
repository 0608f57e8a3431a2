"""Jaw: the rigid motion that fits the moved key points best (a2f_runtime §4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.animation.kernel_rotation import kernel_rotation

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ONE_PLACE: Final = 1e-6
"""Spread of points, relative to their coordinates, that is no more than rounding of float32."""
_ONE_LINE: Final = 1e-9
"""Second singular value, relative to the first, below which points stand on one line."""


def jaw_transform(
    neutral_jaw: NDArray[np.float32],
    deltas: NDArray[np.float32],
    strength: float,
    height: float,
    depth: float,
) -> NDArray[np.float32]:
    """Return float32[4, 4] that takes the neutral lower teeth to where they are: p' = R p + t.

    The rotation is about the scene's origin, far below the jaw: t alone is large at any angle.

    This is what the SDK's executors answer, to the bit: sums and rotation are made in the order and
    the float32 of their kernel (see `kernel_rotation`). That is up to 1e-5 off the exact fit, and
    more as points come near one line. Where it is no use (they are on one, or all at one place),
    the exact fit is returned.

    Args:
        neutral_jaw: float32[points, 3] (or flat) in cm.
        deltas: The points' motion, as many values.
        strength: Factor of the motion.
        height: Shift along y in cm.
        depth: Shift along z in cm.
    """
    source = np.asarray(neutral_jaw, np.float32).reshape(-1, 3)
    motion = np.asarray(deltas, np.float32).reshape(-1, 3)
    with np.errstate(over="ignore", invalid="ignore"):
        target = source + motion * np.float32(strength)
        target += np.array((0.0, height, depth), np.float32)
        fit = _kernel_fit(source, target)
    return exact_jaw_transform(source, motion, strength, height, depth) if fit is None else fit


def exact_jaw_transform(
    neutral_jaw: NDArray[np.float32],
    deltas: NDArray[np.float32],
    strength: float,
    height: float,
    depth: float,
) -> NDArray[np.float32]:
    """Return float32[4, 4] as `jaw_transform` does, the exact fit: a rotation to rounding."""
    neutral = np.asarray(neutral_jaw, np.float64).reshape(-1, 3)
    target = neutral + np.asarray(deltas, np.float64).reshape(-1, 3) * strength
    target += (0.0, height, depth)
    return rigid_transform(neutral, target).astype(np.float32)


def column_major(transform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the 16 values as they travel: the columns of R, each closed by 0, then (t, 1)."""
    return np.ascontiguousarray(transform.T).reshape(16)


def rigid_transform(
    source: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return float64[4, 4], the rotation and translation that take `source` nearest to `target`.

    Kabsch's method; a mirror image is never returned. Points that leave the rotation open (all at
    one place or on one line) give none: the mean offset alone. Targets that are not finite give the
    identity.

    Args:
        source: float64[points, 3].
        target: float64[points, 3].
    """
    transform = np.eye(4)
    if not np.isfinite(target).all():
        return transform
    centre, moved_centre = source.mean(axis=0), target.mean(axis=0)
    from_points, to_points = source - centre, target - moved_centre
    if _turns(source, from_points) and _turns(target, to_points):
        left, sizes, right = np.linalg.svd(from_points.T @ to_points)
        if sizes[1] > _ONE_LINE * sizes[0]:
            # The last axis is turned where the product would mirror.
            right[2] *= np.sign(np.linalg.det(left) * np.linalg.det(right))
            transform[:3, :3] = (left @ right).T
    transform[:3, 3] = moved_centre - transform[:3, :3] @ centre
    return transform


def _kernel_fit(
    source: NDArray[np.float32], target: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    """Return float32[4, 4] as the SDK's kernel sums it up, or None where that is no use."""
    if not np.isfinite(target).all():
        return None
    count = np.float32(len(source))
    # Sums over the first axis go point by point, as the kernel's do.
    centre, moved_centre = source.sum(axis=0) / count, target.sum(axis=0) / count
    from_points, to_points = source - centre, target - moved_centre
    if not (_turns(source, from_points) and _turns(target, to_points)):
        return None
    product = (from_points[:, :, None] * to_points[:, None, :]).sum(axis=0)
    columns = kernel_rotation(product.tolist())
    if columns is None:
        return None
    transform = np.eye(4, dtype=np.float32)
    transform[:3, :3] = np.array(columns, np.float32).T
    x, y, z = (transform[:3, :3] * centre).T
    transform[:3, 3] = moved_centre - (x + y + z)
    return transform


def _turns(points: NDArray[np.floating], around_mean: NDArray[np.floating]) -> bool:
    """Say whether points stand apart by more than rounding."""
    return bool(np.abs(around_mean).max() > _ONE_PLACE * np.abs(points).max())
