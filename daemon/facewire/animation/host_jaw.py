"""The jaw as the SDK's AnimatorTeeth fits it on the CPU: for who compares with that.

What is streamed is `jaw_transform`, the way of the SDK's executors. The two are 4e-6 apart at best,
since each rounds to float32 in an order of its own; here are the roundings of the CPU: Kabsch's
method on the two-sided Jacobi SVD of Eigen 3.4, its sums four at a time as SSE makes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_ONE: Final = np.float32(1.0)
_LEAST: Final = np.finfo(np.float32).tiny
_PRECISION: Final = np.float32(2.0) * np.finfo(np.float32).eps
_SWEEPS: Final = 64
"""Some five are taken; this only ends what would not end."""
_SMALL_PRODUCT: Final = 14
"""Points from which Eigen multiplies matrices by blocks, and sums one after another."""


def host_jaw_transform(
    neutral_jaw: Floats, deltas: Floats, strength: float, height: float, depth: float
) -> Floats:
    """Return float32[4, 4] as `jaw_transform` does, with the roundings of the SDK on the CPU.

    Points that leave the rotation open give an arbitrary one, as there.

    Args:
        neutral_jaw: float32[points, 3] (or flat) in cm.
        deltas: The points' motion, as many values.
        strength: Factor of the motion.
        height: Shift along y in cm.
        depth: Shift along z in cm.
    """
    source = np.asarray(neutral_jaw, np.float32).reshape(-1, 3)
    with np.errstate(all="ignore"):
        motion = np.asarray(deltas, np.float32).reshape(-1, 3) * np.float32(strength)
        target = source + (motion + np.array((0.0, height, depth), np.float32))
    return host_rigid_transform(source, target)


def host_rigid_transform(source: Floats, target: Floats) -> Floats:
    """Return float32[4, 4], the SDK's rigidXform of points on points, both float32[points, 3]."""
    transform = np.eye(4, dtype=np.float32)
    with np.errstate(all="ignore"):
        count = np.float32(len(source))
        centre, moved_centre = source.sum(axis=0) / count, target.sum(axis=0) / count
        rotation = _rotation(_cross_products(source - centre, target - moved_centre))
        transform[:3, :3] = rotation
        transform[:3, 3] = moved_centre - _three((rotation * centre).T)
    return transform


def _cross_products(one: Floats, other: Floats) -> Floats:
    """Return the matrix of the sums over all points of coordinate times coordinate."""
    products = one[:, :, None] * other[:, None, :]
    whole = len(products) // 4 * 4
    if not whole or len(products) >= _SMALL_PRODUCT:
        return np.asarray(products.sum(axis=0))
    lanes = products[:4]
    if whole >= 8:
        lanes = lanes + products[4:8]
    if whole == 12:
        lanes = lanes + products[8:12]
    total: Floats = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    for rest in products[whole:]:
        total = total + rest
    return total


def _three(terms: Floats) -> Floats:
    """Return the sum of three, the last two first."""
    return np.asarray(terms[0] + (terms[1] + terms[2]))


def _multiplied(one: Floats, other: Floats) -> Floats:
    return _three(one.T[:, :, None] * other[:, None, :])


def _rotation(product: Floats) -> Floats:
    left, right = _singular_vectors(product)
    turn = _multiplied(right, left.T)
    mirror = np.eye(3, dtype=np.float32)
    first, second, third = (
        turn[0, i] * (turn[1, j] * turn[2, k] - turn[1, k] * turn[2, j])
        for i, j, k in ((0, 1, 2), (1, 0, 2), (2, 0, 1))
    )
    mirror[2, 2] = first - second + third
    return _multiplied(_multiplied(right, mirror), left.T)


def _singular_vectors(matrix: Floats) -> tuple[Floats, Floats]:
    """Return U and V of U S V^T by Jacobi's rotations from both sides, S descending."""
    work = matrix / (np.abs(matrix).max() or _ONE)
    left, right = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)
    largest = np.abs(np.diag(work)).max()
    for _ in range(_SWEEPS):
        finished = True
        for p, q in ((1, 0), (2, 0), (2, 1)):
            least = max(_LEAST, _PRECISION * largest)
            if not max(abs(work[p, q]), abs(work[q, p])) > least:
                continue
            finished = False
            on_left, on_right = _both_sides(work[np.ix_((p, q), (p, q))])
            work[[p, q]] = _in_plane(work[p], work[q], *on_left)
            left[:, [p, q]] = _in_plane(left[:, p], left[:, q], *on_left).T
            for turned in (work, right):
                turned[:, [p, q]] = _in_plane(turned[:, p], turned[:, q], *on_right).T
            largest = max(largest, abs(work[p, p]), abs(work[q, q]))
        if finished:
            break
    sizes = np.diag(work)
    left = left * np.where(sizes < 0.0, -_ONE, _ONE)
    order = np.argsort(-np.abs(sizes), kind="stable")
    return left[:, order], right[:, order]


def _in_plane(x: Floats, y: Floats, cosine: np.float32, sine: np.float32) -> Floats:
    """Return two rows turned in the plane they span."""
    return np.array((cosine * x + sine * y, cosine * y - sine * x))


def _both_sides(
    block: Floats,
) -> tuple[tuple[np.float32, np.float32], tuple[np.float32, np.float32]]:
    """Return cosine and sine of the turns of rows, and of columns, that make a block diagonal."""
    cosine, sine = _ONE, np.float32(0.0)
    total, difference = block[0, 0] + block[1, 1], block[1, 0] - block[0, 1]
    if not abs(difference) < _LEAST:
        ratio = total / difference
        length = np.sqrt(_ONE + ratio * ratio)
        cosine, sine = ratio / length, _ONE / length
    even = _in_plane(block[0], block[1], cosine, sine)
    c, s = _ONE, np.float32(0.0)
    twice = np.float32(2.0) * abs(even[0, 1])
    if not twice < _LEAST:
        tau = (even[0, 0] - even[1, 1]) / twice
        root = np.sqrt(tau * tau + _ONE)
        tangent = _ONE / (tau + root) if tau > 0.0 else _ONE / (tau - root)
        c = _ONE / np.sqrt(tangent * tangent + _ONE)
        s = -np.sign(tangent) * np.sign(even[0, 1]) * abs(tangent) * c
    return (cosine * c + sine * s, sine * c - cosine * s), (c, -s)
