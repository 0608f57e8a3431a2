"""`facewire models optimise`: what is kept, what is refused, and what runs afterwards."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.tools.optimise_kit import mark_in, optimised, quick_shop, second_in

from facewire.bundles.detect import read_bundle
from facewire.bundles.variants import choose_network, find_variant
from facewire.inference.loading import load_model
from facewire.inference.variant_check import is_remembered
from facewire.protocol.errors import BundleError
from facewire.tools.atomic import OutputError
from facewire.tools.models.finding import Found
from facewire.tools.models.optimising import _as_named
from facewire.tools.optimising import keeping, report
from facewire.tools.optimising.maker import Speed
from facewire.tools.optimising.telling import _use
from facewire.tools.synth.listening import speech_16k

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tools.models_kit import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return quick_shop(tmp_path, monkeypatch)


@pytest.fixture
def mark(synthetic_bundles: Path, tmp_path: Path) -> Path:
    return mark_in(tmp_path, synthetic_bundles)


@pytest.fixture
def second(tmp_path: Path) -> str:
    return second_in(tmp_path)


def test_the_exact_variant_is_made_measured_used_and_taken_away(
    shop: Shop, mark: Path, second: str
) -> None:
    before = (mark / "network.onnx").read_bytes()
    (made,) = optimised(shop, str(mark), "--audio", second)
    assert (made["variant"], made["class"], made["kept"]) == ("exact", "exact", True)
    assert made["path"] == str(mark / "facewire" / "network.exact.onnx")
    assert made["difference"]["max_rel"] < 4e-6
    assert made["speed"]["ratio"] == 2
    assert {each["name"] for each in made["patterns"] if each["found"]} == {
        "crop-positions", "block-lags", "fold-norm", "matrix-form", "join-linears",
    }  # fmt: skip
    assert made["face"]["curves"]["max"] < 1e-4
    assert (mark / "network.onnx").read_bytes() == before

    chosen = choose_network(read_bundle(mark))
    assert str(chosen.network) == made["path"]
    assert chosen.variant is not None
    assert is_remembered(chosen.variant.digests)  # loading need not compare again
    fed = {
        "input": speech_16k()[None, None, 20_000:28_320],
        "emotion": np.zeros((1, 1, 26), np.float32),
    }
    exact, original = (load_model(mark, variant=name).backend.run(fed) for name in ("", "original"))
    assert np.abs(exact - original).max() < 4e-6 * np.abs(original).max()
    assert not np.array_equal(exact, original)

    (told,) = shop.told("show", str(mark))["variants"]
    assert (told["variant"], told["problem"]) == ("exact", "")
    assert "exact (exact)" in shop.run("models", "show", str(mark)).stdout
    gone = shop.told("optimise", str(mark), "--remove")["removed"]
    assert len(gone) == 2
    assert not (mark / "facewire").exists()
    assert choose_network(read_bundle(mark)).variant is None


def test_int8_is_kept_within_its_limits_and_runs_only_by_name(
    shop: Shop, mark: Path, second: str
) -> None:
    (made,) = optimised(shop, str(mark), "--audio", second, "--variant", "int8")
    assert (made["class"], made["kept"], made["over"]) == ("turbo", True, [])
    assert 1e-4 < made["difference"]["relative_l2"] < made["limits"]["relative_l2"]
    for part in ("curves", "jaw_open", "lips", "eyes_deg"):
        spread = made["face"][part]
        assert 0 < spread["mean"] <= spread["p99"] <= spread["max"]
    bundle = read_bundle(mark)
    assert choose_network(bundle).network == bundle.network
    assert str(choose_network(bundle, "int8").network) == made["path"]
    written = []
    for variant in ("int8", "original"):
        out = mark / f"{variant}.csv"
        named = ("--model", str(mark), "--variant", variant)
        assert shop.run("animate", second, "-o", str(out), *named).returncode == 0
        written.append(out.read_text())
    assert written[0] != written[1]
    text = shop.run("models", "optimise", str(mark), "--variant", "int8", "--audio", second).stdout
    assert "jawOpen: differ by" in text
    assert f"use it with --model {mark}@int8" in text


def test_a_variant_over_its_limits_is_kept_only_by_force_and_only_a_turbo_one(
    shop: Shop, mark: Path, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "speed", lambda *_: Speed(original_ms=1, variant_ms=2, windows=1))
    arguments = (str(mark), "--audio", second, "--variant")
    (made,) = optimised(shop, *arguments, "int8", code=1)
    assert made["over"] == ["It is 0.50 times as fast as the original."]
    assert find_variant(mark / "network.onnx", "int8") is None
    (made,) = optimised(shop, *arguments, "int8", "--force")
    assert made["kept"]
    kept = find_variant(mark / "network.onnx", "int8")
    assert kept is not None
    assert kept.report["forced"] is True
    (made,) = optimised(shop, *arguments, "exact", "--force", code=1)
    assert not made["kept"]
    assert find_variant(mark / "network.onnx", "exact") is None


def test_without_onnx_the_extra_is_named(
    shop: Shop, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "onnx" else find(name, *more),
    )
    (told,) = optimised(shop, str(mark), code=1)
    assert told["refused"] == "Rewriting a network needs the package onnx."
    assert "facewire[optimise]" in told["hint"]


@pytest.mark.parametrize("more", [[], ["--variant", "all"]])
def test_where_onnx_cannot_be_imported_the_extra_is_named(
    mark: Path, shop: Shop, more: list[str]
) -> None:
    program = "import sys; sys.modules['onnx'] = None\nfrom facewire.tools.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "models", "optimise", str(mark), *more],
        env=shop.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "exact was not made: Rewriting a network needs the package onnx." in done.stdout
    assert 'pip install "facewire[optimise]"' in done.stdout


def test_how_to_use_a_variant_is_told_as_it_can_be_typed() -> None:
    hearing, own = Found(name="a2e"), Found(name="")
    assert _as_named(hearing, "A2E", "emotion") == ("--emotion-model a2e@", "a2e")
    assert _as_named(own, "mark", "regression") == (f"--model .{os.sep}mark@", f".{os.sep}mark")
    assert _as_named(own, f"x{os.sep}", "emotion")[0] == "--emotion-model x@"
    kept = {"kept": True, "class": "exact", "variant": "exact", "path": "p"}
    told = _use(kept, ("--model claire@", "claire"))
    assert told == (
        "kept as p; used by itself from now on; --model claire@original runs the network as it is"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("embedded",), "is a model of Facewire's own"),
        (("nothing-here",), "There is no model called"),
        (("MARK", "--variant", "vertex-free"), "no variant 'vertex-free' of a network of the regr"),
    ],
)
def test_what_cannot_be_optimised_is_an_error(
    shop: Shop, mark: Path, arguments: tuple[str, ...], says: str
) -> None:
    named = [str(mark) if each == "MARK" else each for each in arguments]
    done = shop.run("models", "optimise", *named)
    assert done.returncode == 5
    assert says in done.stderr


def test_a_variant_that_could_not_be_written_whole_is_never_found(
    shop: Shop, mark: Path, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    optimised(shop, str(mark), "--audio", second)
    assert find_variant(mark / "network.onnx", "exact") is not None

    def full(source: Path, part: Path) -> None:
        part.write_bytes(source.read_bytes()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    done = shop.run("models", "optimise", str(mark), "--audio", second)
    assert done.returncode == 1
    assert "disk is full" in done.stderr
    assert find_variant(mark / "network.onnx", "exact") is None
    assert not list((mark / "facewire").glob(".facewire-*"))
    with pytest.raises(BundleError, match="has no variant"):
        choose_network(read_bundle(mark), "exact")


def test_a_bundle_that_cannot_be_written_to_has_its_variants_in_the_cache(
    shop: Shop, mark: Path, second: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keeping, "_may_write", lambda _: False)
    (made,) = optimised(shop, str(mark), "--audio", second)
    assert made["path"].startswith(str(tmp_path / "cache"))
    assert not (mark / "facewire").exists()
    monkeypatch.setenv("FACEWIRE_VARIANTS", str(tmp_path / "cache"))
    assert str(choose_network(read_bundle(mark)).network) == made["path"]
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FACEWIRE_VARIANTS", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="Neither"):
        keeping._writable(mark / "network.onnx")


def test_a_named_model_takes_its_variants_along_when_it_goes(
    shop: Shop, mark: Path, second: str
) -> None:
    shop.told("add", str(mark), "--name", "marked", "--copy")
    (made,) = optimised(shop, "marked", "--audio", second)
    assert made["path"] == str(shop.models / "marked" / "facewire" / "network.exact.onnx")
    assert "marked" in json.dumps(shop.told("show", "marked")["variants"])
    shop.told("rm", "marked", "--yes")
    assert not (shop.models / "marked").exists()
