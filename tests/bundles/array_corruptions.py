"""What can be wrong with a bundle's arrays and with its network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.bundles import a2f_kit as kit
from tests.bundles import onnx_kit
from tests.bundles import spoilt_archives as spoil
from tests.bundles.corruptions import (
    DATA,
    Corruption,
    in_archive,
    in_array,
    in_bytes,
    in_network,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NETWORK = "network.onnx"
JAW, BASIS = "neutral_jaw", "shapes_matrix_skin"
AT_JAW, AT_BASIS = f"{DATA}:{JAW}", f"{DATA}:{BASIS}"
SKIN, EMO = "bs_skin.npz", "implicit_emo_db.npz"
NAMES = f"{SKIN}:poseNames"
REGRESSION = onnx_kit.regression(kit.WINDOW, 26, kit.SHAPES + kit.TONGUE_SHAPES + 19)
LYING = "as many bytes as its header says"


def _zeros(*shape: int, dtype: Any = np.float32) -> NDArray[Any]:
    return np.zeros(shape, dtype)


def _with(value: float, at: tuple[int, ...], shape: tuple[int, ...]) -> NDArray[np.float32]:
    values = np.zeros(shape, np.float32)
    values[at] = value
    return values


def _ports(
    inputs: dict[str, onnx_kit.Shape] | None = None,
    outputs: dict[str, onnx_kit.Shape] | None = None,
    element: int = onnx_kit.FLOAT32,
) -> onnx_kit.Network:
    return onnx_kit.Network(
        {**REGRESSION.inputs, **(inputs or {})},
        {**REGRESSION.outputs, **(outputs or {})},
        REGRESSION.nodes,
        REGRESSION.weights,
        element,
    )


def _external(what: str, location: str, says: str) -> Corruption:
    weights = {**REGRESSION.weights, "outside": onnx_kit.External(location)}
    network = onnx_kit.Network(REGRESSION.inputs, REGRESSION.outputs, REGRESSION.nodes, weights)

    def change(folder: Path) -> None:
        (folder / NETWORK).write_bytes(network.write())
        (folder.parent / "secret.bin").write_bytes(bytes(64))
        (folder / "short.bin").write_bytes(bytes(8))

    return Corruption(what, NETWORK, "outside", says, change)


def _behead(path: Path) -> None:
    path.write_bytes(path.read_bytes()[500:])


NETWORK_CORRUPTIONS = [
    Corruption(
        "no network",
        "model.json",
        "networkPath",
        "'network.onnx', which is missing",
        lambda f: (f / NETWORK).unlink(),
    ),
    Corruption("a network cut off", NETWORK, "", "cut off", lambda f: spoil.cut(f / NETWORK)),
    in_bytes("an empty network", NETWORK, b"", "no inputs"),
    in_bytes("a page for a network", NETWORK, b"<!DOCTYPE html>", "no ONNX file"),
    Corruption(
        "a pointer for a network",
        "model.json",
        "networkPath",
        "pointer of Git LFS",
        lambda f: (f / NETWORK).write_text("version https://git-lfs.github.com/spec/v1"),
    ),
    in_network(
        "another window",
        _ports({"input": ("batch", 1, 65)}),
        "input",
        "expected [batch, 1, 64]",
    ),
    in_network(
        "another rank",
        _ports(outputs={"result": ("batch", 24)}),
        "result",
        "expected [batch, 1, 24]",
    ),
    in_network(
        "another result",
        _ports(outputs={"result": ("batch", 1, 25)}),
        "result",
        "expected [batch, 1, 24]",
    ),
    in_network("a fixed batch", _ports({"input": (1, 1, 64)}), "input", "the shape [1, 1, 64]"),
    in_network("a surplus input", _ports({"mood": ("batch", 1)}), "mood", "nobody feeds"),
    in_network("half precision", _ports(element=onnx_kit.FLOAT16), "input", "is float16"),
    in_network("other names", onnx_kit.emotion(26), "input", "its inputs are input_values"),
    in_network(
        "a window of fixed length",
        onnx_kit.Network({"input_values": ("batch", 30000)}, {"output": ("batch", 6)}, (), {}),
        "input_values",
        "[batch, samples]",
        "emotion",
    ),
    in_network("seven logits", onnx_kit.emotion(7), "output", "[batch, 6]", "emotion"),
    _external("weights outside", "../secret.bin", "outside the bundle"),
    _external("weights at an absolute path", "/etc/hostname", "outside the bundle"),
    _external("weights in no file", "weights.bin", "which is missing"),
    _external("weights past the end", "short.bin", "up to byte 16"),
]

ARRAY_CORRUPTIONS = [
    in_bytes("a pickle for an archive", DATA, b"\x80\x04K\x01.", "no NPZ archive"),
    in_archive("an archive cut off", "", "no NPZ archive", spoil.cut),
    in_archive("an archive without its start", BASIS, "cannot be read", _behead),
    in_array("an array missing", AT_JAW, None, "is missing"),
    in_array("another shape", AT_JAW, _zeros(3, 5), "[3, 5]; expected the shape [5, 3]"),
    in_array("an array of one axis", AT_JAW, _zeros(15), "has the shape [15]"),
    in_array("a longer basis", AT_BASIS, _zeros(4, kit.V, 3), "expected the shape [3, 12, 3]"),
    in_array("whole numbers", AT_JAW, _zeros(5, 3, dtype=np.int32), "holds int32"),
    in_array("Python objects", AT_JAW, np.full((5, 3), {}, dtype=object), "'|O'"),
    in_array("records", AT_JAW, _zeros(5, dtype=[("x", "f4", 3)]), "numbers or texts"),
    in_array("NaN", AT_JAW, _with(np.nan, (2, 1), (5, 3)), "holds nan at [2, 1]"),
    in_array(
        "infinity", AT_BASIS, _with(-np.inf, (1, 7, 2), (3, kit.V, 3)), "holds -inf at [1, 7, 2]"
    ),
    in_array("more than float32", AT_JAW, np.full((5, 3), 1e300), "holds inf at [0, 0]"),
    in_array("no saccades", f"{DATA}:saccade_rot_matrix", _zeros(0, 2), "is empty"),
    in_archive("a header of more rows", JAW, LYING, spoil.claim_shape, JAW, "(5, 3)"),
    in_archive("a header of 2**40 rows", JAW, LYING, spoil.claim_shape, JAW, f"({2**40}, 3)"),
    in_archive("negative rows", JAW, "not negative", spoil.claim_shape, JAW, "(-5, -3)"),
    in_archive("a header that is code", JAW, "header", spoil.claim_shape, JAW, "exec('')"),
    in_archive("a header of brackets", JAW, "header", spoil.claim_shape, JAW, "(" * 3000),
    in_archive("an array twice", JAW, "twice", spoil.duplicate, JAW),
    in_archive("an encrypted array", BASIS, "encrypted", spoil.encrypt),
    in_archive("a bomb that says so", "", "unpacks to", spoil.claim_unpacked, 3 << 30),
    in_archive("a bomb that does not", JAW, "cannot be read", spoil.hidden_bomb, JAW),
    in_archive("a directory that lies", BASIS, "has 5000", spoil.claim_unpacked, 5000),
    in_archive("overlapping arrays", "", "side by side", spoil.claim_packed, 1 << 30),
    in_archive("60000 arrays", "", "larger than any bundle", spoil.claim_entries, 60_000),
    in_archive("a flipped bit", BASIS, "cannot be read", spoil.flip_value, BASIS),
    in_array(
        "implicit vectors of other length", f"{EMO}:emo_db", _zeros(9, 12), "the shape [any, 16]"
    ),
    in_array("a shot past the rows", f"{EMO}:emo_spec_start", np.array([0, 8]), "rows 8 to 12"),
    in_array("a shot twice", f"{EMO}:emo_spec_names", np.array([b"a", b"a"]), "twice"),
    Corruption(
        "an unknown shot",
        EMO,
        "emo_spec_names",
        "out of range",
        lambda f: kit.edit_json(f / "model_config.json", "config", "source_shot", value="p3"),
    ),
    Corruption(
        "a frame past the shot",
        EMO,
        "emo_spec_size",
        "out of bounds",
        lambda f: kit.edit_json(f / "model_config.json", "config", "source_frame", value=5),
    ),
    in_array("neutral not first", NAMES, np.array([b"jawOpen", b"neutral"]), "as the first name"),
    in_array("no names", NAMES, None, "is missing"),
    in_array("only the neutral", NAMES, np.array([b"neutral"]), "one pose at least"),
    in_array("names that are not UTF-8", NAMES, np.array([b"neutral", b"\xff"]), "UTF-8"),
    in_array("a name twice", NAMES, np.array([b"neutral", b"jawOpen", b"jawOpen"]), "twice"),
    in_array("names as numbers", NAMES, np.arange(4), "expected texts"),
    in_array("a named pose missing", f"{SKIN}:mouthClose", None, "is missing"),
    in_array("a pose of other size", f"{SKIN}:jawOpen", _zeros(11, 3), "the shape [12, 3]"),
    in_array("a pose with NaN", f"{SKIN}:jawOpen", np.full((12, 3), np.nan), "holds nan"),
    in_array("a neutral of another head", f"{SKIN}:neutral", _zeros(13, 3), "the shape [12, 3]"),
    in_array("a mask past the vertices", f"{SKIN}:frontalMask", np.array([0, 12]), "holds 12"),
    in_array("an empty mask", f"{SKIN}:frontalMask", _zeros(0, dtype=np.int32), "is empty"),
    in_array("two rig versions", f"{SKIN}:rig_version", np.array([b"a", b"b"]), "holds 2 texts"),
]
