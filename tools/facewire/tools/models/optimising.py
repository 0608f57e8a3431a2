"""`facewire models optimise`: faster files of your own network, each with its proof."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from facewire.protocol.errors import BundleError
from facewire.tools.models.options import as_json, print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from facewire.bundles.detect import NvidiaBundle
    from facewire.tools.models.finding import Found
    from facewire.tools.optimising.maker import VariantMaker

_VARIANTS: Final = ("exact", "vertex-free", "int8", "bf16")


@click.command()
@click.argument("model", metavar="NAME|DIR")
@click.option(
    "--variant", "wanted", type=click.Choice([*_VARIANTS, "all"]), default=None,
    help="Which one (default: the exact one of the model's family).",
)  # fmt: skip
@click.option(
    "--audio", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Speech to compare on (default: the clip that Facewire ships).",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Keep a variant that breaks its declared limits.")
@click.option("--remove", "removed", is_flag=True, help="Take variants away instead.")
@as_json
def optimise(
    model: str,
    *,
    wanted: str | None,
    audio: Path | None,
    force: bool,
    removed: bool,
    as_json: bool,
) -> int:
    """Rewrite a model's network so that it runs faster, and measure what that changes.

    An exact variant (exact, vertex-free) gives the same answers, as far as float32 goes, and is
    used by itself from then on. A turbo variant (int8, bf16) does not, and runs only where you name
    it: --model NAME@int8. bf16 is made and run on the provider openvino alone.
    Each lies beside the network with a report of its errors and its speed on this machine; the
    original is never touched. The exit status is 1 when a variant you asked for was not kept, or
    of all none.
    """
    from facewire.bundles.detect import detect_family, read_bundle
    from facewire.tools.models.finding import find

    found = find(model)
    if found.folder is None:
        raise BundleError(
            f"{model} is not here.", hint=f"Fetch it: `facewire models pull {model}`."
        )
    if detect_family(found.folder) == "direct":
        raise BundleError(
            f"{model} is a model of Facewire's own, which is as fast as it gets.",
            hint="Name an Audio2Face or Audio2Emotion model.",
        )
    bundle = read_bundle(found.folder)
    names = _names(bundle.family, wanted)
    if removed:
        return _remove(bundle, names if wanted else _VARIANTS, as_json=as_json)
    results = _made_all(bundle, names, audio, force=force)
    told = {"model": model, "family": bundle.family, "variants": results}
    if as_json:
        print_json(told)
    else:
        from facewire.tools.optimising.telling import text

        click.echo(text(told, _as_named(found, model, bundle.family)))
    failed = [each for each in results if not each["kept"]]
    asked = [each for each in failed if wanted != "all" or not each["refused"]]
    return 1 if asked or len(failed) == len(results) else 0


def makers() -> dict[str, list[VariantMaker]]:
    """Return the makers by the variant they make."""
    from facewire.tools.optimising.encoders import BrainFloatMaker, ExactMaker, IntegerMaker
    from facewire.tools.optimising.vertex_free import VertexFreeMaker

    every: list[VariantMaker] = [ExactMaker(), VertexFreeMaker(), IntegerMaker(), BrainFloatMaker()]
    return {name: [each for each in every if each.name == name] for name in _VARIANTS}


def _names(family: str, wanted: str | None) -> list[str]:
    """Return which variants to make; `all` leaves out those that the family has not."""
    from facewire.bundles.variants import EXACT_OF

    if wanted is None:
        return [EXACT_OF[family]]
    known = makers()
    if wanted == "all":
        return [name for name in _VARIANTS if any(family in each.families for each in known[name])]
    if not any(family in each.families for each in known[wanted]):
        fits = [name for name in _VARIANTS if any(family in each.families for each in known[name])]
        raise BundleError(
            f"There is no variant {wanted!r} of a network of the {family} family.",
            hint=f"There are {', '.join(fits)}.",
        )
    return [wanted]


def _made_all(
    bundle: NvidiaBundle, names: list[str], audio: Path | None, *, force: bool
) -> list[dict[str, Any]]:
    from facewire.tools.optimising.encoders import require_onnx
    from facewire.tools.optimising.maker import OptimiseError

    speech, known, results = _speech(audio), makers(), []
    for name in names:
        maker = next(each for each in known[name] if bundle.family in each.families)
        try:
            require_onnx()  # before a maker imports what needs it
            results.append(_made(maker, bundle, speech, force=force))
        except OptimiseError as error:
            refused = {"refused": error.text, "hint": error.hint}
            results.append({"variant": name, "kept": False, **refused})
    return results


def _made(
    maker: VariantMaker, bundle: NvidiaBundle, speech: NDArray[np.float32], *, force: bool
) -> dict[str, Any]:
    from facewire.tools.models.progress import working
    from facewire.tools.optimising.keeping import keep, measured

    with tempfile.TemporaryDirectory(prefix="fw-", ignore_cleanup_errors=True) as folder:
        with working(f"making {maker.name}: rewriting, comparing, measuring"):
            made = maker.make(bundle, Path(folder), speech, _told)
        report = made.report
        # An exact variant that is not exact is none: nobody asks for it, so none can want it.
        kept = report.within_limits or (force and report.variant_class == "turbo")
        path = keep(bundle, made, forced=not report.within_limits) if kept else None
        total = sum(each.stat().st_size for each in (made.network, *made.companions))
    return {
        "variant": report.name,
        "class": report.variant_class,
        "kept": path is not None,
        "refused": "",
        "path": None if path is None else str(path),
        "bytes": total,
        **measured(report),
    }


def _told(step: str) -> None:
    import sys

    if not sys.stderr.isatty():
        return
    click.echo(f"  {step}", err=True)


def _speech(path: Path | None) -> NDArray[np.float32]:
    """Return float32[n] at 16 kHz, mono."""
    import numpy as np

    from facewire.audio.resampler import Resampler
    from facewire.tools.live.speech import read_speech

    clip = read_speech(path)
    resampler = Resampler(clip.rate_hz)
    mono = clip.samples.mean(axis=1, dtype=np.float32)
    return np.concatenate([resampler.push(mono), resampler.flush()])


def _remove(bundle: NvidiaBundle, names: tuple[str, ...] | list[str], *, as_json: bool) -> int:
    from facewire.tools.optimising.keeping import remove

    gone = [str(path) for name in names for path in remove(bundle.network, name)]
    if as_json:
        print_json({"removed": gone})
    else:
        click.echo("\n".join(f"removed {path}" for path in gone) or "There was nothing to remove.")
    return 0


def _as_named(found: Found, model: str, family: str) -> tuple[str, str]:
    """Return what to type for a variant: in front of its name, and what the model is."""
    option = "--emotion-model" if family == "emotion" else "--model"
    named = found.name or (model if os.sep in model else f"{os.curdir}{os.sep}{model}")
    return f"{option} {named.rstrip(os.sep)}@", named
