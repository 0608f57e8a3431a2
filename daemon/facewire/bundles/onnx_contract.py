"""The contract of each family's network: names, ranks, which axes are fixed (a2f_runtime §1.9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from facewire.bundles.network_info import DiffusionInfo, RegressionInfo
from facewire.bundles.place import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facewire.bundles.folder import BundleFolder
    from facewire.bundles.network_info import NetworkInfo
    from facewire.bundles.onnx_file import Port, Ports

BATCH: Final = "batch"
SAMPLES: Final = "samples"


@dataclass(frozen=True)
class Either:
    """An axis that some exports fix at `length` and others leave dynamic."""

    length: int


Axis = int | str | Either
"""A fixed length, the name of an axis that must be dynamic, or either."""


@dataclass(frozen=True)
class Contract:
    """The ports a network must have, all float32."""

    inputs: Mapping[str, tuple[Axis, ...]]
    outputs: Mapping[str, tuple[Axis, ...]]


def contract_of(info: NetworkInfo) -> Contract:
    """Return the contract that follows from a bundle's `network_info.json`."""
    if isinstance(info, RegressionInfo):
        return Contract(
            {
                "input": (BATCH, 1, info.window_samples),
                "emotion": (BATCH, 1, info.emotion_size),
            },
            {"result": (BATCH, 1, info.result_size)},
        )
    if isinstance(info, DiffusionInfo):
        latents: tuple[Axis, ...] = (info.diffusion_steps, info.gru_layers, BATCH, info.gru_dim)
        block: tuple[Axis, ...] = (info.frames, info.prediction_size)
        return Contract(
            {
                "window": (BATCH, info.window_samples),
                "identity": (BATCH, len(info.identities)),
                "emotion": (BATCH, info.frames_kept, len(info.emotions)),
                "input_latents": latents,
                "noise": (BATCH, info.diffusion_steps + 1, *block),
            },
            {"prediction": (BATCH, *block), "output_latents": latents},
        )
    return Contract(
        {"input_values": (BATCH, SAMPLES)}, {"output": (BATCH, Either(len(info.emotions)))}
    )


def check_contract(ports: Ports, info: NetworkInfo, file: str) -> None:
    """Check a network's ports against its bundle's `network_info.json`; see `check_ports`."""
    check_ports(ports, contract_of(info), file)


def check_ports(ports: Ports, contract: Contract, file: str) -> None:
    """Check a network's ports against a contract.

    More outputs than needed are fine; an input that nobody would feed is not.

    Args:
        ports: Of the file or of a loaded session.
        contract: What they must be.
        file: What messages call the network.

    Raises:
        BundleError: a port is missing, surplus, not float32, or of another shape.
    """
    for kind, wanted, found in (
        ("input", contract.inputs, ports.inputs),
        ("output", contract.outputs, ports.outputs),
    ):
        for name, axes in wanted.items():
            if name not in found:
                has = ", ".join(found) or "none"
                raise Place(file, name).wrong(f"is missing; its {kind}s are {has}", f"an {kind}")
            _check_port(found[name], axes, Place(file, name))
    for name in ports.inputs:
        if name not in contract.inputs:
            names = ", ".join(contract.inputs)
            raise Place(file, name).wrong("is an input nobody feeds", f"no other than {names}")


def check_external_data(ports: Ports, folder: BundleFolder, network: str) -> None:
    """Check the files in which an ONNX network keeps weights outside itself.

    Args:
        ports: Of the ONNX file.
        folder: The bundle's.
        network: What `model.json` calls the network; locations are relative to it.

    Raises:
        BundleError: one lies outside the folder, is missing, or is shorter than the network says.
    """
    inside = replace(folder, allow_outside=False)  # onnxruntime allows no other either
    above = network.replace("\\", "/").rpartition("/")[0]
    for tensor in ports.external:
        place = Place(network, tensor.name)
        if not tensor.location:
            raise place.wrong("keeps its values outside and names no file", "a file name")
        name = f"{above}/{tensor.location}" if above else tensor.location
        size = inside.file(name, place, "").stat().st_size
        end = tensor.offset + (tensor.length or 0)
        if end > size:
            raise place.wrong(
                f"keeps its values up to byte {end} of {tensor.location!r}, which has {size}",
                "a file that holds them",
            )


def _check_port(port: Port, axes: tuple[Axis, ...], place: Place) -> None:
    if port.element != "float32":
        raise place.wrong(f"is {port.element}", "float32")
    shape = port.shape
    fits = shape is not None and len(shape) == len(axes) and all(map(_fits, axes, shape))
    if not fits:
        found = "no shape" if shape is None else f"the shape {_told(shape)}"
        raise place.wrong(
            f"has {found}",
            f"{_told(axes)}, where a name stands for a dynamic axis",
            "Network and network_info.json are not of one bundle, or the export fixed an axis.",
        )


def _fits(axis: Axis, found: int | None) -> bool:
    if isinstance(axis, Either):
        return found is None or found == axis.length
    return found is None if isinstance(axis, str) else found == axis


def _told(shape: tuple[Axis | None, ...]) -> str:
    told = [
        "dynamic" if axis is None else str(axis.length if isinstance(axis, Either) else axis)
        for axis in shape
    ]
    return f"[{', '.join(told)}]"
