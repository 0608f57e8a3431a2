"""A network as exported against its exact and its int8 variant, in turns in one run."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from facewire.bundles.a2f import RegressionBundle
from facewire.bundles.detect import read_bundle
from facewire.inference.backend import OrtBackend
from facewire.tools.benching.figures import table

if TYPE_CHECKING:
    from collections.abc import Mapping

_WARM_UP: Final = 3


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
    from facewire.tools.optimising.encoders import asked_of
    from facewire.tools.optimising.report import answers, difference
    from facewire.tools.optimising.rewriting import in_bytes, rewritten

    asked = asked_of(bundle, speech_of(9 * 16_000))
    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as made:
        files = {"original": bundle.network}
        for name, form in (("exact", rewritten), ("int8", in_bytes)):
            files[name] = Path(made) / f"{name}.onnx"
            form(bundle.network, asked.runs)[0].save(files[name])
        least = _least_ms(files, asked.feeds[0], threads, windows)
        before = answers(bundle.network, asked.feeds, asked.output)
        found = {
            name: difference(before, answers(path, asked.feeds, asked.output))
            for name, path in files.items()
        }
    return {
        name: {
            "cpu_ms": round(least[name], 3),
            "ratio": round(least["original"] / least[name], 3),
            "max_rel": found[name].max_rel,
            "relative_l2": found[name].relative_l2,
        }
        for name in files
    }


def variant_text(figures: Mapping[str, Any]) -> str:
    """Return the table of `variant_figures`."""
    heads = ("network, least CPU ms", "ms", "times as fast", "max of range", "rel L2")
    rows = [
        [
            name, f"{each['cpu_ms']:.2f}", f"{each['ratio']:.2f}",
            f"{each['max_rel']:.1e}", f"{each['relative_l2']:.1e}",
        ]
        for name, each in figures.items()
    ]  # fmt: skip
    return table(heads, rows)


def _least_ms(
    files: Mapping[str, Path], feeds: Mapping[str, Any], threads: int, windows: int
) -> dict[str, float]:
    networks = {name: OrtBackend(path, threads=threads) for name, path in files.items()}
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
