"""`facewire models` keeps what a person adds: list, show, verify, add, rm, synth, and its use."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.tools.models_kit import Shop

from facewire.bundles import data_folder
from facewire.bundles.catalogue import read_published
from facewire.bundles.installed import write_installed
from facewire.bundles.naming import located, plain_name
from facewire.bundles.user_models import emotions_for, find_user_model, user_models
from facewire.inference.loading import load_model
from facewire.protocol.errors import BundleError
from facewire.tools.animate_emotion import emotion_source
from facewire.tools.models.holding import held
from facewire.tools.models.keeping import default_name

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(tmp_path)
    monkeypatch.setenv("FACEWIRE_MODELS", str(shop.models))
    return shop


@pytest.fixture
def bundle(tmp_path: Path, synthetic_bundles: Path) -> Callable[[str], Path]:
    def copied(name: str) -> Path:
        return shutil.copytree(synthetic_bundles / name, tmp_path / "own" / name)

    return copied


def add(shop: Shop, folder: Path, name: str, *more: str) -> None:
    shop.told("add", str(folder), "--name", name, *more)


# Looking


def test_list_names_what_is_here_what_can_be_fetched_and_the_folder(shop: Shop) -> None:
    told = shop.told("list")

    rows = {row["name"]: row for row in told["models"]}
    assert told["folder"] == str(shop.models)
    assert rows["embedded"]["state"] == "shipped"
    assert rows["audio2face-3d-v3.0"]["state"] == "published"
    assert rows["audio2face-3d-v3.0"]["bytes"] > 700_000_000
    assert "NVIDIA" in rows["audio2emotion-v2.2"]["licence"]
    assert not shop.models.exists()
    assert str(shop.models) in shop.run("models", "list").stderr


def test_the_usual_folder_is_the_systems_own(shop: Shop, tmp_path: Path) -> None:
    told = shop.told("list", FACEWIRE_MODELS="", XDG_DATA_HOME=str(tmp_path / "data"))

    if sys.platform == "linux":
        assert told["folder"] == str(tmp_path / "data" / "facewire" / "models")


def test_show_tells_family_faces_sizes_and_look_ahead(shop: Shop, synthetic_bundles: Path) -> None:
    mark = shop.told("show", str(synthetic_bundles / "mark"))
    v3 = shop.told("show", str(synthetic_bundles / "v3"))

    assert (mark["family"], mark["identities"]) == ("regression", ["mark"])
    assert mark["look_ahead_ms"] == 260.0
    assert mark["skin_vertices"] == 600
    assert {"path": "model.json", "bytes": 484} in mark["files"]
    assert (v3["family"], v3["identities"]) == ("diffusion", ["Claire", "James", "Mark"])
    assert v3["look_ahead_ms"] == pytest.approx(load_ahead_ms(synthetic_bundles / "v3"))


def load_ahead_ms(folder: Path) -> float:
    return load_model(folder).look_ahead_samples / 16


def test_show_knows_the_shipped_and_the_published_by_name(shop: Shop) -> None:
    own, published = shop.told("show", "embedded"), shop.told("show", "audio2emotion-v2.2")

    assert own["look_ahead_ms"] == load_model("embedded").look_ahead_samples / 16
    assert own["licence"]["name"] == "Apache-2.0"
    assert published["licence"]["text"].startswith("LICENSE in nvidia/Audio2Emotion-v2.2")
    assert published["licence"]["only_with"] == ["regression", "diffusion"]
    text = shop.run("models", "show", "audio2emotion-v2.2").stdout
    assert "only together with Audio2Face" in text


def test_an_unknown_name_says_which_there_are_or_how_to_fetch(shop: Shop) -> None:
    near = shop.told("show", "audio2face-3d-v3", code=5)["error"]
    assert near["hint"] == "Did you mean 'audio2face-3d-v3.0'?"
    published = shop.run("animate", __file__, "-o", "-", "--model", "audio2face-3d-v3.0")
    assert published.returncode == 5
    assert "facewire models pull audio2face-3d-v3.0" in published.stderr


def test_a_name_may_be_spelt_as_its_publisher_does(
    shop: Shop, bundle: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = "audio2face-3d-v3.0"
    add(shop, bundle("v3"), name)
    add(shop, bundle("a2e"), "hot", "--with", "NVIDIA/Audio2Face-3D-v3.0")

    for text in ("Audio2Face-3D-v3.0", "nvidia/Audio2Face-3D-v3.0", "AUDIO2FACE-3D-V3.0"):
        assert load_model(located(text)).name == name
        assert shop.told("show", text)["name"] == name
    assert load_model("Embedded@ORIGINAL").name == "embedded"
    assert emotion_source("nvidia/Audio2Face-3D-v3.0@original", "") == "hot"
    assert user_models()["hot"].paired_with == (name,)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nvidia" / "Audio2Face-3D-v3.0").mkdir(parents=True)
    assert located("nvidia/Audio2Face-3D-v3.0") == Path("nvidia/Audio2Face-3D-v3.0")
    assert shop.told("rm", "Audio2Face-3D-v3.0")["name"] == name


def test_every_published_repository_is_spelt_as_its_model() -> None:
    published = read_published(data_folder("models")).values()
    assert {model.name: plain_name(model.repo) for model in published} == {
        model.name: model.name for model in published
    }


def test_the_end_of_a_published_name_is_told_the_whole(shop: Shop) -> None:
    assert "audio2face-3d-v2.3.1-claire" in shop.told("show", "Claire", code=5)["error"]["hint"]


def test_list_shows_the_variants_that_are_there(shop: Shop, bundle: Callable[[str], Path]) -> None:
    folder = bundle("claire")
    add(shop, folder, "claire")
    (folder / "facewire").mkdir()
    (folder / "facewire" / "network.int8.json").write_text("{}")

    row = next(row for row in shop.told("list")["models"] if row["name"] == "claire")

    assert [(each["variant"], each["class"]) for each in row["variants"]] == [("int8", "turbo")]
    assert row["variants"][0]["problem"]
    assert "variants: int8 (refused, see " in shop.run("models", "list").stdout


# Adding


def test_a_folder_is_added_as_it_lies_and_named_at_last(
    shop: Shop, bundle: Callable[[str], Path]
) -> None:
    folder = bundle("mark")
    shop.told("add", str(folder / "model.json"))

    row = next(row for row in shop.told("list")["models"] if row["name"] == "mark")
    assert (row["state"], row["folder"]) == ("installed", str(folder))
    assert [path.name for path in shop.models.iterdir() if path.is_dir()] == []
    assert shop.told("show", "mark")["folder"] == str(folder)


def test_files_of_another_network_are_not_said_to_be_the_publishers(
    shop: Shop, bundle: Callable[[str], Path]
) -> None:
    add(shop, bundle("mark"), "mark")  # its small files are those of NVIDIA to the byte

    told = shop.told("show", "mark")

    assert told["resembles"] == "audio2face-3d-v2.3-mark"
    assert told["licence"]["name"] == ""


def test_a_name_can_be_animated_and_served(
    shop: Shop, bundle: Callable[[str], Path], tmp_path: Path
) -> None:
    from facewire.daemon.shelf import Shelf

    add(shop, bundle("mark"), "my-mark")
    sound = tmp_path / "clip.wav"
    write_tone(sound)

    done = shop.run(
        "animate", str(sound), "-o", str(tmp_path / "a.csv"), "--model", "my-mark", "--json"
    )

    assert json.loads(done.stdout)["frames"] == 30
    shelf = Shelf("my-mark", "cpu", lambda _job: None)
    assert shelf.load_default().name == "my-mark"
    assert shelf.models[0].family_name == "regression"
    found: list[object] = []
    shelf.request("my-mark", lambda model, _ms: found.append(model))
    assert found == shelf.models


def test_a_served_folder_is_found_whatever_its_capitals_unless_two_are_alike(
    bundle: Callable[[str], Path], tmp_path: Path
) -> None:
    from facewire.daemon.shelf import Shelf

    one = bundle("mark").rename(tmp_path / "Mine")
    two = shutil.copytree(one, tmp_path / "b" / "MINE")
    found: list[object] = []
    for others in ([], [str(two)]):
        shelf = Shelf(str(one), "cpu", lambda _job: None)
        shelf.load_default(others)
        for name in ("mine", "Mine"):
            shelf.request(name, lambda model, _ms: found.append(model))

    assert [getattr(model, "name", None) for model in found] == ["Mine", "Mine", None, "Mine"]
    assert isinstance(found[2], BundleError)
    assert "Mine, MINE" in found[2].hint


def test_a_folders_variant_is_served_under_a_name_of_its_own(
    bundle: Callable[[str], Path],
) -> None:
    from facewire.daemon.shelf import Shelf

    shelf = Shelf(f"{bundle('mark')}@original", "cpu", lambda _job: None)

    assert shelf.load_default().name == "mark@original"


def write_tone(path: Path) -> None:
    import numpy as np
    import soundfile

    times = np.arange(8000) / 16_000
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * 200 * times), 16_000)


def test_a_copy_is_ours_and_leaves_with_its_name(shop: Shop, bundle: Callable[[str], Path]) -> None:
    folder = bundle("claire")
    (folder / "network.trt").write_bytes(b"an engine")
    add(shop, folder, "claire", "--copy")
    placed = shop.models / "claire"
    assert {path.name for path in placed.iterdir()} == {
        path.name for path in folder.iterdir() if path.name != "network.trt"
    }
    shutil.rmtree(folder)
    assert load_model("claire").name == "claire"

    refused = shop.told("rm", "claire", code=5)["error"]
    assert "--yes" in refused["hint"]
    assert shop.told("rm", "claire", "--yes")["files_deleted"]

    assert shop.names() == []
    assert not placed.exists()
    assert shop.hidden() == []


def test_the_models_folder_can_be_moved(
    shop: Shop, synthetic_bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(shop, synthetic_bundles / "mark", "mark", "--copy")
    moved = shop.models.rename(shop.models.with_name("elsewhere"))
    monkeypatch.setenv("FACEWIRE_MODELS", str(moved))

    found = find_user_model("mark")

    assert found is not None
    assert found.folder == moved / "mark"


def test_files_of_the_users_own_stay(shop: Shop, bundle: Callable[[str], Path]) -> None:
    folder = bundle("mark")
    add(shop, folder, "mark")

    told = shop.told("rm", "mark")

    assert (told["files_deleted"], told["kept"]) == (False, str(folder))
    assert (folder / "network.onnx").is_file()
    assert shop.names() == []


def test_a_broken_bundle_is_not_added(shop: Shop, bundle: Callable[[str], Path]) -> None:
    folder = bundle("mark")
    (folder / "model_data.npz").write_bytes(b"PK\x03\x04")

    for more in ([], ["--copy"]):
        error = shop.told("add", str(folder), *more, code=5)["error"]
        assert "model_data.npz" in error["text"]
    assert shop.names() == []
    assert not (shop.models / "mark").exists()
    assert not (shop.models / ".mark.part").exists()


def test_a_link_out_of_a_bundle_is_not_copied(
    shop: Shop, bundle: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = bundle("mark")
    (tmp_path / "secret.txt").write_text("mine")
    (folder / "notes.txt").symlink_to(tmp_path / "secret.txt")

    error = shop.told("add", str(folder), "--copy", code=5)["error"]

    assert "notes.txt" in error["text"]
    assert not (shop.models / "mark").exists()


def test_a_name_that_is_taken_or_none_is_refused_before_the_work(
    shop: Shop, synthetic_bundles: Path
) -> None:
    folder = str(synthetic_bundles / "mark")
    for name in ("embedded", "../x", "Mark"):
        assert shop.told("add", folder, "--name", name, code=5)["error"]["hint"]
    assert shop.told("rm", "embedded", "--yes", code=5)["error"]["text"].endswith("stays.")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Audio2Face-3D v2.3 Mark", "audio2face-3d-v2.3-mark"),
        ("models--nvidia--Audio2Face-3D-v3.0/snapshots/b741", "audio2face-3d-v3.0"),
        (".hidden", "hidden"),
    ],
)
def test_a_folder_gives_the_name(tmp_path: Path, path: str, name: str) -> None:
    assert default_name(tmp_path / path) == name


def test_a_folder_that_went_away_is_told(shop: Shop, bundle: Callable[[str], Path]) -> None:
    folder = bundle("mark")
    add(shop, folder, "mark")
    shutil.rmtree(folder)

    with pytest.raises(BundleError, match="not there any more") as caught:
        load_model("mark")

    assert "facewire models rm mark" in caught.value.hint
    row = next(row for row in shop.told("list")["models"] if row["name"] == "mark")
    assert "gone" in row["problem"]
    shop.told("rm", "mark")


def test_a_spoilt_list_does_not_touch_what_is_shipped(shop: Shop) -> None:
    shop.models.mkdir()
    (shop.models / "models.json").write_text("{")

    assert load_model("embedded").name == "embedded"
    with pytest.raises(BundleError, match=re.escape(str(shop.models / "models.json"))) as caught:
        load_model("mark")
    assert "move models.json elsewhere" in caught.value.hint
    assert "Fetch" not in caught.value.hint


@pytest.mark.parametrize(
    ("code", "hint"), [(errno.EACCES, "may write"), (errno.ENOSPC, "Free some disk space")]
)
def test_a_list_that_cannot_be_written_says_what_to_do(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("facewire.bundles.installed.NamedTemporaryFile", refuse)
    with pytest.raises(BundleError, match="cannot be written") as caught:
        write_installed(shop.models / "models.json", {})
    assert hint in caught.value.hint


def test_two_processes_do_not_write_one_list_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        held(lock, "reading"),
        pytest.raises(BundleError, match="Another process is writing"),
        held(lock, "writing"),
    ):
        pytest.fail("both hold it")
    with held(lock, "writing"):
        assert lock.is_file()


# Emotion


def test_an_emotion_model_drives_audio2face_alone(shop: Shop, synthetic_bundles: Path) -> None:
    folder = str(synthetic_bundles / "a2e")
    error = shop.told("add", folder, "--with", "embedded", code=5)["error"]
    assert "licence allows it only together with Audio2Face" in error["text"]
    assert (
        "Add or pull"
        in shop.told("add", folder, "--with", str(shop.folder), code=5)["error"]["hint"]
    )
    add(shop, synthetic_bundles / "mark", "mark")
    add(shop, synthetic_bundles / "claire", "claire")

    assert shop.told("add", folder, "--with", "claire")["drives"] == ["claire"]
    assert shop.told("add", folder, "--name", "any")["drives"] == ["mark", "claire"]

    models = user_models()
    assert [each.name for each in emotions_for(models["mark"], models.values())] == ["any"]
    assert shop.told("show", "claire")["driven_by"] == ["a2e", "any"]
    with pytest.raises(BundleError, match="no face"):
        load_model("a2e")


def test_an_emotion_model_whose_only_face_goes_is_said_to_drive_nothing(
    shop: Shop, synthetic_bundles: Path
) -> None:
    add(shop, synthetic_bundles / "claire", "claire")
    add(shop, synthetic_bundles / "a2e", "hot", "--with", "claire")
    assert not shop.told("show", "hot")["drives_nothing"]

    assert shop.told("rm", "Claire")["drive_nothing"] == ["hot"]

    row = next(row for row in shop.told("list")["models"] if row["name"] == "hot")
    assert row["problem"] == "it was added for claire alone, not on the list any more"
    assert "nothing: it was added for claire" in shop.run("models", "show", "hot").stdout


def test_a_face_is_not_paired_with_a_face(shop: Shop, synthetic_bundles: Path) -> None:
    told = shop.told("add", str(synthetic_bundles / "mark"), "--with", "embedded", code=2)
    assert "--with is for emotion models" in told["error"]["text"]


def test_a_person_can_keep_a_model_after_all(
    shop: Shop, synthetic_bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(shop, synthetic_bundles / "mark", "mark", "--copy")
    monkeypatch.setattr("facewire.tools.models.licences.can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_a, **_k: False)

    assert shop.told("rm", "mark", code=1)["error"]["text"] == "Nothing was deleted."

    assert shop.names() == ["mark"]


# Verifying


def test_verify_reads_everything_and_tells_what_changed(
    shop: Shop, bundle: Callable[[str], Path]
) -> None:
    folder = bundle("a2e")
    add(shop, folder, "a2e")
    whole = shop.told("verify")
    assert [result["model"] for result in whole["models"]] == ["embedded", "a2e"]
    readme = folder / "model_config.json"
    readme.write_text(readme.read_text() + "\n")

    (result,) = shop.told("verify", "a2e")["models"]

    states = {file["path"]: file for file in result["files"]}
    assert result["ok"]
    assert result["resembles"] == "audio2emotion-v2.2"
    assert states["model_config.json"]["as_added"] == "differs"
    assert states["model.json"]["as_added"] == "as added"
    assert states["model.json"]["as_published"] == "as published"
    assert states["network.onnx"]["as_published"] == "differs"


def test_verify_of_a_broken_bundle_names_file_and_key_and_fails(
    shop: Shop, bundle: Callable[[str], Path]
) -> None:
    folder = bundle("v3")
    damaged = folder / "bs_skin_James.npz"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)

    (result,) = shop.told("verify", str(folder), code=1)["models"]

    assert result["error"]["file"] == "bs_skin_James.npz"
    assert shop.run("models", "verify", str(folder)).stdout.startswith("broken: ")
    (absent,) = shop.told("verify", "audio2face-3d-v3.0", code=1)["models"]
    assert "pull" in absent["error"]["hint"]


def test_one_file_that_cannot_be_read_and_one_unknown_name_do_not_end_verify(
    shop: Shop, synthetic_bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(shop, synthetic_bundles / "mark", "mark")
    add(shop, synthetic_bundles / "claire", "claire")
    closed = synthetic_bundles / "mark" / "model_data.npz"
    deny(closed, monkeypatch)

    results = shop.told("verify", "nobody", "mark", "claire", code=1)["models"]

    assert [result["ok"] for result in results] == [False, False, True]
    assert "no model called 'nobody'" in results[0]["error"]["text"]
    assert "model_data.npz" in results[1]["error"]["text"]
    assert "Let the user that runs Facewire read it" in results[1]["error"]["hint"]
    lines = shop.run("models", "verify").stdout.splitlines()
    assert [line for line in lines if line.startswith("broken: mark: ")]
    assert [line for line in lines if line.startswith("ok: claire: ")]


def deny(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file be there and not be read, also for root."""
    usual = type(closed).open

    def opened(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return usual(path, *arguments, **options)

    monkeypatch.setattr(type(closed), "open", opened)


def test_verify_counts_the_files_that_are_others(shop: Shop, bundle: Callable[[str], Path]) -> None:
    folder = bundle("mark")
    add(shop, folder, "mark")
    for name in ("model_config.json", "network_info.json"):
        (folder / name).write_text((folder / name).read_text() + "\n")

    text = shop.run("models", "verify", "mark").stdout

    assert "2 files are changed since the model was added: network_info.json, model_co" in text
    assert text.count("published with audio2face-3d-v2.3-mark") == 1
    assert " more\n" in text
    shutil.rmtree(folder)
    gone = shop.run("models", "verify", "mark")
    assert gone.returncode == 1
    assert gone.stdout.startswith("broken: mark: The folder of the model 'mark' is not there")
    assert "note" not in gone.stdout


# Making


@pytest.mark.parametrize("kind", ["regression", "diffusion", "emotion"])
def test_synth_makes_a_bundle_that_can_be_added(shop: Shop, tmp_path: Path, kind: str) -> None:
    told = shop.told("synth", kind, str(tmp_path / kind), "--seed", "4")

    assert told["kind"] == kind
    assert told["files"]["network.onnx"] > 0
    add(shop, tmp_path / kind, kind)
    assert shop.names() == [kind]


def test_the_help_loads_no_numbers() -> None:
    program = (
        "import sys; from facewire.tools.models import models\n"
        "heavy = {'numpy', 'onnxruntime', 'rich', 'huggingface_hub', 'platformdirs', 'onnx'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
