"""Whether a variant of a network answers as the original does, seen on this machine.

The report beside a variant says so, and anyone can write one. So before a variant runs its ports
are looked at, and an exact one is asked a few things that the original is asked, too: silence, a
sound, emotions, each face. What was seen is remembered by the hashes of all files in the user's own
cache, so that this is done once for a pair; `facewire models optimise`, which compares far more,
writes it down at once.

Both run on the CPU, whatever runs them later: what is looked at are the files, not the card.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from facewire.bundles.a2e import EmotionBundle
from facewire.bundles.a2f import DiffusionBundle, RegressionBundle
from facewire.bundles.onnx_contract import check_contract, check_ports
from facewire.bundles.onnx_file import ports_of_file
from facewire.bundles.place import Place
from facewire.bundles.vertex_free import VARIANT, bases_of, reduced_contract, reduced_info
from facewire.inference.backend import OrtBackend
from facewire.inference.diffusion import DiffusionNetwork, DiffusionTrack, unpacked
from facewire.inference.emotion_settings import WINDOW_LIMITS_SAMPLES
from facewire.inference.engine_cache import heartbeat
from facewire.protocol.errors import BundleError, FacewireError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, TypeAlias

    from numpy.typing import NDArray

    from facewire.bundles.detect import NvidiaBundle
    from facewire.bundles.network_info import DiffusionInfo
    from facewire.bundles.variants import Variant
    from facewire.bundles.vertex_free import FaceBases, FoldedBasis
    from facewire.inference.backend import Backend
    from facewire.inference.running import Running

    Feeds: TypeAlias = Mapping[str, NDArray[Any]]
    Parts: TypeAlias = dict[str, NDArray[np.float32]]

VERSION: Final = 1
"""Of this comparison; what another version saw does not count."""
LIMIT: Final = 1e-4
"""Most that a part of the answer may differ, over the largest number of that part. Rewritten
networks were measured to differ by 1e-6 to 1e-5 of it; another file, by about 1."""
ROUNDING: Final = 1e-6
"""On top of it, over the largest number of the whole answer: a part may hardly move."""
COMPARING: Final = "comparing the faster network with the original (once for these files)"
_RATE_HZ: Final = 16_000
_EMOTION_SAMPLES: Final = (WINDOW_LIMITS_SAMPLES[0], 30_000)


def check_variant(bundle: NvidiaBundle, variant: Variant, running: Running) -> None:
    """Refuse a variant that does not fit its bundle, or an exact one that answers otherwise.

    Args:
        bundle: Whose variant it is.
        variant: As `find_variant` gives it, with its digests.
        running: Threads, and who hears of the wait.

    Raises:
        BundleError: the variant must not run; the text says why.
    """
    _check_file(bundle, variant)
    if variant.variant_class != "exact" or is_remembered(variant.digests):
        return
    with heartbeat(running.on_progress, COMPARING):
        _compare(bundle, variant, running.threads)
    remember(variant.digests)


def is_remembered(digests: Sequence[str]) -> bool:
    """Return whether these files were found to answer alike by this user.

    Args:
        digests: SHA-256 of the original, the variant's network and its companions.
    """
    try:
        status = _mark(digests).lstat()
    except OSError:
        return False
    if not digests or not stat.S_ISREG(status.st_mode):
        return False
    return os.name != "posix" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def remember(digests: Sequence[str]) -> None:
    """Note that these files answer alike; where that cannot be written they are compared again.

    Args:
        digests: As of `is_remembered`.
    """
    mark = _mark(digests)
    text = "\n".join([f"check {VERSION}: these answer alike, the original first", *digests, ""])
    with suppress(OSError):
        mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=mark.parent)  # for its owner alone, mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(text)
            Path(part).replace(mark)
        except OSError:
            Path(part).unlink(missing_ok=True)


def _mark(digests: Sequence[str]) -> Path:
    import platformdirs

    name = hashlib.sha256("\n".join([str(VERSION), *digests]).encode()).hexdigest()
    return platformdirs.user_cache_path("facewire") / "compared" / name


def _check_file(bundle: NvidiaBundle, variant: Variant) -> None:
    """Check the ports, which take the bundle's sizes, and that all weights are in the file."""
    file = variant.network.name
    ports = ports_of_file(variant.network, file)
    for tensor in ports.external:
        raise Place(file, tensor.name).wrong(
            "keeps its values in another file", "a variant in one file", _again(bundle, variant)
        )
    if variant.name == VARIANT and isinstance(bundle, DiffusionBundle):
        info = reduced_info(bundle.info, bases_of(variant, bundle.info))
        check_ports(ports, reduced_contract(info), file)
    else:
        check_contract(ports, bundle.info, file)


def _compare(bundle: NvidiaBundle, variant: Variant, threads: int) -> None:
    """Ask both networks the same, one after the other so that only one is in memory."""
    if isinstance(bundle, DiffusionBundle):
        asked, expected = _diffusion_answers(bundle, threads)
        found = _answered(_moved(bundle.info, variant, asked, threads), variant)
    else:
        output = "output" if isinstance(bundle, EmotionBundle) else "result"
        feeds = _emotion_feeds() if isinstance(bundle, EmotionBundle) else _face_feeds(bundle)
        original = OrtBackend(bundle.network, threads=threads, output=output)
        expected = [_parts(original.run(each), bundle) for each in feeds]
        del original
        found = _answered(
            (
                _parts(backend.run(each), bundle)
                for backend in _opened(variant, threads, output)
                for each in feeds
            ),
            variant,
        )
    for before, after in zip(expected, found, strict=True):
        _require_alike(bundle, variant, before, after)


def _opened(variant: Variant, threads: int, output: str) -> Iterator[OrtBackend]:
    yield OrtBackend(variant.network, threads=threads, output=output)


def _answered(answers: Iterator[Parts], variant: Variant) -> list[Parts]:
    """Return all answers of a variant.

    Raises:
        BundleError: it cannot be opened or run.
    """
    try:
        return list(answers)
    except FacewireError as error:
        if isinstance(error, BundleError) and error.file:
            raise
        raise BundleError(f"{variant.network.name}: {error.text}", hint=error.hint) from error
    except Exception as error:  # onnxruntime raises classes of a private module
        raise BundleError(f"{variant.network.name} cannot be run: {error}".rstrip()) from error


def _face_feeds(bundle: RegressionBundle) -> list[Feeds]:
    """Return silence and a sound without an emotion, and the sound with one: two at a time."""
    info = bundle.info
    sound = _sound(info.window_samples)
    calm, felt = np.zeros((2, 1, len(info.emotions)), np.float32)
    felt[:] = np.linspace(0, 1, len(info.emotions), dtype=np.float32)
    heard = (np.zeros_like(sound), calm), (sound, calm), (sound, felt)
    each = [
        {
            "input": audio[None, None],
            "emotion": np.concatenate([bundle.implicit_emotion, mood[0]])[None, None],
        }
        for audio, mood in heard
    ]
    both = {name: np.concatenate([each[1][name], each[2][name]]) for name in each[0]}
    return [each[0], both]


def _emotion_feeds() -> list[Feeds]:
    """Return silence and a sound, short; and the sound, longer."""
    shorter, longer = map(_sound, _EMOTION_SAMPLES)
    return [
        {"input_values": np.stack([np.zeros_like(shorter), shorter])},
        {"input_values": longer[None]},
    ]


def _parts(answer: NDArray[np.float32], bundle: RegressionBundle | EmotionBundle) -> Parts:
    """Return what an answer is made of, float32[windows, numbers] each."""
    rows = answer.reshape(len(answer), -1)
    if isinstance(bundle, EmotionBundle):
        return {"emotion": rows}
    info = bundle.info
    return _split(rows, info.skin_shapes, info.tongue_shapes, info.jaw_size)


def _split(rows: NDArray[np.float32], skin: int, tongue: int, jaw: int) -> Parts:
    ends = np.cumsum([skin, tongue, jaw])
    names = ("skin", "tongue", "jaw", "eyes")
    return dict(zip(names, np.split(rows, ends, axis=1), strict=True))


def _diffusion_answers(bundle: DiffusionBundle, threads: int) -> tuple[list[Feeds], list[Parts]]:
    """Return what both are asked, and what the original answers.

    Each face hears the sound once, every one with another emotion; the first has no memory, the
    others have that of the one before.
    """
    info = bundle.info
    network = DiffusionNetwork(OrtBackend(bundle.network, threads=threads), info)
    sound = _sound(info.window_samples)
    moods = [np.zeros(len(info.emotions)), *np.eye(len(info.emotions))]
    feeds: list[Feeds] = []
    found: list[Parts] = []
    memory: NDArray[np.float32] | None = None
    for number in range(max(2, len(info.identities))):
        felt = np.tile(moods[number % len(moods)].astype(np.float32), (info.frames_kept, 1))
        track = DiffusionTrack(info, number % len(info.identities))
        asked = dict(track.feeds(0, sound, felt))
        if memory is not None:
            asked["input_latents"] = memory[None]
        frames, memory = unpacked(network.run(asked)[0], info)
        feeds.append(asked)
        parts = _split(frames, info.skin_size, info.tongue_size, info.jaw_size)
        found.append({**parts, "memory": memory.reshape(1, -1)})
    return feeds, found


def _moved(
    info: DiffusionInfo, variant: Variant, feeds: Sequence[Feeds], threads: int
) -> Iterator[Parts]:
    """Yield what a vertex-free variant answers, as vertices."""
    bases = bases_of(variant, info)
    reduced = reduced_info(info, bases)
    network: Backend
    network = DiffusionNetwork(
        OrtBackend(variant.network, threads=threads), reduced, noise_inside=True
    )
    for asked in feeds:
        frames, memory = unpacked(network.run(asked)[0], reduced)
        parts = _split(frames, reduced.skin_size, reduced.tongue_size, reduced.jaw_size)
        face: FaceBases = bases[int(np.argmax(asked["identity"]))]
        parts["skin"] = _vertices(parts["skin"], face.skin)
        parts["tongue"] = _vertices(parts["tongue"], face.tongue)
        yield {**parts, "memory": memory.reshape(1, -1)}


def _vertices(coefficients: NDArray[np.float32], basis: FoldedBasis) -> NDArray[np.float32]:
    moved = np.zeros((len(coefficients), 3 * basis.vertices), np.float32)
    for first, block in basis.blocks():
        moved += coefficients[:, first : first + len(block)] @ block
    return moved


def _require_alike(bundle: NvidiaBundle, variant: Variant, before: Parts, after: Parts) -> None:
    """Refuse answers that are more than roundings apart; two NaN are alike."""
    whole = max(_reach(each) for each in before.values())
    for part, wanted in before.items():
        given = after[part]
        allowed = LIMIT * _reach(wanted) + ROUNDING * whole
        if given.shape == wanted.shape:
            alike = np.isnan(wanted) & np.isnan(given)
            apart = np.abs(np.where(alike, 0, given.astype(np.float64) - wanted))
            if (apart <= allowed).all():
                continue
        raise BundleError(
            f"{variant.network.name} does not answer as {bundle.network.name} does: the {part} "
            "differs by more than rounding.",
            hint=_again(bundle, variant),
            file=variant.network.name,
        )


def _reach(values: NDArray[np.float32]) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def _again(bundle: NvidiaBundle, variant: Variant) -> str:
    return (
        f"Make it again: `facewire models optimise {bundle.root} --variant {variant.name}`; "
        f"or take it away: add --remove."
    )


def _sound(samples: int) -> NDArray[np.float32]:
    """Return a voice-like sound, float32[samples] at 16 kHz: always the same."""
    seconds = np.arange(samples) / _RATE_HZ
    voice = sum(np.sin(2 * np.pi * 140 * number * seconds) / number for number in range(1, 13))
    loud = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * seconds)
    breath = np.random.default_rng(0).standard_normal(samples)
    sound: NDArray[np.float32] = (0.1 * loud * voice + 0.01 * breath).astype(np.float32)
    return sound
