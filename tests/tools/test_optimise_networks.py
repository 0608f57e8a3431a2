"""Rewrites of a network: the same answers, and untouched what does not have the shape."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from facewire.inference.backend import OrtBackend
from facewire.tools.optimising.network import Network
from facewire.tools.optimising.report import difference, probes
from facewire.tools.optimising.rewriting import in_bytes, rewritten
from facewire.tools.synth.graph import Graph, Port
from facewire.tools.synth.layers import convolution, gelu, group_norm, linear
from facewire.tools.synth.listening import speech_16k
from facewire.tools.synth.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Feeds = dict[str, NDArray[np.float32]]

EVERY = ("crop-positions", "block-lags", "fold-norm", "matrix-form", "join-linears")
SAMPLES = 8_320


@lru_cache(maxsize=1)
def speech() -> NDArray[np.float32]:
    return speech_16k()


def doubled(feeds: Feeds) -> Feeds:
    return {name: np.repeat(each, 2, axis=0) for name, each in feeds.items()}


def regression_feeds() -> list[Feeds]:
    random = np.random.default_rng(3)
    moods = [0.1 * random.standard_normal((1, 1, 26)).astype(np.float32) for _ in range(3)]
    windows = probes(speech(), SAMPLES, 4)
    return [
        {"input": window[None, None], "emotion": moods[at % 3]} for at, window in enumerate(windows)
    ]


def emotion_feeds() -> list[Feeds]:
    return [
        {"input_values": window[None]}
        for samples in (5_000, 9_999)
        for window in probes(speech(), samples, 1)[:2]
    ]


def written(make: Callable[..., Any], source: Path, out: Path, runs: list[Feeds]) -> dict[str, int]:
    network, patterns = make(source, runs)
    network.save(out)
    onnx.checker.check_model(str(out))
    return {pattern.name: pattern.found for pattern in patterns}


@pytest.mark.parametrize("actor", ["mark", "claire"])
def test_a_rewritten_regression_network_answers_as_before(
    synthetic_bundles: Path, tmp_path: Path, actor: str
) -> None:
    source, out, feeds = synthetic_bundles / actor / "network.onnx", tmp_path / "x.onnx", []
    feeds = regression_feeds()
    found = written(rewritten, source, out, [feeds[0], doubled(feeds[0])])
    assert found == dict(zip(EVERY, (1, 1, 1, 6, 1), strict=True))
    before, after = (
        [OrtBackend(path, output="result").run(each) for each in feeds] for path in (source, out)
    )
    assert difference(before, after).max_rel < 4e-6  # the original itself rounds by 1.1e-6


def test_a_rewritten_network_gives_a_batch_what_its_windows_get_alone(
    synthetic_bundles: Path, tmp_path: Path
) -> None:
    source, out = synthetic_bundles / "mark" / "network.onnx", tmp_path / "x.onnx"
    feeds = regression_feeds()
    for make in (rewritten, in_bytes):
        written(make, source, out, [feeds[0], doubled(feeds[0])])
        backend = OrtBackend(out, output="result")
        batch = {name: np.concatenate([each[name] for each in feeds[:3]]) for name in feeds[0]}
        alone = np.concatenate([backend.run(each) for each in feeds[:3]])
        assert np.allclose(backend.run(batch), alone, rtol=0, atol=2e-3)


def test_a_rewritten_emotion_network_answers_as_before_at_any_length(
    synthetic_bundles: Path, tmp_path: Path
) -> None:
    source, out = synthetic_bundles / "a2e" / "network.onnx", tmp_path / "x.onnx"
    feeds = emotion_feeds()
    found = written(rewritten, source, out, [feeds[0], doubled(feeds[-1])])
    assert found == dict(zip(EVERY, (0, 0, 1, 6, 0), strict=True))
    before, after = ([OrtBackend(path).run(each) for each in feeds] for path in (source, out))
    assert np.isnan(before[1]).all()  # silence
    assert difference(before, after).max_rel < 4e-6


def test_eight_bit_answers_are_near_and_say_what_was_rewritten(
    synthetic_bundles: Path, tmp_path: Path
) -> None:
    source, out = synthetic_bundles / "mark" / "network.onnx", tmp_path / "x.onnx"
    feeds = regression_feeds()
    found = written(in_bytes, source, out, [feeds[0], doubled(feeds[0])])
    assert found["int8-convolutions"] == 6
    assert found["int8-positions"] == 1
    before, after = (
        [OrtBackend(path, output="result").run(each) for each in feeds] for path in (source, out)
    )
    assert 1e-4 < difference(before, after).relative_l2 < 0.1


class Chain:
    """A small speech encoder of one's own making."""

    def __init__(self, tmp_path: Path, *, norm: bool = True, taps: int = 3) -> None:
        graph = Graph(Weights(1), folded=True)
        value = convolution(graph, "input", "a", (6, 1, 10), strides=[5], bias=not norm)
        if norm:
            value = group_norm(graph, value, "norm", 6)
        value = gelu(graph, value)
        value = gelu(graph, convolution(graph, value, "b", (5, 6, taps), strides=[2]))
        value = gelu(graph, convolution(graph, value, "c", (4, 5, 2), strides=[2], bias=False))
        graph.rename(graph.transpose(value, 0, 2, 1), "output")
        ports = [Port("input", ("batch", 1, "samples"))], [Port("output", ("batch", "steps", 4))]
        self.path = tmp_path / "chain.onnx"
        self.path.write_bytes(graph.file(*ports, name="chain", note=""))
        self.out = tmp_path / "rewritten.onnx"

    def answers(self, path: Path, feeds: list[Feeds]) -> list[NDArray[np.float32]]:
        backend = OrtBackend(path)
        return [backend.run(each) for each in feeds]

    def truth(self, feeds: list[Feeds]) -> list[NDArray[np.float32]]:
        model = onnx.load(str(self.path))
        for tensor in model.graph.initializer:
            if tensor.data_type == TensorProto.FLOAT:
                wide = numpy_helper.to_array(tensor).astype(np.float64)
                tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
        for port in (*model.graph.input, *model.graph.output):
            port.type.tensor_type.elem_type = TensorProto.DOUBLE
        run: Any = ReferenceEvaluator(model)
        wide_feeds = [{"input": each["input"].astype(np.float64)} for each in feeds]
        return [np.asarray(run.run(None, each)[0]) for each in wide_feeds]


def sounds(*lengths: int) -> list[Feeds]:
    clip = speech()[20_000:]
    return [{"input": clip[None, None, :length]} for length in lengths]


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("taps", [2, 3, 4])
@pytest.mark.parametrize("length", [2_000, 2_003, 2_044])
def test_convolutions_over_any_number_of_steps_become_products(
    tmp_path: Path, *, length: int, taps: int, norm: bool
) -> None:
    chain, feeds = Chain(tmp_path, norm=norm, taps=taps), sounds(length)
    found = written(rewritten, chain.path, chain.out, [feeds[0], doubled(feeds[0])])
    assert (found["fold-norm"], found["matrix-form"]) == (int(norm), 2)
    before, after = (chain.answers(path, feeds) for path in (chain.path, chain.out))
    assert difference(before, after).max_rel < 2e-6


def test_sound_of_a_length_that_is_free_is_taken_apart_step_by_step(tmp_path: Path) -> None:
    chain, feeds = Chain(tmp_path), sounds(2_000, 3_001, 777)
    written(rewritten, chain.path, chain.out, [feeds[0], doubled(feeds[1])])
    before, after = (chain.answers(path, feeds) for path in (chain.path, chain.out))
    assert difference(before, after).max_rel < 2e-6


def test_a_constant_voltage_does_not_become_noise(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    still = [{"input": np.full((1, 1, 2_000), 0.5, np.float32)}]
    quiet = [{"input": sounds(2_000)[0]["input"] * np.float32(1e-3) + np.float32(0.5)}]
    written(rewritten, chain.path, chain.out, [still[0], doubled(still[0])])
    for feeds in (still, quiet):
        truth = chain.truth(feeds)
        found = difference(truth, chain.answers(chain.out, feeds)).max_rel
        original = difference(truth, chain.answers(chain.path, feeds)).max_rel
        assert found < 2e-6
        assert found < original


def test_a_quiet_moment_beside_a_loud_one_keeps_its_digits_in_eight_bits(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    sound = sounds(4_000)[0]["input"].copy()
    sound[..., 2_000:] *= np.float32(0.01)
    feeds = [{"input": sound}]
    written(in_bytes, chain.path, chain.out, [feeds[0], doubled(feeds[0])])
    before, after = (chain.answers(path, feeds)[0] for path in (chain.path, chain.out))
    late = slice(before.shape[1] // 2 + 4, None)
    error = np.linalg.norm(after[:, late] - before[:, late])
    assert error < 0.03 * np.linalg.norm(before[:, late])


def linears(tmp_path: Path, between: str = "", *, twice: bool = False) -> Path:
    graph = Graph(Weights(2), folded=True)
    middle = linear(graph, "input", "one", (6, 5))
    if between:
        middle = graph.node(between, middle)
    value = linear(graph, middle, "two", (5, 4))
    if twice:
        value = graph.node("Concat", value, middle, axis=1)
    graph.rename(value, "output")
    ports = [Port("input", ("batch", 6))], [Port("output", ("batch", "n"))]
    path = tmp_path / "linears.onnx"
    path.write_bytes(graph.file(*ports, name="linears", note=""))
    return path


def test_two_linear_layers_become_one_only_if_nothing_is_between(tmp_path: Path) -> None:
    feeds: Feeds = {"input": np.random.default_rng(0).standard_normal((1, 6)).astype(np.float32)}
    out, runs = tmp_path / "out.onnx", [feeds, doubled(feeds)]
    path = linears(tmp_path)
    assert written(rewritten, path, out, runs)["join-linears"] == 1
    assert np.allclose(OrtBackend(path).run(feeds), OrtBackend(out).run(feeds), atol=1e-6)
    assert sum(node.op_type == "MatMul" for node in Network.read(out).nodes) == 1
    for other in (linears(tmp_path, "Relu"), linears(tmp_path, twice=True)):
        found = written(rewritten, other, out, runs)
        assert found == dict.fromkeys(EVERY, 0)
        assert np.array_equal(OrtBackend(other).run(feeds), OrtBackend(out).run(feeds))


@pytest.mark.parametrize("wrong", ["", "order", "length", "axis"])
def test_lags_are_made_at_once_only_if_they_are_autocorrelations(
    tmp_path: Path, wrong: str
) -> None:
    graph = Graph(Weights(2), folded=True)
    lags = []
    for lag in (0, 1, 3, 2, 4) if wrong == "order" else range(5):
        end = 39 - lag if wrong == "length" and lag == 3 else 40 - lag
        late = graph.slice("input", lag, lag + end, 2)
        product = graph.node("Mul", graph.slice("input", 0, end, 2), late)
        lags.append(graph.node("ReduceSum", product, graph.ints(-1), keepdims=1))
    graph.rename(graph.node("Concat", *lags, axis=1 if wrong == "axis" else 2), "output")
    ports = [Port("input", ("batch", 7, 40))], [Port("output", ("batch", "a", "b"))]
    path, out = tmp_path / "lags.onnx", tmp_path / "out.onnx"
    path.write_bytes(graph.file(*ports, name="lags", note=""))
    sound = np.random.default_rng(0).standard_normal((1, 7, 40)).astype(np.float32)
    feeds: Feeds = {"input": sound}
    found = written(rewritten, path, out, [feeds, doubled(feeds)])
    assert found["block-lags"] == (0 if wrong else 1)
    assert np.allclose(OrtBackend(path).run(feeds), OrtBackend(out).run(feeds), atol=2e-5)


@pytest.mark.parametrize(("steps", "taps"), [(5, "9 of 16"), (12, ""), (8, "15 of 16")])
def test_taps_that_meet_only_padding_are_dropped(tmp_path: Path, steps: int, taps: str) -> None:
    random = np.random.default_rng(0)
    weight = numpy_helper.from_array(random.standard_normal((4, 2, 16)).astype(np.float32), "w")
    nodes = [
        helper.make_node("Conv", ["input", "w"], ["c"], pads=[8, 8], group=2, kernel_shape=[16]),
        helper.make_node("Slice", ["c", "from", "to", "axis"], ["output"]),
    ]
    ends = [
        numpy_helper.from_array(np.array([value], np.int64), name)
        for name, value in (("from", 0), ("to", -1), ("axis", 2))
    ]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4, steps])
        for name in ("input", "output")
    ]
    graph = helper.make_graph(nodes, "places", ports[:1], ports[1:], [weight, *ends])
    path, out = tmp_path / "places.onnx", tmp_path / "out.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=7),
        str(path),
    )
    feeds: Feeds = {"input": random.standard_normal((1, 4, steps)).astype(np.float32)}
    network, patterns = rewritten(path, [feeds, doubled(feeds)])
    network.save(out)
    crop = patterns[0]
    assert (crop.name, crop.found) == ("crop-positions", int(bool(taps)))
    assert taps in crop.text
    assert np.allclose(OrtBackend(path).run(feeds), OrtBackend(out).run(feeds), atol=1e-5)


def test_nan_against_a_number_is_no_small_difference() -> None:
    numbers, spoilt = np.ones(3, np.float32), np.array([1, np.nan, 1], np.float32)
    assert difference([spoilt], [spoilt]).max_abs == 0
    assert difference([numbers], [spoilt]).max_abs > 1e30
    assert difference([spoilt], [numbers]).max_abs > 1e30
