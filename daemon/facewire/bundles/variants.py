"""Variants of a network: other files that answer as the user's own does, with a proof beside each.

`facewire models optimise` makes them; this module finds them and decides which one runs. Of the
network `network.onnx` the variant `int8` is `network.int8.onnx`, its proof `network.int8.json`, in
the folder `facewire` beside it, or in a cache of the user's where the bundle cannot be written to.

An exact variant is taken by itself, once `facewire.inference.variant_check` has seen that it
answers as the original. A turbo variant, whose answers differ, only by its name:
`claire@int8`. A proof that was altered, that belongs to another network or that speaks of files
which are not there makes the variant refused; then the original runs, unless it was asked for.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from facewire.bundles.variant_report import fingerprint, objects, sealed_fields
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facewire.bundles.lenient_json import Fields

VariantClass = Literal["exact", "turbo"]

FOLDER: Final = "facewire"
ORIGINAL: Final = "original"
"""Asks for the network as it is, with no variant of it."""
ANY_PROVIDER: Final = "any"
CLASSES: Final[Mapping[str, VariantClass]] = {
    "exact": "exact",
    "vertex-free": "exact",
    "int8": "turbo",
    "bf16": "turbo",
}
"""Every variant there is, and whether it answers as the original or only nearly so."""
EXACT_OF: Final = {"regression": "exact", "emotion": "exact", "diffusion": "vertex-free"}
"""The variant that a family takes by itself."""
PRECISION_OF: Final = {"bf16": "bf16"}
"""What a variant's provider is told to compute in, where that is not float32."""
_HINTS: Final = {
    "bf16": 'Take --provider openvino, which `pip install "facewire[openvino]"` brings in place of '
    "the other onnxruntime; or the variant int8.",
}
_VARIABLE: Final = "FACEWIRE_VARIANTS"


class Networked(Protocol):
    """A bundle of any family of NVIDIA's."""

    @property
    def root(self) -> Path:
        """Its folder."""

    @property
    def network(self) -> Path:
        """Its ONNX file."""

    @property
    def family(self) -> str:
        """`regression`, `diffusion` or `emotion`."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One variant that may run."""

    name: str
    """Of CLASSES."""
    variant_class: VariantClass
    network: Path
    companions: tuple[Path, ...]
    """Other files it needs, in the order its maker named them."""
    providers: tuple[str, ...]
    """Where it was measured: names of `facewire.inference.backend.PROVIDERS`, or `any`."""
    report: Mapping[str, Any]
    """The whole proof, as written."""
    digests: tuple[str, ...] = ()
    """SHA-256 of the original, the network and its companions; () when they were not hashed."""

    def runs_on(self, provider: str) -> bool:
        """Return whether its proof holds for a provider."""
        return ANY_PROVIDER in self.providers or provider in self.providers

    def opened_on(self, provider: str) -> str:
        """Return a provider's text with the precision that this variant is computed in."""
        precision = PRECISION_OF.get(self.name)
        return f"{_name_of(provider)},precision={precision}" if precision else provider


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which file of a bundle runs."""

    network: Path
    variant: Variant | None = None
    """None: the original."""
    refused: str = ""
    """Why a variant that is there was not taken, as a sentence to warn with; "" if all is well."""


def split_variant(model: str) -> tuple[str, str]:
    """Return name and variant of `NAME@VARIANT`; the variant is "" where none is named.

    Raises:
        BundleError: there is no variant of that name.
    """
    name, at, variant = model.partition("@")
    if at:
        _check_name(variant)
    return name, variant


def variant_folders(network: Path) -> tuple[Path, Path]:
    """Return where variants of a network may lie: beside it, and in the user's cache.

    The cache has a folder for each network, so that two `network.onnx` do not meet.
    """
    at = hashlib.sha256(str(network.resolve()).encode()).hexdigest()[:16]
    chosen = os.environ.get(_VARIABLE)
    if chosen:
        cache = Path(chosen).expanduser().absolute()
    else:
        import platformdirs

        cache = platformdirs.user_cache_path("facewire") / "variants"
    return network.parent / FOLDER, cache / at


def variant_file(network: Path, name: str, suffix: str = ".onnx") -> str:
    """Return what a variant's file is called."""
    return f"{network.stem}.{name}{suffix}"


def find_variant(network: Path, name: str, *, quick: bool = False) -> Variant | None:
    """Return a variant of a network, or None when nobody has made it.

    All files are hashed, the original too: seconds where they are gigabytes.

    Args:
        network: The original.
        name: Of CLASSES.
        quick: Take files of the same size and time for the same, for lists; never for what runs.

    Raises:
        BundleError: it is there and may not be used; the sentence says why.
    """
    _check_name(name)
    for folder in variant_folders(network):
        proof = folder / variant_file(network, name, ".json")
        if proof.is_file():
            return _read(proof, network, name, quick=quick)
    return None


def choose_network(
    bundle: Networked, wanted: str = "", provider: str = "cpu", *, called: str = ""
) -> Chosen:
    """Return which network of a bundle runs.

    Args:
        bundle: The bundle, read.
        wanted: "" for the exact variant if it is there, `original` for none, or a variant's name.
        provider: What it is to run on, as a text such as `cuda:1`; an exact variant is taken only
            where it was measured.
        called: What the user calls the bundle, for messages; "": its folder.

    Raises:
        BundleError: a variant was asked for by name and is not there, was altered, belongs to
            another network, or is for another provider.
    """
    if wanted == ORIGINAL:
        return Chosen(network=bundle.network)
    provider = _name_of(provider)
    if not wanted:
        return _by_itself(bundle, provider)
    return _named(bundle, wanted, provider, called or str(bundle.root))


def _named(bundle: Networked, wanted: str, provider: str, called: str) -> Chosen:
    make = f"`facewire models optimise {called} --variant {wanted}`"
    try:
        found = find_variant(bundle.network, wanted)
    except BundleError as error:
        again = f"Make it again: {make}."
        raise BundleError(error.text, hint=again, file=error.file, key=error.key) from None
    if found is None:
        raise BundleError(f"{called!r} has no variant {wanted!r}.", hint=f"Make it: {make}.")
    if not found.runs_on(provider):
        raise BundleError(
            f"The variant {wanted!r} of {called!r} is for the provider "
            f"{' or '.join(found.providers)}, not {provider!r}.",
            hint=_HINTS.get(wanted, "Choose that provider, or the model without a variant."),
        )
    return Chosen(network=found.network, variant=found)


def _by_itself(bundle: Networked, provider: str) -> Chosen:
    name = EXACT_OF.get(bundle.family)
    if name is None:
        return Chosen(network=bundle.network)
    try:
        found = find_variant(bundle.network, name)
    except BundleError as error:
        return Chosen(
            network=bundle.network, refused=f"{error.text} The original network runs instead."
        )
    if found is None or not found.runs_on(provider):
        return Chosen(network=bundle.network)
    return Chosen(network=found.network, variant=found)


def _name_of(provider: str) -> str:
    """Return a provider's name without its card and options, which do not matter to a proof."""
    return provider.partition(",")[0].partition(":")[0]


def _check_name(name: str) -> None:
    if name not in CLASSES and name != ORIGINAL:
        raise BundleError(
            f"There is no variant called {name[:32]!r}.",
            hint=f"Known: {', '.join([ORIGINAL, *CLASSES])}.",
        )


def _read(proof: Path, network: Path, name: str, *, quick: bool) -> Variant:
    """Return the variant that a proof speaks of, after seeing that every file is what it says."""
    again = f"Make it again: `facewire models optimise {network.parent} --variant {name}`."
    try:
        fields = sealed_fields(proof)
        variant = _variant(fields, proof, name)
        source = fingerprint(fields.fields("source"))
        files = [fingerprint(each) for each in objects(fields, "files")]
    except BundleError as error:
        raise BundleError(error.text, hint=again, file=error.file, key=error.key) from None
    if not source.is_of(network, quick=quick):
        raise BundleError(
            f"The variant {name!r} was made from another network than {network.name}.",
            hint=again,
            file=proof.name,
            key="source",
        )
    for each in files:
        if not each.is_of(proof.parent / each.file, quick=quick):
            raise BundleError(
                f"{each.file} is not the file that its report {proof.name} speaks of.",
                hint=again,
                file=each.file,
            )
    digests = () if quick else (source.sha256, *(each.sha256 for each in files))
    return replace(variant, digests=digests)


def _variant(fields: Fields, proof: Path, name: str) -> Variant:
    if fields.text("variant") != name:
        raise fields.at("variant").wrong(f"is {fields.text('variant')!r}", repr(name))
    if fields.text("class") != CLASSES[name]:
        raise fields.at("class").wrong(f"is {fields.text('class')!r}", repr(CLASSES[name]))
    names = [fingerprint(each).file for each in objects(fields, "files")]
    if not names:
        raise fields.at("files").wrong("is empty", "the network first")
    paths = [proof.parent / each for each in names]
    return Variant(
        name=name,
        variant_class=CLASSES[name],
        network=paths[0],
        companions=tuple(paths[1:]),
        providers=fields.names("providers"),
        report=fields.values,
    )
