"""Values over vertices cut, joined, padded, and the same in another shape."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from onnx import helper

from facewire.tools.optimising.wide_form import (
    ONE,
    Form,
    NotAffineError,
    constant_form,
    side_by_side,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnx import NodeProto

    from facewire.tools.optimising.wide_algebra import Rule, WideAlgebra

_FLOAT: Final = 1


def _concat(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    label = algebra.label(output, node)
    forms = [algebra.form(name) for name in node.input]
    return _joined(algebra, forms, label)


def _joined(algebra: WideAlgebra, forms: list[Form], label: str) -> Form:
    if label == "W":
        return side_by_side(forms)
    if label != "F":
        raise NotAffineError("it joins along an axis that is neither frames nor vertices.")
    total, at = sum(form.frames for form in forms), 0
    found = None
    for form in forms:
        part = algebra.surrounded(form, at, total - at - form.frames)
        found = part if found is None else found.plus(part)
        at += form.frames
    assert found is not None
    return found


def _scatter(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    """Return a value of which a run of frames or numbers was assigned: `x[:, a:b] = y`."""
    said = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    if said.get("reduction", b"none") != b"none" or not algebra.is_known(node.input[1]):
        raise NotAffineError("it adds here and there.")
    at = algebra.network.known(node.input[1])
    places, sizes = at.shape[:-1], algebra.network.shape(output)
    first = at.reshape(-1, at.shape[-1])[0]
    grid = np.moveaxis(np.indices(places), 0, -1)
    if at.shape[-1] != len(places) or not np.array_equal(at - first, grid):
        raise NotAffineError("it assigns numbers here and there, not a run of them.")
    cut = [axis for axis, size in enumerate(places) if size != sizes[axis]]
    new = algebra.form(node.input[2])
    if not cut:
        return new
    if len(cut) > 1:
        raise NotAffineError("it assigns some numbers of some frames.")
    axis = cut[0]
    start, size, length = int(first[axis]), places[axis], sizes[axis]
    label = algebra.label(output, node, axis)
    old = algebra.form(node.input[0])
    parts = [new]
    if start:
        parts.insert(0, _picked(algebra, old, label, np.arange(start)))
    if start + size < length:
        parts.append(_picked(algebra, old, label, np.arange(start + size, length)))
    return _joined(algebra, parts, label)


def _slice(algebra: WideAlgebra, node: NodeProto, _: str) -> Form:
    if len(node.input) < 3:
        raise NotAffineError("it is written as before opset 10.")
    starts, ends = (algebra.integers(name) for name in node.input[1:3])
    given = list(node.input[3:]) + [""] * 2
    axes = algebra.integers(given[0]) if given[0] else list(range(len(starts)))
    steps = algebra.integers(given[1]) if given[1] else [1] * len(starts)
    found = algebra.form(node.input[0])
    sizes = algebra.network.shape(node.input[0])
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        picked = np.arange(sizes[axis])[start:end:step]
        if len(picked) != sizes[axis] or step != 1:
            found = _picked(algebra, found, algebra.label(node.input[0], node, axis), picked)
    return found


def _split(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    label = algebra.label(node.input[0], node)
    axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
    lengths = [algebra.network.shape(name)[axis] for name in node.output]
    at = list(node.output).index(output)
    start = sum(lengths[:at])
    picked = np.arange(start, start + lengths[at])
    return _picked(algebra, algebra.form(node.input[0]), label, picked)


def _gather(algebra: WideAlgebra, node: NodeProto, _: str) -> Form:
    if not algebra.is_known(node.input[1]):
        raise NotAffineError("what it picks depends on the sound.")
    picks = algebra.network.known(node.input[1])
    label = algebra.label(node.input[0], node)
    form = algebra.form(node.input[0])
    if picks.ndim > 1 or (picks.ndim == 0 and label == "W"):
        raise NotAffineError("it picks vertices in another order than one after the other.")
    length = {"W": form.width, "F": form.frames, "": 1}[label]
    return _picked(algebra, form, label, np.atleast_1d(picks).astype(np.int64) % length)


def _picked(algebra: WideAlgebra, form: Form, label: str, picked: NDArray[np.int64]) -> Form:
    if label == "W":
        return form.columns(picked)
    if label == "" and len(picked) == 1:
        return form
    if label == "" or len(picked) == 0:
        raise NotAffineError("it picks along an axis that is neither frames nor vertices.")
    if not np.array_equal(picked, np.arange(picked[0], picked[0] + len(picked))):
        raise NotAffineError("it picks frames in another order.")
    first, last = int(picked[0]), int(picked[-1]) + 1
    return algebra.frames(form, first, last)


def _pad(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    said = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    if said.get("mode", b"constant") != b"constant" or len(node.input) < 2:
        raise NotAffineError("it pads with something else than a constant.")
    if len(node.input) > 3 and node.input[3]:
        raise NotAffineError("it pads some axes only, which is not understood.")
    value = 0.0
    if len(node.input) > 2 and node.input[2]:
        value = float(algebra.network.known(node.input[2]).reshape(()))
    pads = algebra.integers(node.input[1])
    found = algebra.form(node.input[0])
    half = len(pads) // 2
    for axis in range(half):
        before, after = pads[axis], pads[axis + half]
        if not before and not after:
            continue
        if min(before, after) < 0:
            raise NotAffineError("it pads by less than nothing.")
        label = algebra.label(output, node, axis)
        if label == "W":
            ends = (constant_form(ONE * value, found.frames, size) for size in (before, after))
            sides = [form for form in ends if form.width]
            at = [*sides[: bool(before)], found, *sides[bool(before) :]]
            found = side_by_side(at)
        else:
            found = algebra.surrounded(found, before, after, value)
    return found


def _first(algebra: WideAlgebra, node: NodeProto, _: str) -> Form:
    return algebra.form(node.input[0])


def _cast(algebra: WideAlgebra, node: NodeProto, _: str) -> Form:
    if next((each.i for each in node.attribute if each.name == "to"), 0) != _FLOAT:
        raise NotAffineError("it changes the precision of vertices.")
    return algebra.form(node.input[0])


def _same(algebra: WideAlgebra, node: NodeProto, output: str) -> Form:
    """Return the input's form: its axes are named alike, in another order or merged."""
    found = algebra.form(node.input[0])
    labelled = algebra.network.labelled(output)
    if labelled is None or labelled.width != found.width:
        raise NotAffineError("it mixes vertices with frames or splits them.")
    if found.frames not in (labelled.frames, 1):
        raise NotAffineError("it mixes frames with something else.")
    return replace(found, frames=labelled.frames)


PIECES: Final[Mapping[str, Rule]] = {
    "Concat": _concat,
    "Slice": _slice,
    "Split": _split,
    "Gather": _gather,
    "Pad": _pad,
    "ScatterND": _scatter,
    "Cast": _cast,
    "Identity": _first,
    "Dropout": _first,
    **dict.fromkeys(("Reshape", "Transpose", "Unsqueeze", "Squeeze", "Flatten", "Expand"), _same),
}
"""Kind of node -> its rule."""
