"""Which curves of a clip move, and which of those get lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from facewire.mapping.inputs import known_input, mirrored_input
from facewire.mapping.reach import used_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from facewire.mapping.table import MappingTable

_MOST_NAMES = 12


class Motion:
    """Remembers how far each curve of a clip leaves zero."""

    def __init__(self, names: Sequence[str], still: float = 1e-6) -> None:
        """Args: `still` is how far a curve may be from zero and not count as moving."""
        self._names = names
        self._still = still
        self._most = np.zeros(len(names))

    def see(self, rows: NDArray[np.float32]) -> None:
        """Take in float32[frames, names]."""
        finite = np.where(np.isfinite(rows), rows, 0.0)
        self._most = np.maximum(self._most, np.abs(finite).max(axis=0, initial=0.0))

    def moving(self) -> list[str]:
        """Return the curves that moved, in their order."""
        moved = zip(self._names, self._most.tolist(), strict=True)
        return [name for name, most in moved if most > self._still]


def unreached(moving: Sequence[str], table: MappingTable, *, mirror: bool) -> list[str]:
    """Return those of some moving inputs that no curve of a table reads."""
    used = used_inputs(table)
    inputs = [known for name in moving if (known := known_input(name)) is not None]
    return [name for name in inputs if (mirrored_input(name)[0] if mirror else name) not in used]


def listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """Return the names for one line; the first `most` of many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
