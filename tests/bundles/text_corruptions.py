"""What can be wrong with a bundle's JSON files and with the paths in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.bundles.corruptions import DATA, Corruption, in_bytes, in_json, in_path, in_text

if TYPE_CHECKING:
    from pathlib import Path

MODEL, INFO, CONFIG = "model.json", "network_info.json", "model_config.json"
DATA_PATH = f"{MODEL}:modelDataPath"
SOLVER = "bs_skin_config.json:blendshape_params"
LOGITS = f"{CONFIG}:post_processing_config"
ENDLESS = "endless number"


def _halve(folder: Path) -> None:
    content = (folder / MODEL).read_bytes()
    (folder / MODEL).write_bytes(content[: len(content) // 2])


def _link_outside(folder: Path) -> None:
    target = folder.parent / "elsewhere.npz"
    (folder / DATA).rename(target)
    (folder / DATA).symlink_to(target)


def _pipe(folder: Path) -> None:
    (folder / DATA).unlink()
    os.mkfifo(folder / DATA)


def _circle(folder: Path) -> None:
    (folder / DATA).unlink()
    (folder / DATA).symlink_to(DATA)


def _at_data(what: str, says: str, spoil: object) -> Corruption:
    assert callable(spoil)
    return Corruption(what, MODEL, "modelDataPath", says, spoil)


TEXT_CORRUPTIONS = [
    Corruption("no model.json", MODEL, "", "has no", lambda f: (f / MODEL).unlink()),
    Corruption("model.json cut off", MODEL, "", "is not JSON", _halve),
    in_bytes("model.json empty", MODEL, b"", "is not JSON"),
    in_bytes("model.json a list", MODEL, b"[]", "expected an object"),
    in_bytes("model.json not UTF-8", MODEL, b'{"a": "\xff"}', "UTF-8"),
    in_bytes("model.json endless", MODEL, b" " * (2 << 20), "longer than"),
    in_bytes("model.json a tower", MODEL, b"[" * 200_000, "nested"),
    in_text("a key twice", f"{MODEL}:networkPath", "{", '{"networkPath": "a",', "twice"),
    in_json("a key missing", DATA_PATH, "is missing"),
    in_json("a path of another type", DATA_PATH, "expected a text", value=7),
    _at_data("a file missing", f"{DATA!r}, which is missing", lambda f: (f / DATA).unlink()),
    in_path("a path upwards", "../x.npz", "outside the bundle"),
    in_path("an absolute path", "/etc/x.npz", "outside the bundle"),
    _at_data("a link outside", "outside the bundle", _link_outside),
    _at_data("a link in a circle", "cannot be read", _circle),
    _at_data("a pipe", "no plain file", _pipe),
    in_path("a NUL in a path", "a\0.npz", "control characters"),
    in_path("an endless path", "x" * 9000 + ".npz", "cannot be read"),
    in_path("another kind of file", "model.pickle", "ends in .npz"),
    in_json("half of the poses", f"{MODEL}:blendshapePaths.skin.data", "is missing"),
    in_json(
        "too few faces' files",
        f"{MODEL}:modelDataPaths",
        "has 1 entries; expected 2",
        value=["model_data_Claire.npz"],
        family="diffusion",
    ),
    in_json(
        "too many faces' poses",
        f"{MODEL}:blendshapePaths",
        "has 3 entries; expected 2",
        value=[{}, {}, {}],
        family="diffusion",
    ),
    in_json("an unknown family", f"{INFO}:id.type", "or 'diffusion'", value="telepathy"),
    in_json("another output", f"{INFO}:id.output", "expected 'geometry'", value="joints"),
    in_json(
        "another sample rate", f"{INFO}:audio_params.samplerate", "expected 16000", value=44100
    ),
    in_json("a short default", f"{INFO}:params.default_emotion", "expected 10", value=[0.0]),
    in_json("an emotion twice", f"{INFO}:params.explicit_emotions", "twice", value=["joy"] * 2),
    in_json(
        "a face twice", f"{INFO}:params.identities", "twice", value=["M"] * 2, family="diffusion"
    ),
    in_json("a billion vertices", f"{INFO}:params.num_verts_skin", "from 1 to", value=10**9),
    in_text("a number of 5000 digits", INFO, "64", "9" * 5000, ENDLESS),
    in_text("NaN in JSON", INFO, "0.0", "NaN", "holds NaN"),
    in_json(
        "half a vertex",
        f"{INFO}:params.skin_size",
        "multiple of 3",
        value=37,
        family="diffusion",
    ),
    in_json("no emotions", f"{INFO}:emotions", "is empty", value=[], family="emotion"),
    in_json("a parameter missing", f"{CONFIG}:config.skin_strength", "is missing"),
    in_json(
        "a parameter as text", f"{CONFIG}:config.skin_strength", "expected a number", value="1"
    ),
    in_json(
        "a parameter past float32", f"{CONFIG}:config.skin_strength", "fits float32", value=1e39
    ),
    in_json("settings of other poses", f"{SOLVER}.numPoses", "is 2; expected 3", value=2),
    in_json("a short list of settings", f"{SOLVER}.bsWeightOffsets", "expected 3", value=[0.0]),
    in_json("a pair of half an id", f"{SOLVER}.bsSolveCancelPoses.1", "is 0.5", value=0.5),
    in_json(
        "an emotion without a target",
        f"{LOGITS}.emotion_correspondence.sad",
        "is missing",
        family="emotion",
    ),
    in_json(
        "a target past the last",
        f"{LOGITS}.emotion_correspondence.sad",
        "from -1 to 9",
        value=10,
        family="emotion",
    ),
    in_json(
        "a short preferred emotion",
        f"{LOGITS}.preferred_emotion",
        "expected 10",
        value=[],
        family="emotion",
    ),
]
