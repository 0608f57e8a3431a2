"""Models from bundles in NVIDIA's layout; their readers have checked the networks."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from facewire.bundles.a2e import EmotionBundle
from facewire.bundles.a2f import DiffusionBundle, RegressionBundle
from facewire.bundles.detect import read_bundle
from facewire.bundles.variants import Chosen, choose_network
from facewire.bundles.vertex_free import VARIANT, bases_of, reduced_info
from facewire.emotion.postprocess import PostProcessParameters
from facewire.inference.diffusion import DiffusionNetwork
from facewire.inference.emotion_settings import WINDOW_LIMITS_SAMPLES
from facewire.inference.loading import no_noise
from facewire.inference.model import EmotionModel, Model
from facewire.inference.solved_family import DiffusionFamily, RegressionFamily
from facewire.inference.variant_check import check_variant
from facewire.protocol.errors import BundleError, FacewireError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from facewire.bundles.detect import NvidiaBundle
    from facewire.bundles.network_info import DiffusionInfo
    from facewire.inference.backend import Backend
    from facewire.inference.family import Family
    from facewire.inference.loading import Noise
    from facewire.inference.running import Running


Loaded = TypeVar("Loaded")

_WINDOWS_SAMPLES: Final = (WINDOW_LIMITS_SAMPLES[0], 30_000, WINDOW_LIMITS_SAMPLES[1])
"""Shortest, usual and longest window of an emotion model."""


def face_model(path: Path, running: Running, noise: Noise, variant: str, called: str = "") -> Model:
    """Return the model of a face.

    Args:
        path: The folder, or its `model.json`.
        running: What runs the network, and how.
        noise: Of a diffusion model.
        variant: Which network runs; see `facewire.bundles.variants.choose_network`.
        called: What the user calls it, for messages.

    Raises:
        BundleError: malformed, without a face, or without the variant.
        ProviderError: the provider asked for by name is not there.
        SettingsError: another noise was asked of a model that makes none.
    """
    bundle = read_bundle(path)
    name = bundle.root.name
    if isinstance(bundle, EmotionBundle):
        raise BundleError(
            f"{name!r} is an Audio2Emotion bundle, which has no face.",
            hint="Name an Audio2Face bundle as the model, and this one with --emotion-model.",
        )
    if isinstance(bundle, RegressionBundle) and noise != "constant":
        raise no_noise(name)
    # The rewritten diffusion network has the constant noise inside.
    wanted = variant or ("original" if noise == "varying" else "")

    def loaded(chosen: Chosen) -> Model:
        return _face(bundle, chosen, _running(running, chosen), noise)

    return _best(bundle, wanted, called, running, loaded)


def _face(
    bundle: RegressionBundle | DiffusionBundle, chosen: Chosen, running: Running, noise: Noise
) -> Model:
    """Return the model of a face with the network that was chosen."""
    name = bundle.root.name
    with _solver_of(name):
        if isinstance(bundle, RegressionBundle):
            family: Family = RegressionFamily.from_bundle(bundle)
            backend: Backend
            backend = run = running.backend(chosen.network, output="result")
        else:
            family, info = _diffusion(bundle, chosen, noise)
            run = running.backend(chosen.network)
            # Of a rewritten network both differ: its sizes, and that it reads no noise.
            backend = DiffusionNetwork(run, info, noise_inside=info is not bundle.info)
    return Model(
        name=name,
        version=bundle.info.version,
        licence="",
        family_name=bundle.family,
        family=family,
        backend=backend,
        fallback=run.fallback,
        variant=chosen.variant.name if chosen.variant else "",
        refused_variant=chosen.refused,
    )


def emotion_model(path: Path, running: Running, variant: str, called: str = "") -> EmotionModel:
    """Return an Audio2Emotion model; arguments as of `face_model`.

    Raises:
        BundleError: malformed, a face, or without the variant.
        ProviderError: the provider asked for by name is not there.
    """
    bundle = read_bundle(path)
    name = bundle.root.name
    if not isinstance(bundle, EmotionBundle):
        raise BundleError(
            f"{name!r} is a face ({bundle.family}), and hears no emotions.",
            hint="Name an Audio2Emotion bundle as the emotion model, and this one with --model.",
        )
    try:
        parameters = post_processing(bundle)
        parameters.validate()
    except SettingsError as error:
        raise BundleError(
            f"The post-processing of {name!r} is set wrong. {error.text}", key=error.field
        ) from error

    def loaded(chosen: Chosen) -> EmotionModel:
        chosen_running = _running(running, chosen)
        return EmotionModel(
            name=name,
            version="",
            licence="",
            parameters=parameters,
            window_limits_samples=WINDOW_LIMITS_SAMPLES,
            # It hears windows of any length, and TensorRT must know between which.
            backend=chosen_running.backend(chosen.network, free_axes={"": _WINDOWS_SAMPLES}),
            variant=chosen.variant.name if chosen.variant else "",
            refused_variant=chosen.refused,
        )

    return _best(bundle, variant, called, running, loaded)


def post_processing(bundle: EmotionBundle) -> PostProcessParameters:
    """Return what a bundle says of how its logits become emotions."""
    said = bundle.post_processing
    return PostProcessParameters(
        emotion_contrast=said.emotion_contrast,
        max_emotions=said.max_emotions,
        live_blend_coef=said.live_blend_coef,
        enable_preferred_emotion=said.enable_preferred_emotion,
        preferred_emotion_strength=said.preferred_emotion_strength,
        live_transition_time_s=said.transition_smoothing,
        emotion_strength=said.emotion_strength,
        beginning_emotion=np.array(said.beginning_emotion, np.float32),
        preferred_emotion=np.array(said.preferred_emotion, np.float32),
        correspondence=bundle.correspondence,
    )


def _diffusion(
    bundle: DiffusionBundle, chosen: Chosen, noise: Noise
) -> tuple[DiffusionFamily, DiffusionInfo]:
    """Return the family, and the sizes of the network that runs: of vertices or coefficients."""
    is_constant = noise == "constant"
    if chosen.variant is None or chosen.variant.name != VARIANT:
        return DiffusionFamily.from_bundle(bundle, constant_noise=is_constant), bundle.info
    if not is_constant:
        raise SettingsError(
            f"The variant {VARIANT!r} has its noise built in.",
            field="noise",
            hint="Leave the variant or the varying noise out.",
        )
    bases = bases_of(chosen.variant, bundle.info)
    info = reduced_info(bundle.info, bases)
    return DiffusionFamily.from_bundle(replace(bundle, info=info), bases=bases), info


def _best(
    bundle: NvidiaBundle,
    wanted: str,
    called: str,
    running: Running,
    loaded: Callable[[Chosen], Loaded],
) -> Loaded:
    """Return what `loaded` makes of the network that shall run.

    An exact variant that nobody asked for by name and that fails in any way is left for the
    original, which says why.

    Raises:
        BundleError: the original cannot be loaded, or the variant that was asked for by name.
        ProviderError: the provider asked for by name is not there.
        SettingsError: the variant has its noise built in.
    """
    chosen = choose_network(bundle, wanted, running.proven_on, called=called)
    if chosen.variant is None:
        return loaded(chosen)
    try:
        check_variant(bundle, chosen.variant, running)
        return loaded(chosen)
    except FacewireError as error:
        if wanted:
            raise
        refused = f"{error.text} The original network runs instead."
        return loaded(Chosen(network=bundle.network, refused=refused))


def _running(running: Running, chosen: Chosen) -> Running:
    """Return how the chosen network is run: some variants are computed in less than float32."""
    if chosen.variant is None:
        return running
    return replace(running, provider=chosen.variant.opened_on(running.provider))


@contextmanager
def _solver_of(name: str) -> Iterator[None]:
    """Say of a wrong setting of the solver that it stands in the bundle."""
    try:
        yield
    except SettingsError as error:
        if error.field == "noise":
            raise
        raise BundleError(f"The solver of {name!r} is set wrong. {error.text}") from error
