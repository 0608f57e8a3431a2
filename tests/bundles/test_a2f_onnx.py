"""What an ONNX file says of itself, against onnxruntime; and the contract of each family."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.bundles import a2f_kit as kit
from tests.bundles import onnx_kit

from facewire.bundles import data_folder
from facewire.bundles.detect import read_bundle
from facewire.bundles.folder import BundleFolder
from facewire.bundles.onnx_contract import check_contract, check_external_data
from facewire.bundles.onnx_file import ports_of_file, ports_of_session
from facewire.inference.ort import load_onnxruntime
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def _session(path: Path) -> Any:
    return load_onnxruntime().InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("family", kit.FAMILIES)
def test_a_file_says_the_same_ports_as_onnxruntime(tmp_path: Path, family: str) -> None:
    bundle = read_bundle(kit.FAMILIES[family](tmp_path))

    said = ports_of_file(bundle.network, "network.onnx")
    loaded = ports_of_session(_session(bundle.network))

    assert dict(said.inputs) == dict(loaded.inputs)
    assert dict(said.outputs) == dict(loaded.outputs)
    check_contract(loaded, bundle.info, "network.onnx")


def test_a_network_of_a_real_exporter_says_the_same_ports_as_onnxruntime() -> None:
    path = data_folder("models") / "embedded" / "network.onnx"

    said, loaded = ports_of_file(path, path.name), ports_of_session(_session(path))

    assert (said.inputs, said.outputs) == (loaded.inputs, loaded.outputs)
    assert not said.external


def test_the_kit_s_networks_run(tmp_path: Path) -> None:
    session = _session(kit.regression(tmp_path) / "network.onnx")
    feeds = {
        "input": np.ones((2, 1, kit.WINDOW), np.float32),
        "emotion": np.zeros((2, 1, 26), np.float32),
    }

    (result,) = session.run(["result"], feeds)

    assert result.shape == (2, 1, kit.SHAPES + kit.TONGUE_SHAPES + 19)
    assert result[0, 0, -1] == 1.0


def test_a_network_of_two_gigabytes_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    before, after = onnx_kit.weight_of(2 << 30)
    with path.open("wb") as stream:  # a hole: no disk is taken
        stream.write(before)
        stream.seek(2 << 30, 1)
        stream.write(after)
    started = time.process_time()

    ports = ports_of_file(path, path.name)

    assert time.process_time() - started < 1.0
    assert set(ports.inputs) == {"input", "emotion"}


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_external_data_in_a_node_of_a_graph_within_is_found(tmp_path: Path, depth: int) -> None:
    network = onnx_kit.emotion(6)
    hidden = onnx_kit.hidden_tensor(onnx_kit.External("../../x"), depth)
    path = tmp_path / "network.onnx"
    path.write_bytes(
        onnx_kit.Network(
            network.inputs, network.outputs, network.nodes, network.weights, more=hidden
        ).write()
    )

    ports = ports_of_file(path, path.name)

    assert [each.location for each in ports.external] == ["../../x"]
    with pytest.raises(BundleError, match="outside the bundle"):
        check_external_data(ports, BundleFolder.at(tmp_path), path.name)


def test_graphs_nested_past_any_network_are_refused(tmp_path: Path) -> None:
    network = onnx_kit.emotion(6)
    hidden = onnx_kit.hidden_tensor(onnx_kit.External("../../x"), 40)
    path = tmp_path / "network.onnx"
    path.write_bytes(
        onnx_kit.Network(
            network.inputs, network.outputs, network.nodes, network.weights, more=hidden
        ).write()
    )

    with pytest.raises(BundleError, match="nested"):
        ports_of_file(path, path.name)


def test_external_data_inside_the_folder_is_fine_and_loads(tmp_path: Path) -> None:
    plain = onnx_kit.emotion(4)
    weights = np.arange(4, dtype=np.float32)
    network = onnx_kit.Network(
        plain.inputs, plain.outputs, plain.nodes, {"row": onnx_kit.External("row.bin", offset=8)}
    )
    (tmp_path / "network.onnx").write_bytes(network.write())
    (tmp_path / "row.bin").write_bytes(bytes(8) + weights.tobytes())

    ports = ports_of_file(tmp_path / "network.onnx", "network.onnx")

    check_external_data(ports, BundleFolder.at(tmp_path), "network.onnx")
    window = np.ones((1, 5), np.float32)
    (result,) = _session(tmp_path / "network.onnx").run(None, {"input_values": window})
    assert np.array_equal(result[0], weights)


def test_a_user_s_word_for_paths_outside_does_not_hold_for_weights(tmp_path: Path) -> None:
    """Onnxruntime refuses them whoever vouches; better to say so first."""
    folder = kit.regression(tmp_path / "bundle")
    network = onnx_kit.regression(kit.WINDOW, 26, 24)
    outside = onnx_kit.External("../weights.bin")
    (tmp_path / "weights.bin").write_bytes(bytes(16))
    (folder / "network.onnx").write_bytes(
        onnx_kit.Network(
            network.inputs, network.outputs, network.nodes, {**network.weights, "w": outside}
        ).write()
    )

    with pytest.raises(BundleError, match="outside the bundle"):
        read_bundle(folder, allow_outside=True)
