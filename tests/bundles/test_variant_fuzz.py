"""No report of a variant, however it was mangled, does more than be refused."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facewire.bundles.variant_report import SCHEMA, Fingerprint, sealed
from facewire.bundles.variants import Variant, find_variant
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

QUICK = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(),
        st.sampled_from([1e308, -(2**63), 2**64, "\0", "\ud800", "../x", ".", "a/b", "x" * 300]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)  # fmt: skip
ENDLESS = ("1e999", "-1e999", "NaN", "9" * 5_000, "[" * 3_000 + "]" * 3_000, '{"a":' * 900 + "1")


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.onnx"
    path.write_bytes(b"the original")
    (tmp_path / "facewire").mkdir()
    (tmp_path / "facewire" / "network.exact.onnx").write_bytes(b"faster")
    return path


def _report(network: Path) -> dict[str, Any]:
    faster = network.parent / "facewire" / "network.exact.onnx"
    return {
        "schema": SCHEMA,
        "variant": "exact",
        "class": "exact",
        "source": asdict(Fingerprint.of(network)),
        "files": [asdict(Fingerprint.of(faster))],
        "providers": ["cpu"],
        "difference": {"max_rel": 1e-6},
    }


def _holders(value: Any) -> list[Any]:
    """Return every object and list inside a value, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict | list) and value else []
    return own + [holder for each in inner for holder in _holders(each)]


def _read(network: Path, text: str | bytes) -> Variant | None:
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    (network.parent / "facewire" / "network.exact.json").write_bytes(content)
    return find_variant(network, "exact")


@QUICK
@given(drawn=st.data())
def test_a_report_with_any_value_anywhere_is_read_or_refused(network: Path, drawn: Any) -> None:
    report = _report(network)
    assert isinstance(_read(network, json.dumps(sealed(report))), Variant)
    for _ in range(drawn.draw(st.integers(1, 3))):
        holder = drawn.draw(st.sampled_from(_holders(report)))
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = drawn.draw(st.sampled_from(keys))
        if drawn.draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = drawn.draw(VALUES)
        if not report:
            break
    with suppress(ValueError):  # a number that cannot be sealed
        report = sealed(report)
    with suppress(BundleError):
        _read(network, json.dumps(report))


@QUICK
@given(where=st.floats(0, 1), bytes_of=st.binary(max_size=6), gone=st.integers(0, 40))
def test_a_report_with_any_bytes_anywhere_is_read_or_refused(
    network: Path, where: float, bytes_of: bytes, gone: int
) -> None:
    whole = json.dumps(sealed(_report(network))).encode()
    at = int(where * len(whole))
    with suppress(BundleError):
        _read(network, whole[:at] + bytes_of + whole[at + gone :])


@pytest.mark.parametrize("endless", ENDLESS, ids=range(len(ENDLESS)))
def test_numbers_and_nesting_without_end_are_refused(network: Path, endless: str) -> None:
    text = json.dumps(_report(network) | {"seal": "x", "a": "HERE"}).replace('"HERE"', endless)
    with pytest.raises(BundleError):
        _read(network, text)


@pytest.mark.parametrize("depth", range(700, 1_000, 7))
def test_no_depth_of_nesting_slips_between_reading_and_telling(network: Path, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    for key in ("schema", "variant", "a"):
        text = json.dumps(_report(network) | {"seal": "x", key: "HERE"})
        with pytest.raises(BundleError):
            _read(network, text.replace('"HERE"', deep))


def test_a_pipe_in_place_of_a_network_is_refused_and_not_waited_for(network: Path) -> None:
    import os

    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    faster = network.parent / "facewire" / "network.exact.onnx"
    report = _report(network)
    report["files"][0]["size"] = 0
    faster.unlink()
    os.mkfifo(faster)
    with pytest.raises(BundleError, match="is not the file"):
        _read(network, json.dumps(sealed(report)))
