"""The rotation in a 3x3 matrix, by the float32 steps that NVIDIA's jaw kernel takes.

The kernel's rotations rest on approximate square roots and are some 1e-6, up to 1e-5 off the exact
ones, so no exact method can be nearer to them than that. Its method is published: McAdams, Selle,
Tamstorf, Teran and Sifakis, «Computing the Singular Value Decomposition of 3x3 matrices with
minimal branching and elementary floating point operations» (University of Wisconsin, TR1690); the
constants, the numbers of steps and which additions are fused are those of the library tbtSVD.

Values here are Python floats that hold float32 numbers. Their products are exact in float64, so one
rounding, by storing in a float32 cell, gives what a fused multiply-add gives.
"""

from __future__ import annotations

from array import array
from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Symmetric = tuple[float, float, float, float, float, float]
    """The entries 00, 10, 11, 20, 21, 22."""
    Quaternion = tuple[float, float, float, float]


def _singles(values: Iterable[float]) -> list[float]:
    """Return values rounded to float32."""
    return array("f", values).tolist()


_GAMMA, _COSINE, _SINE, _NOTHING = _singles((5.828427124, 0.923879532, 0.3826834323, 1e-6))
"""3 + sqrt 8; cosine and sine of pi/8, the half angle where the small one does not hold; what the
triangular form takes for zero."""
_ROOT: Final = (0x5F375A82, 4)
_FINE_ROOT: Final = (0x5F37599E, 6)
"""First guess, and how often Newton's step makes it better."""
_SINGLE = Struct("f")
_BITS = Struct("i")
_SWEEPS: Final = 12
_SETTLED: Final = 1e-9
"""Half angle far below what float32 sees beside 1."""
_SIZES: Final = (1e-2, 1e8)
"""Of the sum of entries: what is small enough is zero to the method, which takes fourth powers."""
_FLAT: Final = 3e-3
"""Second singular value, relative to the first, below which the kernel is off by 3e-3 rad."""


def kernel_rotation(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Return the columns of the rotation V U^T of a matrix U S V^T, or None where it is no use.

    It is of no use where the matrix is (nearly) of rank one, since the method squares it, or where
    it is very small, very large or not finite. A mirror image is never returned.

    Args:
        matrix: Three rows of three float32 numbers.
    """
    size = sum(abs(entry) for row in matrix for entry in row)
    if not _SIZES[0] < size < _SIZES[1]:
        return None
    square = [_combined(column, matrix) for column in zip(*matrix, strict=True)]
    right = _matrix_of(_eigenvectors(square))
    sizes, columns, axes = _sorted([_combined(row, right) for row in matrix], right)
    if not sizes[1] > _FLAT * _FLAT * sizes[0]:
        return None
    left = _orthogonal(columns)
    turned = [[_dot(axis, row) for axis in zip(*axes, strict=True)] for row in left]
    return _of_volume_one(turned)


def _combined(weights: Sequence[float], rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the weighted sum of three rows: the last product rounded, the others fused."""
    first, second, third = weights
    total = _singles([third * entry for entry in rows[2]])
    total = _singles([second * x + y for x, y in zip(rows[1], total, strict=True)])
    return _singles([first * x + y for x, y in zip(rows[0], total, strict=True)])


def _eigenvectors(square: Sequence[Sequence[float]]) -> Quaternion:
    """Return the turn (x, y, z, w) that makes a symmetric matrix diagonal: Jacobi's sweeps.

    Its length drifts from 1 by the roundings of every step, and the kernel leaves it so. Once a
    sweep changes nothing but the length, the others repeat it.
    """
    (s00, _, _), (s10, s11, _), (s20, s21, s22) = square
    rest: Symmetric = (s00, s10, s11, s20, s21, s22)
    turn: Quaternion = (0.0, 0.0, 0.0, 1.0)
    cell = array("f", (0.0, 0.0, 0.0, 0.0))
    for sweep in range(_SWEEPS):
        cosines, settled = [], True
        for _ in range(3):
            cosine, sine = _half_angle(cell, rest)
            factor, rest = _conjugated(cell, rest, cosine, sine)
            turn = _turned(cell, turn, cosine, sine)
            cosines.append(cosine)
            settled = settled and factor == 1.0 and abs(sine) < _SETTLED
        if settled:
            return _repeated(turn, cosines * (_SWEEPS - 1 - sweep))
    return turn


def _repeated(turn: Quaternion, cosines: Sequence[float]) -> Quaternion:
    x, y, z, w = turn
    for cosine in cosines:
        x, y, z, w = array("f", (x * cosine, y * cosine, z * cosine, w * cosine))
    return x, y, z, w


def _half_angle(cell: array[float], rest: Symmetric) -> tuple[float, float]:
    """Return cosine and sine of half the angle that takes most of entry 10 (Algorithm 2)."""
    cell[0] = rest[0] - rest[2]
    cosine, sine = 2.0 * cell[0], rest[1]
    cell[0], cell[1], cell[2] = sine * sine, _GAMMA * sine, cosine * cosine
    cell[1] *= sine
    if not cell[1] < cell[2]:
        return _COSINE, _SINE
    cell[0] += cosine * cosine
    scale = _inverse_root(cell[0], *_ROOT)
    cell[0], cell[1] = scale * cosine, scale * sine
    return cell[0], cell[1]


def _inverse_root(value: float, seed: int, steps: int) -> float:
    """Return about value ** -0.5: a guess from the bits, and Newton's steps."""
    guess = _BITS.pack(seed - (_BITS.unpack(_SINGLE.pack(value))[0] >> 1))
    root: float = _SINGLE.unpack(guess)[0]
    cell, half = array("f", (root,)), -0.5 * value
    for _ in range(steps):
        cell[0] = root * root
        cell[0] = cell[0] * half + 1.5
        cell[0] = root * cell[0]
        if cell[0] == root:
            break
        root = cell[0]
    return root


def _conjugated(
    cell: array[float], rest: Symmetric, cosine: float, sine: float
) -> tuple[float, Symmetric]:
    """Return the cosine of the whole angle, and the matrix turned, its axes moved up by one."""
    s00, s10, s11, s20, s21, s22 = rest
    cell[1] = sine * sine
    cell[0] = cosine * cosine + cell[1]
    cell[0] = 1.0 / cell[0]
    cell[1] = cosine * cosine - cell[1]
    cell[2] = 2.0 * sine * cosine
    cell[1], cell[2] = cell[1] * cell[0], cell[2] * cell[0]
    a, b = cell[1], cell[2]
    cell[0], cell[1], cell[2], cell[3] = b * s10, b * s11, a * s10, a * s11
    cell[0] += a * s00
    cell[1] += a * s10
    cell[2] -= b * s00
    cell[3] -= b * s10
    p, q, m, n = cell
    cell[0], cell[1], cell[2] = b * q, b * n, a * n
    cell[0] += a * p
    cell[1] += a * m
    cell[2] -= b * m
    t00, t10, t11 = cell[0], cell[1], cell[2]
    cell[0], cell[1] = b * s21, a * s21
    cell[0] += a * s20
    cell[1] -= b * s20
    return a, (t11, cell[1], s22, t10, cell[0], t00)


def _turned(cell: array[float], turn: Quaternion, cosine: float, sine: float) -> Quaternion:
    """Return the quaternion turned about its z, its axes moved up by one."""
    x, y, z, w = turn
    cell[0], cell[1], cell[2], cell[3] = x * sine, y * sine, z * sine, w * sine
    cell[0] = y * cosine - cell[0]
    cell[1] += x * cosine
    cell[2] = w * cosine - cell[2]
    cell[3] += z * cosine
    return cell[0], cell[3], cell[1], cell[2]


def _matrix_of(turn: Quaternion) -> list[list[float]]:
    x, y, z, w = turn
    zz, wz, wy, wx, yy = _singles((z * z, w * z, w * y, w * x, y * y))
    u0, u1, u2 = _singles((y * y + zz, x * x + zz, x * x + yy))
    d0, d1, d2 = _singles((1.0 - 2.0 * u0, 1.0 - 2.0 * u1, 1.0 - 2.0 * u2))
    m01, m02, m12 = _singles((x * y - wz, x * z + wy, y * z - wx))
    m10, m20, m21 = _singles((x * y + wz, x * z - wy, y * z + wx))
    return [
        [d0, 2.0 * m01, 2.0 * m02],
        [2.0 * m10, d1, 2.0 * m12],
        [2.0 * m20, 2.0 * m21, d2],
    ]


def _sorted(
    image: Sequence[Sequence[float]], axes: Sequence[Sequence[float]]
) -> tuple[list[float], list[list[float]], list[list[float]]]:
    """Return squared lengths, the image's columns and the axes' columns, longest first.

    Of two columns that change places one is negated, so that no mirror image comes of it.
    """
    columns, paired = ([list(row) for row in zip(*rows, strict=True)] for rows in (image, axes))
    sizes = [_combined(column, [[entry] for entry in column])[0] for column in columns]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        if sizes[i] < sizes[j]:
            sizes[i], sizes[j] = sizes[j], sizes[i]
            for swapped in (columns, paired):
                swapped[i], swapped[j] = swapped[j], [-entry for entry in swapped[i]]
    return sizes, columns, paired


def _orthogonal(columns: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return Q of the QR form of a matrix given by its columns: three Givens rotations (§4.2).

    Of the matrix only those entries are turned that a later angle is read from.
    """
    (b00, b10, b20), (b01, b11, b21), _ = columns
    first = _annihilating(b00, b10)
    a, b = _whole_angle(first)
    x, y, z = _singles((b * b10, b * b11, a * b11))
    r00, r01, r11 = _singles((a * b00 + x, a * b01 + y, z - b * b01))
    second = _annihilating(r00, b20)
    a, b = _whole_angle(second)
    (x,) = _singles((a * b21,))
    (r21,) = _singles((x - b * r01,))
    return _joined(first, second, _annihilating(r11, r21))


def _whole_angle(half: tuple[float, float]) -> tuple[float, float]:
    """Return cosine and sine of an angle by those of its half."""
    cosine, sine = half
    square, twice = _singles((sine * sine, 2.0 * cosine * sine))
    return _singles((1.0 - 2.0 * square,))[0], twice


def _annihilating(pivot: float, other: float) -> tuple[float, float]:
    """Return cosine and sine of half the angle that makes `other` zero (Algorithm 4)."""
    cell = array("f", (other * other, 0.0))
    cell[0] += pivot * pivot
    cell[0] = _inverse_root(cell[0], *_FINE_ROOT)
    cell[0] = 1.0 / cell[0]
    length = cell[0]
    cell[0] = abs(pivot) + max(_NOTHING, length)
    cosine, sine = cell[0], other if length > _NOTHING else 0.0
    if pivot < 0.0:
        cosine, sine = sine, cosine
    cell[0] = sine * sine
    cell[0] += cosine * cosine
    scale = _inverse_root(cell[0], *_ROOT)
    cell[0], cell[1] = cosine * scale, sine * scale
    return cell[0], cell[1]


def _product(*factors: float) -> float:
    """Return a product, rounded after every factor."""
    cell = array("f", factors[:1])
    for factor in factors[1:]:
        cell[0] *= factor
    return cell[0]


def _joined(
    first: tuple[float, float], second: tuple[float, float], third: tuple[float, float]
) -> list[list[float]]:
    """Return the three rotations of the QR form as one matrix; its signs make it proper."""
    (c1, s1), (c2, s2), (c3, s3) = first, second, third
    ss = _singles((s1 * s1 - 0.5, s2 * s2 - 0.5, s3 * s3 - 0.5))
    h1, h2, h3 = (2.0 * value for value in ss)
    inner = _singles((_product(c3, s1) * s3 + _product(c1, c2, s2, h3),))[0]
    fused = _singles(
        (
            _product(4.0 * c2, c3) * _product(h1, s2, s3) + _product(2.0 * c1, s1, h3),
            _product(4.0 * c1, c3) * _product(s1, s3) + _product(-2.0 * c2, h1, s2, h3),
            _product(-8.0 * c1, c2, c3) * _product(s1, s2, s3) + _product(h1, h3),
            -2.0 * c3 * s3 + _product(4.0 * s1, inner),
        )
    )
    return [
        [_product(h1, h2), fused[0], fused[1]],
        [_product(-2.0 * c1, s1, h2), fused[2], fused[3]],
        [_product(2.0 * c2, s2), _product(-2.0 * c3, h2, s3), _product(h2, h3)],
    ]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the sum of three products, each step rounded."""
    cell = array("f", [x * y for x, y in zip(one, other, strict=True)])
    cell[0] += cell[1]
    cell[0] += cell[2]
    return cell[0]


def _of_volume_one(columns: list[list[float]]) -> list[list[float]]:
    """Return columns, the last one divided by their determinant."""
    first, second, third = columns
    minors = []
    for i, j in ((1, 2), (0, 2), (0, 1)):
        products = _singles((second[i] * third[j], second[j] * third[i]))
        minors.append(products[0] - products[1])
    terms = _singles([x * y for x, y in zip(first, _singles(minors), strict=True)])
    (volume,) = _singles((terms[0] - terms[1],))
    (volume,) = _singles((volume + terms[2],))
    return [first, second, _singles([entry / volume for entry in third])]
