"""Python, the packages, and onnxruntime with the provider that was asked for."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from typing import Final

from facewire.protocol.errors import ConfigError
from facewire.tools.diagnosis.report import Finding, failed, ok, warning

OLDEST_PYTHON: Final = (3, 11)
OLDEST_ORT: Final = (1, 24)
"""Older ones read any file that a model's `external_data` names."""
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)\s*>=\s*([0-9.]+)$")


def version_numbers(text: str) -> tuple[int, ...]:
    """Return the leading whole numbers of a version: `1.24.1rc2` gives (1, 24, 1)."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def installed_version(name: str) -> str:
    """Return the version of an installed distribution, "" when it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def configuration() -> Finding:
    """Check that files and variables hold only settings that exist, with values that can be."""
    from facewire.daemon.config import load

    try:
        loaded = load(environment=os.environ)
    except ConfigError as error:
        fix = error.hint or "Correct it; `facewire config explain` says what each setting takes."
        return failed(error.text, fix)
    changed = sum(source != "default" for source in loaded.sources.values())
    return ok(f"{changed} of {len(loaded.sources)} settings differ from what is built in")


def python() -> Finding:
    """Check that Python is new enough."""
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return failed(f"{found} is too old", "Install Python 3.11 or newer.")
    return ok(found)


def packages() -> Finding:
    """Check every package Facewire needs against the oldest version it works with."""
    wrong, right = [], 0
    for requirement in metadata.requires("facewire") or []:
        match = _REQUIREMENT.match(requirement)
        if match is None:  # of an extra, or without a version
            continue
        name, oldest = match[1], match[2]
        version = installed_version(name)
        if version_numbers(version) < version_numbers(oldest):
            wrong.append(f"{name} {version or 'missing'}, {oldest} or newer needed")
        else:
            right += 1
    if wrong:
        return failed("; ".join(wrong), 'Run `pip install --upgrade "facewire[cpu]"`.')
    return ok(f"facewire {installed_version('facewire')}, its {right} packages are new enough")


def onnxruntime() -> Finding:
    """Check that exactly one build of onnxruntime is installed, and a safe one."""
    from facewire.inference.installed_runtime import runtime_wheels

    versions = runtime_wheels()
    if not versions:
        return failed("onnxruntime is not installed", 'Run `pip install "facewire[cpu]"`.')
    if len(versions) > 1:
        return failed(
            f"{' and '.join(versions)} are installed together and overwrite each other",
            f"Run `pip uninstall -y {' '.join(versions)}`, then one of "
            '`pip install "facewire[cpu]"`, `"facewire[gpu]"`, `"facewire[openvino]"`.',
        )
    name, version = versions.popitem()
    if version_numbers(version) < OLDEST_ORT:
        return failed(
            f"{name} {version} reads files that a model names",
            f"Run `pip install --upgrade '{name}>=1.24'`.",
        )
    return ok(f"{name} {version}")


def provider(wanted: str, model: str) -> Finding:
    """Load a model, by its name or folder, with the provider asked for; see what came of it."""
    from facewire.inference.loading import load_model
    from facewire.tools.model_place import located, path_hint

    with path_hint(model):
        loaded = load_model(located(model), wanted)
    if loaded.fallback is not None:
        return warning(loaded.fallback.text, "Set the provider to `cpu`, or repair the driver.")
    return ok(f"asked for {wanted}, running {loaded.name} on {loaded.backend.name}")
