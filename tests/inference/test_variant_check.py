"""An exact variant runs only after it was seen to answer as the original, once for its files."""

from __future__ import annotations

import json
import logging
import os
import shutil
import stat
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from facewire.bundles.detect import read_bundle
from facewire.bundles.variant_report import SCHEMA, Fingerprint, sealed
from facewire.bundles.variants import CLASSES, find_variant
from facewire.inference import backend, variant_check
from facewire.inference.loading import load_emotion_model, load_model
from facewire.inference.variant_check import COMPARING, is_remembered
from facewire.protocol.errors import BundleError, FacewireError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from facewire.inference.model import Model

    Arrays = dict[str, NDArray[Any]]

onnx = pytest.importorskip("onnx", reason="forging a network needs onnx")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing is remembered yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("FACEWIRE_VARIANTS", str(tmp_path / "variants"))
    return tmp_path / "cache" / "facewire" / "compared"


@dataclass(frozen=True)
class Forger:
    """Whoever can write to a bundle's folder, and seal a report."""

    root: Path
    name: str = "exact"

    @property
    def folder(self) -> Path:
        return self.root / "facewire"

    def seal(self, *files: Path) -> None:
        """Write a report that says all is well."""
        told = {
            "schema": SCHEMA,
            "variant": self.name,
            "class": CLASSES[self.name],
            "source": asdict(Fingerprint.of(self.root / "network.onnx")),
            "files": [asdict(Fingerprint.of(each)) for each in files],
            "providers": ["any"],
        }
        (self.folder / f"network.{self.name}.json").write_text(json.dumps(sealed(told)))

    def forge(self, change: Callable[[Any], object]) -> None:
        """Keep a variant: the original network, changed."""
        self.folder.mkdir(exist_ok=True)
        network = onnx.load(str(self.root / "network.onnx"))
        change(network)
        path = self.folder / f"network.{self.name}.onnx"
        path.write_bytes(network.SerializeToString())
        self.seal(path)


@pytest.fixture
def regression_copy(regression_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(regression_folder, tmp_path / "v2")


def _unchanged(network: Any) -> None:
    network.doc_string = "as it was"


def _biggest(network: Any) -> Any:
    return max(network.graph.initializer, key=lambda each: len(each.raw_data))


def _zeroed(network: Any) -> None:
    tensor = _biggest(network)
    tensor.raw_data = bytes(len(tensor.raw_data))


def _a_little_louder(network: Any) -> None:
    last = network.graph.output[0].name
    _renamed(network, last)
    gain = onnx.numpy_helper.from_array(np.array(1.001, np.float32), "gain")
    network.graph.initializer.append(gain)
    network.graph.node.append(onnx.helper.make_node("Mul", ["before", "gain"], [last]))


def _cut_to_seven(network: Any) -> None:
    last = network.graph.output[0].name
    _renamed(network, last)
    for name, value in (("from", 0), ("to", 7), ("axis", -1)):
        array = np.array([value], np.int64)
        network.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    slicing = onnx.helper.make_node("Slice", ["before", "from", "to", "axis"], [last])
    network.graph.node.append(slicing)
    network.graph.output[0].type.tensor_type.shape.dim[-1].dim_value = 7


def _cut_in_secret(network: Any) -> None:
    _cut_to_seven(network)
    network.graph.output[0].type.tensor_type.shape.dim[-1].dim_value = 36


def _renamed(network: Any, last: str) -> None:
    for node in network.graph.node:
        for at, name in enumerate(node.output):
            if name == last:
                node.output[at] = "before"


def _elsewhere(network: Any) -> None:
    tensor = _biggest(network)
    length = str(len(tensor.raw_data))
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "../network.onnx"), ("offset", "0"), ("length", length)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def _of_another_maker(network: Any) -> None:
    network.graph.node[0].domain = "somebody.else"
    entry = network.opset_import.add()
    entry.domain, entry.version = "somebody.else", 1


SPOILT: dict[str, tuple[Callable[[Any], object], str]] = {
    "zeroed": (_zeroed, "network.exact.onnx does not answer as network.onnx does"),
    "a little louder": (_a_little_louder, "does not answer as network.onnx does"),
    "too few numbers": (_cut_to_seven, "'result' has the shape"),
    "too few numbers in secret": (_cut_in_secret, "network.exact.onnx"),
    "weights elsewhere": (_elsewhere, "keeps its values in another file"),
    "an operator of somebody's": (_of_another_maker, "network.exact.onnx: onnxruntime refuses"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_sealed_variant_that_is_none_is_left_for_the_original(
    regression_copy: Path, cache: Path, how: str
) -> None:
    change, says = SPOILT[how]
    Forger(regression_copy).forge(change)

    model = load_model(regression_copy)

    assert model.variant == ""
    assert says in model.refused_variant
    assert model.refused_variant.endswith("The original network runs instead.")
    assert _answers_alike(model, load_model(regression_copy, variant="original"))
    with pytest.raises(BundleError, match=says):
        load_model(regression_copy, variant="exact")
    assert not cache.exists()


def test_what_was_seen_to_be_alike_is_remembered_for_its_files_alone(
    regression_copy: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forger = Forger(regression_copy)
    forger.forge(_unchanged)
    told: list[str] = []
    model = load_model(regression_copy, on_progress=lambda words, _: told.append(words))
    assert (model.variant, model.refused_variant) == ("exact", "")
    assert COMPARING in told
    (mark,) = cache.iterdir()
    assert stat.S_IMODE(mark.stat().st_mode) == 0o600

    opened: list[str] = []
    real = backend.OrtBackend

    def noted(network: Path, *rest: Any, **more: Any) -> Any:
        opened.append(network.name)
        return real(network, *rest, **more)

    monkeypatch.setattr(variant_check, "OrtBackend", noted)
    assert load_model(regression_copy).variant == "exact"
    assert opened == []
    forger.forge(_zeroed)
    assert load_model(regression_copy).variant == ""
    assert opened == ["network.onnx", "network.exact.onnx"]


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX's")
def test_what_others_may_have_written_is_not_believed(regression_copy: Path, cache: Path) -> None:
    Forger(regression_copy).forge(_unchanged)
    load_model(regression_copy)
    variant = find_variant(regression_copy / "network.onnx", "exact")
    assert variant is not None
    assert is_remembered(variant.digests)
    (mark,) = cache.iterdir()
    mark.chmod(0o622)
    assert not is_remembered(variant.digests)
    load_model(regression_copy)
    assert is_remembered(variant.digests)
    assert not is_remembered(())


def test_a_cache_that_cannot_be_written_only_costs_time(regression_copy: Path, cache: Path) -> None:
    Forger(regression_copy).forge(_unchanged)
    cache.parent.mkdir(parents=True)
    cache.write_text("no folder")
    for _ in range(2):
        assert load_model(regression_copy).variant == "exact"


def test_same_size_and_time_is_not_taken_for_the_same_file_when_it_shall_run(
    regression_copy: Path,
) -> None:
    forger = Forger(regression_copy)
    forger.forge(_unchanged)
    original = regression_copy / "network.onnx"
    path = forger.folder / "network.exact.onnx"
    for swapped in (path, original):
        content, status = swapped.read_bytes(), swapped.stat()
        spoilt = bytearray(content)
        spoilt[len(spoilt) // 2] ^= 1
        swapped.write_bytes(spoilt)
        os.utime(swapped, ns=(status.st_mtime_ns, status.st_mtime_ns))
        assert find_variant(original, "exact", quick=True) is not None
        with pytest.raises(BundleError):
            find_variant(original, "exact")
        assert load_model(regression_copy).variant == ""
        swapped.write_bytes(content)


def test_a_malformed_report_stops_nothing_and_is_told(
    regression_copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from facewire.daemon.shelf import load_warm

    Forger(regression_copy).forge(_unchanged)
    report = regression_copy / "facewire" / "network.exact.json"
    report.write_text('{"schema": 1, "seal": "x", "a": 1e999}')
    with caplog.at_level(logging.WARNING):
        model = load_warm(regression_copy, "cpu")
    assert model.variant == ""
    assert "The original network runs instead." in caplog.text


@pytest.mark.parametrize("change", [_unchanged, _zeroed])
def test_an_emotion_network_is_compared_too(
    tmp_path: Path, change: Callable[[Any], object]
) -> None:
    from facewire.tools.synth import synth_emotion

    root = synth_emotion(tmp_path / "a2e")
    Forger(root).forge(change)
    model = load_emotion_model(root)
    assert (model.variant == "exact") == (change is _unchanged)
    assert bool(model.refused_variant) == (change is _zeroed)


@pytest.fixture(scope="module")
def rewritten(
    diffusion_folder: Path, speech: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A diffusion bundle with its vertex-free variant, honestly made."""
    from facewire.tools.optimising.vertex_free import VertexFreeMaker

    root = shutil.copytree(diffusion_folder, tmp_path_factory.mktemp("rewritten") / "v3")
    (root / "facewire").mkdir()
    made = VertexFreeMaker().make(read_bundle(root), root / "facewire", speech, lambda _: None)
    Forger(root, "vertex-free").seal(made.network, *made.companions)
    return root


def _fewer_rows(arrays: Arrays) -> None:
    arrays["skin_shapes"] = arrays["skin_shapes"][:-3]


def _rows_moved_to_the_tongue(arrays: Arrays) -> None:
    arrays["skin_shapes"] = arrays["skin_shapes"][:-1]
    extra = np.zeros((1, arrays["tongue_shapes"].shape[1]), np.float32)
    arrays["tongue_shapes"] = np.concatenate([arrays["tongue_shapes"], extra])


def _no_scale(arrays: Arrays) -> None:
    arrays["skin_scale"] = arrays["skin_scale"] * 0


def _last_face_alone(arrays: Arrays) -> None:
    arrays["tongue_scale"][-1] *= np.float32(1.01)


def _other_identities(arrays: Arrays) -> None:
    for key in ("skin_scale", "skin_constant"):
        arrays[key] = arrays[key][::-1]


def _nan(arrays: Arrays) -> None:
    arrays["skin_scale"][0, 0] = np.nan


BASES: dict[str, tuple[Callable[[Arrays], object], str]] = {
    "fewer rows": (_fewer_rows, "'prediction' has the shape"),
    "rows moved": (_rows_moved_to_the_tongue, "does not answer as network.onnx does: the skin"),
    "no scale": (_no_scale, "does not answer as network.onnx does: the skin"),
    "the last face alone": (_last_face_alone, "does not answer as network.onnx does: the tongue"),
    "other identities": (_other_identities, "does not answer as network.onnx does: the skin"),
    "a number that is none": (_nan, "'skin_scale' holds nan"),
}


@pytest.mark.parametrize("how", BASES)
def test_sealed_bases_of_another_face_are_left_for_the_original(
    rewritten: Path, tmp_path: Path, how: str
) -> None:
    change, says = BASES[how]
    root = shutil.copytree(rewritten, tmp_path / "v3")
    bases = root / "facewire" / "network.vertex-free.npz"
    with np.load(bases) as file:
        arrays = {key: file[key].copy() for key in file}
    change(arrays)
    np.savez(bases, allow_pickle=False, **arrays)
    Forger(root, "vertex-free").seal(bases.with_suffix(".onnx"), bases)

    model = load_model(root)

    assert model.variant == ""
    assert says in model.refused_variant
    with pytest.raises(FacewireError, match=says):
        load_model(root, variant="vertex-free")


def test_an_honest_vertex_free_variant_runs_and_is_remembered(rewritten: Path, cache: Path) -> None:
    model = load_model(rewritten)
    assert (model.variant, model.refused_variant) == ("vertex-free", "")
    assert len(list(cache.iterdir())) == 1


def _answers_alike(one: Model, other: Model) -> bool:
    feeds: Mapping[str, NDArray[Any]] = one.family.feeds(np.zeros(8_320, np.float32))
    return np.array_equal(one.backend.run(feeds), other.backend.run(feeds))
