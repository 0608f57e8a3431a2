"""`facewire bench diffusion`: the network as exported beside itself rewritten; no timings."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from facewire.tools.benching.vertex_free import measure_vertex_free, vertex_free_text

if TYPE_CHECKING:
    from pathlib import Path


def test_both_networks_are_measured_in_turns_and_compared(synthetic_bundles: Path) -> None:
    answer = measure_vertex_free(synthetic_bundles / "v3", 2)

    assert answer["refused"] == ""
    for which in ("original", "variant"):
        for kind in ("cpu_ms", "wall_ms"):
            assert answer[which][kind]["least"] > 0
            assert answer[which][kind]["count"] == 3 * 7 - 1  # 2 of speech, 5 of none; 1 warms up
    assert 0 < answer["difference"]["max_rel"] < answer["difference"]["limit"]
    assert set(answer["difference"]["parts"]) == {"skin", "tongue", "jaw", "eyes", "memory"}
    assert answer["file_mb"]["variant"] < answer["file_mb"]["original"]
    assert "times as fast" in vertex_free_text(answer)


def test_a_network_that_cannot_be_rewritten_is_said_to_be_so(
    synthetic_bundles: Path, tmp_path: Path
) -> None:
    import onnx

    folder = tmp_path / "v3"
    shutil.copytree(synthetic_bundles / "v3", folder)
    model = onnx.load(folder / "network.onnx")
    last = next(node for node in model.graph.node if "prediction" in node.output)
    last.op_type = "Sin"
    onnx.save(model, folder / "network.onnx")

    answer = measure_vertex_free(folder, 2)

    assert "cannot be made vertex-free: Sin" in answer["refused"]
    assert vertex_free_text(answer) == f"vertex-free: {answer['refused']}"
