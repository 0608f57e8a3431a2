"""A diffusion network as exported against itself rewritten: time, memory, difference, one run.

The rewrite and each measure of memory happen in processes of their own, so that none is charged for
another's. Times are of the network alone: one block of frames of one stream.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facewire.tools.benching.figures import Spread, table

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = ("network.onnx", "bases.npz")


def measure_vertex_free(folder: Path, windows: int) -> dict[str, Any]:
    """Rewrite a bundle's network into a temporary folder and compare the two, taking turns.

    Args:
        folder: Of the bundle.
        windows: Of speech, for each identity.

    Returns:
        What a program reads; `refused` says why where it cannot be rewritten, and is "" otherwise.
    """
    from facewire.bundles.a2f import DiffusionBundle
    from facewire.bundles.detect import read_bundle
    from facewire.bundles.vertex_free import read_bases
    from facewire.tools.optimising.maker import OptimiseError
    from facewire.tools.optimising.vertex_free_check import LIMIT, compare
    from facewire.tools.synth.listening import speech_16k

    bundle = read_bundle(folder)
    assert isinstance(bundle, DiffusionBundle)
    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as name:
        network, bases = (Path(name) / each for each in _NAMES)
        try:
            _elsewhere(_write, folder, network, bases)
        except OptimiseError as error:
            return {"refused": error.text}
        memory = {
            "original": _elsewhere(_memory_mb, bundle.network, folder, "exported"),
            "variant": _elsewhere(_memory_mb, network, folder, "rewritten"),
        }
        found = compare(bundle, network, read_bases(bases, bundle.info), speech_16k(), windows)
        megabytes = [each.stat().st_size / 1e6 for each in (bundle.network, network, bases)]
    costs = {
        which: {
            f"{kind}_ms": Spread.of(getattr(pair[at], kind) for pair in found.costs).rounded(3)
            for kind in ("cpu", "wall")
        }
        for at, which in enumerate(("original", "variant"))
    }
    original, variant = costs["original"], costs["variant"]
    return {
        "refused": "",
        **costs,
        "ratio": {
            "cpu_least": round(original["cpu_ms"]["least"] / variant["cpu_ms"]["least"], 3),
            "wall_p50": round(original["wall_ms"]["p50"] / variant["wall_ms"]["p50"], 3),
        },
        "difference": {"limit": LIMIT, "max_rel": found.difference.max_rel, "parts": found.parts},
        "memory_mb": memory,
        "file_mb": {
            "original": round(megabytes[0], 1),
            "variant": round(megabytes[1], 1),
            "bases": round(megabytes[2], 1),
        },
    }


def vertex_free_text(answer: dict[str, Any]) -> str:
    """Return the table of `measure_vertex_free`."""
    if answer["refused"]:
        return f"vertex-free: {answer['refused']}"
    rows = []
    for which, said in (("original", "as exported"), ("variant", "vertex-free")):
        cost, memory = answer[which], answer["memory_mb"][which]
        cells = [
            f"{cost[kind][at]:.1f}" for kind in ("cpu_ms", "wall_ms") for at in ("least", "p50")
        ]
        held = "not told" if memory is None else f"{memory:.0f}"
        rows.append([said, *cells, f"{answer['file_mb'][which]:.0f}", held])
    heads = ["network, ms per block", "cpu least", "p50", "wall least", "p50", "file MB", "peak MB"]
    ratio, difference = answer["ratio"], answer["difference"]
    return "\n\n".join(
        [
            table(heads, rows),
            f"vertex-free is {ratio['cpu_least']:.2f} times as fast (cpu, least; wall p50 "
            f"{ratio['wall_p50']:.2f}); its answers differ by {difference['max_rel']:.1e} of how "
            f"far the face moves ({difference['limit']:.0e} is allowed)",
        ]
    )


def _elsewhere(what: Callable[..., Any], *arguments: Any) -> Any:
    fresh = multiprocessing.get_context("spawn")  # a fork would share what this process holds
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(what, *arguments).result()


def _write(folder: Path, network: Path, bases: Path) -> None:
    from facewire.bundles.a2f import DiffusionBundle
    from facewire.bundles.detect import read_bundle
    from facewire.tools.optimising.vertex_free import write_files

    bundle = read_bundle(folder)
    assert isinstance(bundle, DiffusionBundle)
    write_files(bundle, network, bases)


def _memory_mb(network: Path, folder: Path, form: str) -> float | None:
    """Return the most memory that loading a network and running one window took."""
    import numpy as np

    from facewire.bundles.a2f import DiffusionBundle
    from facewire.bundles.detect import read_bundle
    from facewire.inference.diffusion import CONSTANT_NOISE, noise_tensor
    from facewire.tools.benching.process import peak_mb
    from facewire.tools.optimising.vertex_free_trial import Runner

    bundle = read_bundle(folder)
    assert isinstance(bundle, DiffusionBundle)
    info = bundle.info
    shape = (info.diffusion_steps + 1, info.frames, info.prediction_size)
    noise = noise_tensor(0, CONSTANT_NOISE, shape) if form == "exported" else None
    latents = (info.diffusion_steps, info.gru_layers, 1, info.gru_dim)
    feeds = {
        "window": np.zeros((1, info.window_samples), np.float32),
        "identity": np.eye(len(info.identities), dtype=np.float32)[:1],
        "emotion": np.zeros((1, info.frames_kept, len(info.emotions)), np.float32),
        "input_latents": np.zeros(latents, np.float32),
    }
    Runner(network, noise).run(feeds)
    return peak_mb()
