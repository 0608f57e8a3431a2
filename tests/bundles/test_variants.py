"""Which file of a network runs: found, checked against its report, chosen."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pytest

from facewire.bundles.variant_report import SCHEMA, Fingerprint, sealed
from facewire.bundles.variants import (
    CLASSES,
    choose_network,
    find_variant,
    split_variant,
    variant_folders,
)
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Made:
    """A bundle as far as choosing goes."""

    root: Path
    network: Path
    family: str = "regression"

    @property
    def folder(self) -> Path:
        return self.root / "facewire"

    def report(self, name: str) -> Path:
        return self.folder / f"network.{name}.json"

    def write(self, name: str, **changed: Any) -> Path:
        """Keep a variant, its report altered before it is sealed; return its network."""
        self.folder.mkdir(exist_ok=True)
        network = self.folder / f"network.{name}.onnx"
        network.write_bytes(b"faster " + name.encode())
        told = {
            "schema": SCHEMA,
            "variant": name,
            "class": CLASSES[name],
            "source": asdict(Fingerprint.of(self.network)),
            "files": [asdict(Fingerprint.of(network))],
            "providers": ["cpu"],
        }
        self.report(name).write_text(json.dumps(sealed(told | changed)))
        return network


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setenv("FACEWIRE_VARIANTS", str(tmp_path / "cache"))
    root = tmp_path / "claire"
    root.mkdir()
    network = root / "network.onnx"
    network.write_bytes(b"the original")
    return Made(root, network)


def test_without_variants_the_original_runs(bundle: Made) -> None:
    chosen = choose_network(bundle)
    assert (chosen.network, chosen.variant, chosen.refused) == (bundle.network, None, "")


def test_an_exact_variant_is_taken_by_itself_and_left_when_the_original_is_asked_for(
    bundle: Made,
) -> None:
    exact = bundle.write("exact")
    assert choose_network(bundle).network == exact
    assert choose_network(bundle, "exact").network == exact
    assert choose_network(bundle, "original").network == bundle.network


def test_a_turbo_variant_is_never_taken_by_itself(bundle: Made) -> None:
    int8 = bundle.write("int8")
    assert choose_network(bundle).network == bundle.network
    chosen = choose_network(bundle, "int8")
    assert chosen.network == int8
    assert chosen.variant is not None
    assert chosen.variant.variant_class == "turbo"


def test_each_family_takes_its_own_exact_variant(bundle: Made) -> None:
    bundle.write("exact")
    free = bundle.write("vertex-free")
    diffusion = Made(bundle.root, bundle.network, "diffusion")
    assert choose_network(diffusion).network == free


def test_a_variant_runs_only_where_it_was_measured(bundle: Made) -> None:
    bundle.write("exact")
    bundle.write("int8")
    assert choose_network(bundle, provider="cuda").network == bundle.network
    with pytest.raises(BundleError, match="is for the provider cpu, not 'cuda'"):
        choose_network(bundle, "int8", "cuda")
    free = bundle.write("exact", providers=["any"])
    assert choose_network(bundle, provider="cuda").network == free


def test_bf16_says_what_computes_it_and_what_brings_that(bundle: Made) -> None:
    network = bundle.write("bf16", providers=["openvino"])
    chosen = choose_network(bundle, "bf16", "openvino")
    assert chosen.network == network
    assert chosen.variant is not None
    assert chosen.variant.opened_on("openvino") == "openvino,precision=bf16"
    with pytest.raises(BundleError, match="for the provider openvino, not 'cuda'") as refused:
        choose_network(bundle, "bf16", "cuda:1")
    assert "facewire[openvino]" in refused.value.hint
    bundle.write("int8")
    eight = choose_network(bundle, "int8", "cpu").variant
    assert eight is not None
    assert eight.opened_on("cpu") == "cpu"


def test_a_missing_variant_is_told_with_the_command_that_makes_it(bundle: Made) -> None:
    with pytest.raises(BundleError) as caught:
        choose_network(bundle, "int8")
    assert caught.value.text == f"'{bundle.root}' has no variant 'int8'."
    assert f"facewire models optimise {bundle.root} --variant int8" in caught.value.hint
    with pytest.raises(BundleError, match="'my-claire' has no variant 'int8'") as named:
        choose_network(bundle, "int8", called="my-claire")
    assert "`facewire models optimise my-claire --variant int8`" in named.value.hint


@pytest.mark.parametrize("name", ["", "int4", "../x", "INT8"])
def test_a_name_that_is_no_variant_is_refused_before_any_file_is_touched(
    bundle: Made, name: str
) -> None:
    with pytest.raises(BundleError, match="no variant called"):
        find_variant(bundle.network, name)
    with pytest.raises(BundleError, match="no variant called"):
        split_variant(f"claire@{name}")


def test_a_model_and_its_variant_are_told_apart() -> None:
    assert split_variant("claire") == ("claire", "")
    assert split_variant("claire@int8") == ("claire", "int8")
    assert split_variant("claire@original") == ("claire", "original")


def _edited(bundle: Made, **changed: Any) -> None:
    path = bundle.report("exact")
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


SPOILT: dict[str, tuple[Callable[[Made], object], str]] = {
    "altered": (lambda made: _edited(made, providers=["any"]), "was altered after it was written"),
    "cut off": (
        lambda made: made.report("exact").write_text(made.report("exact").read_text()[:50]),
        "is not JSON",
    ),
    "empty": (lambda made: made.report("exact").write_text(""), "is not JSON"),
    "a list": (lambda made: made.report("exact").write_text("[]"), "expected an object"),
    "endless": (lambda made: made.report("exact").write_text(" " * (2 << 20)), "longer than"),
    "another schema": (lambda made: made.write("exact", schema=99), "'schema' is 99"),
    "another variant": (lambda made: made.write("exact", variant="int8"), "'variant' is 'int8'"),
    "another class": (lambda made: made.write("exact", **{"class": "turbo"}), "'class' is"),
    "no files": (lambda made: made.write("exact", files=[]), "is empty"),
    "network missing": (
        lambda made: (made.folder / "network.exact.onnx").unlink(),
        "is not the file that its report",
    ),
    "network cut off": (
        lambda made: (made.folder / "network.exact.onnx").write_bytes(b"fast"),
        "is not the file that its report",
    ),
    "another original": (
        lambda made: made.network.write_bytes(b"another one"),
        "was made from another network",
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_report_that_is_not_right_is_refused_and_the_original_runs(
    bundle: Made, how: str
) -> None:
    bundle.write("exact")
    spoil, says = SPOILT[how]
    spoil(bundle)
    chosen = choose_network(bundle)
    assert chosen.network == bundle.network
    assert says in chosen.refused
    assert chosen.refused.endswith("The original network runs instead.")
    with pytest.raises(BundleError, match=says) as caught:
        choose_network(bundle, "exact")
    assert "--variant exact" in caught.value.hint


@pytest.mark.parametrize("file", ["../network.onnx", "/etc/passwd", ".hidden", "a\\b.onnx"])
def test_a_report_cannot_name_files_elsewhere(bundle: Made, file: str) -> None:
    print_of = asdict(Fingerprint.of(bundle.network)) | {"file": file}
    bundle.write("exact", files=[print_of])
    with pytest.raises(BundleError, match="expected a plain file name"):
        find_variant(bundle.network, "exact")


def test_an_original_that_was_only_touched_is_still_the_same(bundle: Made) -> None:
    exact = bundle.write("exact")
    os.utime(bundle.network, ns=(1, 1))
    assert choose_network(bundle).network == exact
    same_size = bytes(reversed(bundle.network.read_bytes()))
    bundle.network.write_bytes(same_size)
    assert choose_network(bundle).network == bundle.network


def test_two_networks_of_a_name_do_not_share_a_folder_in_the_cache(bundle: Made) -> None:
    other = bundle.root.parent / "james" / "network.onnx"
    assert variant_folders(bundle.network)[1] != variant_folders(other)[1]


def test_a_variant_in_the_cache_is_found(bundle: Made) -> None:
    bundle.write("exact")
    cache = variant_folders(bundle.network)[1]
    cache.parent.mkdir(parents=True)
    bundle.folder.rename(cache)
    assert choose_network(bundle).network == cache / "network.exact.onnx"
