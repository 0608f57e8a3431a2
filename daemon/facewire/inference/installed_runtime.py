"""What is installed beside onnxruntime: its wheels, TensorRT, the cards."""

from __future__ import annotations

import ctypes
import os
from importlib import metadata
from pathlib import Path
from typing import Any, Final

WHEELS: Final = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-directml")
"""Distributions that all install the one package `onnxruntime`: only one may be there."""
_TENSORRT: Final = ("tensorrt", "tensorrt-cu13", "tensorrt-cu12")
_TENSORRT_MAJORS: Final = (10, 11, 12, 9, 8)
"""The one that onnxruntime wants comes first."""
_CARDS: Final = Path("/proc/driver/nvidia/gpus")


def runtime_wheels() -> dict[str, str]:
    """Return the installed builds of onnxruntime and their versions."""
    versions = {name: _version(name) for name in WHEELS}
    return {name: version for name, version in versions.items() if version}


def tensorrt_version() -> str:
    """Return the version of TensorRT: the package's, else the system's; "" where there is none."""
    packaged = next((version for name in _TENSORRT if (version := _version(name))), "")
    if packaged:
        return packaged
    for major in _TENSORRT_MAJORS:
        try:
            number = ctypes.CDLL(f"libnvinfer.so.{major}").getInferLibVersion()
        except (OSError, AttributeError):
            continue
        return _version_of(number)
    return ""


def gpu_names(folder: Path = _CARDS) -> list[str]:
    """Return the cards as NVIDIA's driver for Linux names them; empty where it does not say."""
    names = []
    for file in sorted(folder.glob("*/information")):
        lines = file.read_text("utf-8", errors="replace").splitlines()
        names += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return names


def provider_file(runtime: Any, name: str) -> Path:
    """Return where a build of onnxruntime keeps the code of a provider; it need not be there."""
    ending = ".dll" if os.name == "nt" else ".so"
    prefix = "" if os.name == "nt" else "lib"
    folder = Path(str(runtime.__file__)).parent / "capi"
    return folder / f"{prefix}onnxruntime_providers_{name}{ending}"


def _version_of(number: int) -> str:
    """Return 10.13.3 for 101303; up to TensorRT 9 the number is written 8601 for 8.6.1."""
    whole = 10_000 if number >= 10_000 else 1_000
    return f"{number // whole}.{number % whole // 100}.{number % 100}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
