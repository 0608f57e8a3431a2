"""A network as exported against its variants, in turns in one run; bf16 where OpenVINO is."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from facewire.bundles.a2f import RegressionBundle
from facewire.bundles.detect import read_bundle
from facewire.inference.backend import OrtBackend
from facewire.inference.sessions import offered_providers
from facewire.tools.benching.figures import table

if TYPE_CHECKING:
    from collections.abc import Mapping

_WARM_UP: Final = 3
_IN_FLOAT64: Final = 6
"""So many windows at most are run in float64, which takes a second each at full size."""


def variant_figures(folder: Path, *, threads: int, windows: int) -> dict[str, Any]:
    """Return the least process CPU time of a call of each; {} where `onnx` is not installed.

    Args:
        folder: Of a regression bundle; nothing is written there.
        threads: Of each network.
        windows: Calls of each that count.
    """
    bundle = read_bundle(folder)
    if importlib.util.find_spec("onnx") is None or not isinstance(bundle, RegressionBundle):
        return {}
    from facewire.tools.benching.face_model import speech_of
    from facewire.tools.optimising.asking import asked_of
    from facewire.tools.optimising.encoders import provider_of
    from facewire.tools.optimising.report import answers, difference
    from facewire.tools.optimising.rewriting import in_bytes, rewritten
    from facewire.tools.optimising.rounding import errors
    from facewire.tools.optimising.trial import failure

    asked = asked_of(bundle, speech_of(9 * 16_000))
    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as made:
        files = {"original": bundle.network}
        for name, form in (("exact", rewritten), ("int8", in_bytes)):
            files[name] = Path(made) / f"{name}.onnx"
            form(bundle.network, asked.runs)[0].save(files[name])
        bf16 = provider_of("bf16")
        is_here = bf16.partition(",")[0] in offered_providers()
        if is_here and not failure(files["exact"], bf16, asked.feeds[:1]):
            files["bf16"] = files["exact"]
        networks = {
            name: OrtBackend(path, provider_of(name), threads=threads, output=asked.output)
            for name, path in files.items()
        }
        least = _least_ms(networks, asked.feeds[0], windows)
        found = {
            name: answers(path, asked.feeds, asked.output, provider_of(name))
            for name, path in files.items()
        }
        some = slice(None, None, -(-len(asked.feeds) // _IN_FLOAT64))
        both = [found[name][some] for name in ("original", "exact")]
        rounding = errors(bundle.network, asked.feeds[some], both, asked.output)
    apart = {name: difference(found["original"], each) for name, each in found.items()}
    told: dict[str, Any] = {
        name: {
            "cpu_ms": round(least[name], 3),
            "ratio": round(least["original"] / least[name], 3),
            "max_abs": apart[name].max_abs,
            "max_rel": apart[name].max_rel,
            "relative_l2": apart[name].relative_l2,
        }
        for name in files
    }
    for name, error in zip(("original", "exact"), rounding or (), strict=False):
        told[name]["to_float64"] = {"max_rel": error.worst, "relative_l2": error.usual}
    return told


def variant_text(figures: Mapping[str, Any]) -> str:
    """Return the table of `variant_figures`."""
    heads = (
        "network, least CPU ms", "ms", "times as fast", "max diff", "of range", "rel L2",
        "to float64", "rel L2",
    )  # fmt: skip
    rows = [
        [
            name, f"{each['cpu_ms']:.2f}", f"{each['ratio']:.2f}", f"{each['max_abs']:.1e}",
            f"{each['max_rel']:.1e}", f"{each['relative_l2']:.1e}", *_to_float64(each),
        ]
        for name, each in figures.items()
    ]  # fmt: skip
    return table(heads, rows)


def _to_float64(each: Mapping[str, Any]) -> tuple[str, str]:
    error = each.get("to_float64")
    return (f"{error['max_rel']:.1e}", f"{error['relative_l2']:.1e}") if error else ("", "")


def _least_ms(
    networks: Mapping[str, OrtBackend], feeds: Mapping[str, Any], windows: int
) -> dict[str, float]:
    least = dict.fromkeys(networks, float("inf"))
    order = list(networks)
    for number in range(windows + _WARM_UP):
        for name in order[number % len(order) :] + order[: number % len(order)]:
            began_s = time.process_time()
            networks[name].run(feeds)
            spent_ms = (time.process_time() - began_s) * 1000
            if number >= _WARM_UP:
                least[name] = min(least[name], spent_ms)
    return least
