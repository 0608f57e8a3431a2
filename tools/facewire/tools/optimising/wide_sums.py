"""Sums, products and linear layers of values over vertices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from onnx import helper

from facewire.tools.optimising.wide_form import (
    ONE,
    Form,
    NotAffineError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnx import NodeProto

    from facewire.tools.optimising.wide_algebra import Rule, WideAlgebra


def _add(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    return algebra.side(node.input[0], output).plus(algebra.side(node.input[1], output))


def _sum(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    found = algebra.side(node.input[0], output)
    for name in node.input[1:]:
        found = found.plus(algebra.side(name, output))
    return found


def _subtract(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    return algebra.side(node.input[0], output).plus(algebra.side(node.input[1], output).times(-ONE))


def _negate(algebra: WideAlgebra, node: NodeProto, _: str) -> Form:
    return algebra.form(node.input[0]).times(-ONE)


def _multiply(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    one, two = node.input
    if algebra.is_known(one) or algebra.is_known(two):
        known, other = (one, two) if algebra.is_known(one) else (two, one)
        return algebra.scaled(algebra.form(other), algebra.known_beside(known, output))
    forms = algebra.form(one), algebra.form(two)
    narrow = next((form for form in forms if form.width == 1), None)
    if narrow is None:
        raise NotAffineError("it multiplies one motion of the vertices with another.")
    wide = forms[1] if narrow is forms[0] else forms[0]
    return algebra.times_value(wide, algebra.written(narrow), narrow.frames)


def _divide(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    one, two = node.input
    if algebra.is_known(two):
        divisor = algebra.known_beside(two, output)
        if not np.all(divisor):
            raise NotAffineError("it divides by zero.")
        return algebra.scaled(algebra.form(one), 1.0 / divisor)
    narrow = algebra.form(two)
    if narrow.width != 1:
        raise NotAffineError("it divides by a motion of the vertices.")
    inverse = algebra.writer.node("Reciprocal", algebra.written(narrow))
    return algebra.times_value(algebra.side(one, output), inverse, narrow.frames)


def _matmul(algebra: WideAlgebra, node: NodeProto, _: str) -> Form:
    return _through(algebra, node.input[0], _matrix(algebra, node.input[1]))


def _gemm(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    said = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    if said.get("transA", 0):
        raise NotAffineError("it turns the vertices away from the last axis.")
    matrix = _matrix(algebra, node.input[1])
    found = _through(algebra, node.input[0], matrix.T if said.get("transB", 0) else matrix)
    found = found.times(ONE * said.get("alpha", 1.0))
    if len(node.input) > 2 and node.input[2]:
        bias = algebra.side(node.input[2], output).times(ONE * said.get("beta", 1.0))
        found = found.plus(bias)
    return found


def _matrix(algebra: WideAlgebra, name: str) -> NDArray[Any]:
    if not algebra.is_known(name):
        raise NotAffineError("its matrix is not constant.")
    matrix = algebra.network.known(name)
    while matrix.ndim > 2 and matrix.shape[0] == 1:
        matrix = matrix[0]
    if matrix.ndim != 2:
        raise NotAffineError("its matrix is not the same for all frames.")
    return matrix


def _through(algebra: WideAlgebra, name: str, matrix: NDArray[Any]) -> Form:
    labelled = algebra.network.labelled(name)
    if labelled is None or labelled.axes[-1] != ("W",):
        raise NotAffineError("the vertices are not on its last axis.")
    return algebra.form(name).times_matrix(matrix)


def _where(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    if not algebra.is_known(node.input[0]):
        raise NotAffineError("which vertices it takes depends on the sound.")
    mask = algebra.known_beside(node.input[0], output)
    one, two = (algebra.side(name, output) for name in node.input[1:])
    return algebra.scaled(one, mask).plus(algebra.scaled(two, 1.0 - mask))


SUMS: Final[Mapping[str, Rule]] = {
    "Add": _add,
    "Sum": _sum,
    "Sub": _subtract,
    "Neg": _negate,
    "Mul": _multiply,
    "Div": _divide,
    "Where": _where,
    "MatMul": _matmul,
    "Gemm": _gemm,
}
"""Kind of node -> its rule."""
