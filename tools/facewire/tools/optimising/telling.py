"""The results of `facewire models optimise`, and the variants of `models show`, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facewire.tools.benching.figures import table
from facewire.tools.models.options import size

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS = {
    "curves": "all curves",
    "jaw_open": "jawOpen",
    "lips": "lips",
    "eyes_deg": "eyes, degrees",
}


def text(told: Mapping[str, Any], named: tuple[str, str]) -> str:
    """Return the table, what each variant did, and how to use it.

    Args:
        told: The answer for programs.
        named: What to type before a variant's name, and the model.
    """
    measured = [each for each in told["variants"] if not each["refused"]]
    parts = []
    if measured:
        heads = ("variant", "original ms", "ms", "times", "max diff", "of range", "rel L2", "bytes")
        parts.append(table(heads, [_row(each) for each in measured]))
    parts += [_about(each, named) for each in told["variants"]]
    return "\n\n".join(parts)


def line(variant: Mapping[str, Any]) -> str:
    """Return one variant in a line."""
    if variant["problem"]:
        return f"{variant['variant']}: {variant['problem']}"
    report = variant["report"]
    return (
        f"{variant['variant']} ({variant['class']}), {size(variant['bytes'])}, "
        f"{report['speed']['ratio']:.2f} times as fast, differs by "
        f"{report['difference']['max_rel']:.1e} of the range"
    )


def _row(each: Mapping[str, Any]) -> list[str]:
    speed, found = each["speed"], each["difference"]
    return [
        each["variant"], f"{speed['original_ms']:.2f}", f"{speed['variant_ms']:.2f}",
        f"{speed['ratio']:.2f}", f"{found['max_abs']:.2g}", f"{found['max_rel']:.1e}",
        f"{found['relative_l2']:.1e}", size(each["bytes"]),
    ]  # fmt: skip


def _about(each: Mapping[str, Any], named: tuple[str, str]) -> str:
    if each["refused"]:
        return f"{each['variant']} was not made: {each['refused']} {each['hint']}".strip()
    lines = [f"{each['variant']}:"]
    for pattern in each["patterns"]:
        done = f"{pattern['found']} times" if pattern["found"] else "not found"
        lines.append(f"  {pattern['name']}: {done}" + _bracketed(pattern["text"]))
    for key, label in _PARTS.items():
        spread = each["face"].get(key)
        if spread:
            lines.append(
                f"  {label}: differ by {spread['mean']:.2g} (mean), {spread['p99']:.2g} (p99), "
                f"{spread['max']:.2g} (max)"
            )
    lines += [f"  note: {note}" for note in each["notes"]]
    lines += [f"  over a limit: {over}" for over in each["over"]]
    lines.append(f"  {_use(each, named)}")
    return "\n".join(lines)


def _use(each: Mapping[str, Any], named: tuple[str, str]) -> str:
    if not each["kept"]:
        ends = " --force keeps it all the same." if each["class"] == "turbo" else ""
        return f"not kept.{ends}"
    where = f"kept as {each['path']}"
    if each["class"] == "exact":
        return f"{where}; used by itself from now on; {named[0]}original runs the network as it is"
    return f"{where}; use it with {named[0]}{each['variant']}"


def _bracketed(text: str) -> str:
    return f" ({text})" if text else ""
