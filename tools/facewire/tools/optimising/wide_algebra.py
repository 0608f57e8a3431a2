"""Every value over vertices written as a `Form`; names of nodes mean nothing.

The rules, one per kind of node, are those of `wide_sums` and `wide_pieces`; here is what they
share, and the way from forms back to values.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from facewire.tools.optimising.wide_form import (
    ONE,
    ZERO,
    Form,
    NotAffineError,
    Stretch,
    Term,
    constant_form,
    squeezed,
)
from facewire.tools.optimising.wide_parts import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnx import NodeProto

    from facewire.tools.optimising.wide_form import Double
    from facewire.tools.optimising.wide_network import Labelled, WideNetwork
    from facewire.tools.optimising.wide_writer import Writer


class Rule(Protocol):
    """Says what the output of one kind of node is."""

    def __call__(self, algebra: WideAlgebra, node: NodeProto, output: str, /) -> Form:
        """Return the form of an output.

        Raises:
            NotAffineError: it is none.
            OptimiseError: one of its inputs is none.
        """


class WideAlgebra:
    """Finds the form of values; what it needs of narrow ones it writes into the new network."""

    def __init__(self, network: WideNetwork, writer: Writer, rules: Mapping[str, Rule]) -> None:
        """Stand before the first question; `rules` has one for each kind of node."""
        self.network = network
        self.writer = writer
        self._rules = rules
        self._forms: dict[str, Form] = {}
        self.leaves: list[str] = []
        """Narrow values of the original that forms are made of: the new network needs them."""

    def form(self, name: str) -> Form:
        """Return the form of a value.

        Raises:
            OptimiseError: it is not affine in narrow values; the text names the node.
        """
        if name not in self._forms:
            self._forms[name] = self._found(name)
        return self._forms[name]

    def _found(self, name: str) -> Form:
        network = self.network
        node = network.producer.get(name)
        labelled = network.labelled(name)
        if labelled is None:
            raise refuse(node, "its axes are not batch, frames and the numbers of a frame.")
        if name not in network.dynamic:
            values = self._canonical(network.known(name), labelled)
            return constant_form(values, labelled.frames, labelled.width)
        if node is None:
            return self._leaf(name, labelled)
        if not network.is_wide(name) and not network.meets_wide(node):
            return self._leaf(name, labelled)
        rule = self._rules.get(node.op_type)
        if rule is None:
            raise refuse(node, "it is no sum of products with constants, and works on vertices.")
        try:
            return rule(self, node, name)
        except NotAffineError as error:
            raise refuse(node, str(error)) from None

    def _leaf(self, name: str, labelled: Labelled) -> Form:
        self.leaves.append(name)
        value = self.writer.canonical(name, labelled)
        term = Term(value, labelled.frames, labelled.width, None, ONE)
        return Form(labelled.frames, (Stretch(labelled.width, (term,), ZERO),))

    def _canonical(self, values: NDArray[Any], labelled: Labelled) -> Double:
        """Return a known array that lines up with a value as [identities, frames, width], cut."""
        array = np.asarray(values, np.float64)
        axes = labelled.axes
        if array.ndim > len(axes):
            raise NotAffineError("it has more axes than the value it is joined with.")
        array = array.reshape((1,) * (len(axes) - array.ndim) + array.shape)
        sizes: list[int] = []
        order = ""
        for axis, size in zip(axes, array.shape, strict=True):
            order += "".join(axis)
            if axis == ("B", "F") and size > 1:
                sizes += [size // labelled.frames, labelled.frames]
            else:
                sizes += [1] * (len(axis) - 1) + [size] if axis else []
        array = array.reshape(sizes)
        array = array.transpose([order.index(label) for label in "BFW" if label in order])
        for at, label in enumerate("BFW"):
            if label not in order:
                array = np.expand_dims(array, at)
        return squeezed(array)

    def known_beside(self, name: str, output: str) -> Double:
        """Return a known input of an elementwise node as its output sees it."""
        labelled = self.network.labelled(output)
        if labelled is None:
            raise NotAffineError("its axes are not batch, frames and the numbers of a frame.")
        return self._canonical(self.network.known(name), labelled)

    def is_known(self, name: str) -> bool:
        """Return whether a value does not depend on what is heard, felt or remembered."""
        return name not in self.network.dynamic

    def side(self, name: str, output: str) -> Form:
        """Return an input of a sum."""
        if self.is_known(name):
            values = self.known_beside(name, output)
            return constant_form(values, values.shape[1], values.shape[2])
        return self.form(name)

    def scaled(self, form: Form, gain: Double) -> Form:
        """Return a form times what is known; a factor for each frame goes to the narrow values."""
        if gain.shape[2] > 1:
            form = form.spread(gain.shape[2])
        if gain.shape[1] == 1 or form.is_constant or gain.shape[2] > 1:
            scaled = form.times(gain)
            return replace(scaled, frames=max(form.frames, gain.shape[1]))
        frames = max(form.frames, gain.shape[1])
        factor = self.writer.of_identity(gain)

        def change(stretch: Stretch, _: slice) -> Stretch:
            terms = tuple(
                replace(term, narrow=self.writer.node("Mul", term.narrow, factor), frames=frames)
                for term in stretch.terms
            )
            return Stretch(stretch.width, terms, squeezed(stretch.constant * gain))

        return replace(form.each(change), frames=frames)

    def times_value(self, form: Form, factor: str, frames: int) -> Form:
        """Return a form times a value [batch, frames, 1] of the new network."""
        most = max(form.frames, frames)

        def change(stretch: Stretch, _: slice) -> Stretch:
            terms = [
                replace(
                    term,
                    narrow=self.writer.node("Mul", term.narrow, factor),
                    frames=max(term.frames, frames),
                )
                for term in stretch.terms
            ]
            if np.any(stretch.constant):
                if stretch.constant.shape[1] > 1:
                    raise NotAffineError("it scales by the sound what differs between frames.")
                shape = (*stretch.constant.shape[:2], stretch.width)
                constant = np.broadcast_to(stretch.constant, shape)
                if len(constant) > 1:
                    raise NotAffineError("it scales by the sound what each identity has its own.")
                terms.append(Term(factor, frames, 1, constant[0], ONE))
            return Stretch(stretch.width, tuple(terms), ZERO)

        return replace(form.each(change), frames=most)

    def label(self, name: str, node: NodeProto, axis: int | None = None) -> str:
        """Return whether an axis of a value runs over frames or the width, "" for neither."""
        if axis is None:
            axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
        labelled = self.network.labelled(name)
        if labelled is None:
            raise NotAffineError("its axes are not batch, frames and the numbers of a frame.")
        label = "".join(labelled.axes[axis])
        if label not in ("", "F", "W"):
            raise NotAffineError("it works along the tracks of a batch.")
        return label

    def frames(self, form: Form, first: int, last: int) -> Form:
        """Return the frames from `first` up to and without `last`."""

        def change(stretch: Stretch, _: slice) -> Stretch:
            terms = tuple(
                term
                if term.frames == 1
                else replace(
                    term,
                    narrow=self.writer.sliced(term.narrow, first, last, 1),
                    frames=last - first,
                )
                for term in stretch.terms
            )
            constant = stretch.constant
            if constant.shape[1] > 1:
                constant = squeezed(constant[:, first:last])
            return Stretch(stretch.width, terms, constant)

        return replace(form.each(change), frames=last - first)

    def surrounded(self, form: Form, before: int, after: int, value: float = 0.0) -> Form:
        """Return a form with constant frames around it."""
        total = before + form.frames + after

        def change(stretch: Stretch, _: slice) -> Stretch:
            terms = []
            for term in stretch.terms:
                narrow = term.narrow
                if term.frames == 1 and form.frames > 1:
                    ones = self.writer.constant(np.ones((1, form.frames, 1), np.float32))
                    narrow = self.writer.node("Mul", narrow, ones)
                narrow = self.writer.padded(narrow, before, after)
                terms.append(replace(term, narrow=narrow, frames=total))
            kept = stretch.constant
            constant = np.full((kept.shape[0], total, kept.shape[2]), value)
            constant[:, before : before + form.frames] = kept
            return Stretch(stretch.width, tuple(terms), squeezed(constant))

        return replace(form.each(change), frames=total)

    def integers(self, name: str) -> list[int]:
        """Return a list of whole numbers: where a slice starts, how far is padded."""
        if not self.is_known(name):
            raise NotAffineError("where it cuts depends on the sound.")
        return [int(each) for each in self.network.known(name).reshape(-1)]

    def written(self, form: Form) -> str:
        """Write a narrow form into the new network: [batch, frames, width]."""
        writer = self.writer
        shape = writer.joined([writer.batch(), writer.ints(form.frames, 1)], 0)
        parts = []
        for stretch in form.stretches:
            value = self._stretch(stretch)
            if form.frames not in [term.frames for term in stretch.terms]:
                value = writer.node("Expand", value, shape)
            parts.append(value)
        return writer.joined(parts, 2)

    def _stretch(self, stretch: Stretch) -> str:
        writer = self.writer
        parts = []
        for term in stretch.terms:
            value, gain = term.narrow, term.gain
            if term.matrix is not None:
                matrix = np.asarray(term.matrix, np.float64)
                if len(gain) == 1:
                    matrix, gain = matrix * gain[0], ONE
                value = writer.node("MatMul", value, writer.constant(matrix.astype(np.float32)))
            if not np.array_equal(gain, ONE):
                value = writer.node("Mul", value, writer.of_identity(gain))
            parts.append(value)
        if np.any(stretch.constant) or not parts:
            shape = (*stretch.constant.shape[:2], stretch.width)
            parts.append(writer.of_identity(np.broadcast_to(stretch.constant, shape)))
        found = parts[0]
        for part in parts[1:]:
            found = writer.node("Add", found, part)
        return found
