"""vectors.json: read, and each case given to what compares it, or skipped with the reason."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from facewire.bundles.lenient_json import parse_json
from facewire.bundles.place import Place
from facewire.tools.conformance.literals import (
    accumulators,
    animators,
    emotion,
    execution,
    face_parameters,
    solving,
    windows,
)
from facewire.tools.conformance.outcomes import Compared, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from facewire.tools.conformance.outcomes import Comparison, Outcome

    Compare = Callable[[dict[str, Any], dict[str, Any]], Iterable[float]]

_MAX_BYTES: Final = 16 << 20

_COMPARED: Final[Mapping[str, Compare]] = {
    **windows.COMPARED,
    **accumulators.COMPARED,
    **face_parameters.COMPARED,
    **animators.COMPARED,
    **solving.COMPARED,
    **emotion.COMPARED,
    **execution.COMPARED,
}
"""By the start of a case's name; the first that fits counts."""

_NEEDS_BUNDLE: Final = "needs a bundle of NVIDIA's, which is not part of the vectors"
_SKIPPED: Final[Mapping[str, str]] = {
    "bs_mark_v3_bundle_facts": _NEEDS_BUNDLE,
    "bs_roundtrip_sample_weights": _NEEDS_BUNDLE,
    "bundle_": _NEEDS_BUNDLE,
    "onnx_": _NEEDS_BUNDLE,
    "diffusion_schedule": "the sampler is inside the network's file",
    "diffusion_two_steps_scalar": "the sampler is inside the network's file",
}

_LIMITS: Final[Mapping[str, float]] = {
    "bs_regterms_mark_v3": 1e-6,
    "bvls_properties": 0.0,
}
"""Instead of the case's own: 1e-9 is finer than the float32 in which the SDK takes the scale (here
a relative limit); the other case has none, since it asserts rules."""


def literal_cases(path: Path) -> Iterator[tuple[str, Comparison]]:
    """Yield every case of a vectors.json.

    Raises:
        BundleError: it is no such file.
    """
    place = Place(path.name)
    if path.stat().st_size > _MAX_BYTES:
        raise place.wrong(f"has {path.stat().st_size} bytes", f"{_MAX_BYTES} at most")
    for index, case in enumerate(parse_json(path.read_bytes(), path.name).entries("vectors")):
        names = [case.get(key) for key in ("name", "group")] if isinstance(case, dict) else []
        if not names or not all(isinstance(name, str) for name in names):
            raise place.inside("vectors").entry(index).wrong("has no name or group", "both")
        yield str(case["name"]), partial(_compare, case)


def _compare(case: dict[str, Any]) -> Iterator[Outcome]:
    name, group = case["name"], case["group"]
    compare = _first(_COMPARED, name)
    if compare is None:
        reason = _first(_SKIPPED, name) or "no comparison is known for it"
        yield Skipped(group, reason)
        return
    tolerance = case["tolerance"]
    # "float32" means: the same number once both are rounded to it, which the comparisons do.
    limit = _LIMITS.get(name, 0.0 if tolerance == "float32" else tolerance)
    yield Compared.one(group, max(compare(case["inputs"], case["expected"])), float(limit))


def _first(table: Mapping[str, Any], name: str) -> Any:
    return next((found for start, found in table.items() if name.startswith(start)), None)
