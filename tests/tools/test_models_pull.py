"""`facewire models pull` against a hub on the loopback: accepted, whole, checked, or not at all.

Claire is published with no hash that we know, Mark with some: small synthetic bundles stand in.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from tests.tools.hub_stub import COMMIT, Hub, serve
from tests.tools.models_kit import SMALL_CHUNKS, Shop, ShopApart

from facewire.bundles import data_folder
from facewire.bundles.catalogue import read_published
from facewire.bundles.installed import changes
from facewire.bundles.user_models import user_models
from facewire.protocol.errors import BundleError, FacewireError
from facewire.tools.atomic import OutputError
from facewire.tools.models import licences, parts
from facewire.tools.models.fetching import UNFINISHED
from facewire.tools.models.pulling import _published

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLAIRE, MARK, EMOTION = (
    "audio2face-3d-v2.3.1-claire",
    "audio2face-3d-v2.3-mark",
    "audio2emotion-v2.2",
)
NEWEST = "audio2emotion-v3.0"
PUBLISHED = read_published(data_folder("models"))

needs_hub = pytest.mark.skipif(
    find_spec("huggingface_hub") is None,
    reason="huggingface_hub (the extra `hub`) is not installed",
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(tmp_path)
    monkeypatch.setenv("FACEWIRE_MODELS", str(shop.models))
    return shop


@pytest.fixture
def apart(shop: Shop) -> ShopApart:
    return ShopApart(shop.folder)


@pytest.fixture
def hub(synthetic_bundles: Path) -> Iterator[Hub]:
    with serve(Hub(synthetic_bundles / "claire")) as hub:
        yield hub


def accepted(name: str) -> tuple[str, ...]:
    return ("pull", name, "--accept-licence", name)


# The licence


@needs_hub
def test_nothing_is_asked_for_before_the_licence_is_accepted(apart: ShopApart, hub: Hub) -> None:
    for more in ((), ("--accept-licence", "MIT")):
        done = apart.run("models", "pull", EMOTION, *more, HF_ENDPOINT=hub.address)
        assert done.returncode == 1
        assert "nothing was fetched" in done.stderr
        assert f"{hub.address}/nvidia/Audio2Emotion-v2.2/blob/main/LICENSE" in done.stderr
        assert "only together with Audio2Face" in done.stderr
    assert hub.asked == []
    assert not apart.models.exists()


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_person_is_asked(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(licences, "can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_a, **_k: answer == "yes")

    if answer == "yes":
        licences.require_accepted(PUBLISHED[MARK], "there", None)
    else:
        with pytest.raises(FacewireError, match="not accepted"):
            licences.require_accepted(PUBLISHED[MARK], "there", None)


def test_the_licences_own_name_accepts_it() -> None:
    licences.require_accepted(PUBLISHED[MARK], "there", "nvidia open model license")


# From the hub


@needs_hub
def test_a_model_is_pulled_from_the_pinned_commit_and_can_be_loaded(
    apart: ShopApart, hub: Hub
) -> None:
    from facewire.inference.loading import load_model

    told = apart.told(*accepted(CLAIRE), HF_ENDPOINT=hub.address)

    assert told["state"] == "installed"
    assert hub.repos == {PUBLISHED[CLAIRE].repo}
    assert hub.revisions == {PUBLISHED[CLAIRE].revision}
    assert {name for _, name, _ in hub.asked} == {file.path for file in PUBLISHED[CLAIRE].files}
    assert told["folder"] == str(apart.models / CLAIRE)
    assert {path.name for path in (apart.models / CLAIRE).iterdir()} == {
        file.path for file in PUBLISHED[CLAIRE].files
    }
    model = user_models()[CLAIRE]
    assert (model.licence_accepted, model.placed) == (True, True)
    assert {report.state for report in changes(model)} == {"as added"}
    assert load_model(CLAIRE).licence == "NVIDIA Open Model License"
    assert apart.hidden() == []
    before = len(hub.asked)
    assert apart.told(*accepted(CLAIRE), HF_ENDPOINT=hub.address)["state"] == "already here"
    assert len(hub.asked) == before


@needs_hub
def test_a_model_without_a_commit_gets_the_newest_and_notes_it(
    apart: ShopApart, synthetic_bundles: Path
) -> None:
    with serve(Hub(synthetic_bundles / "a2e")) as hub:
        told = apart.told(*accepted(NEWEST), HF_ENDPOINT=hub.address)

    assert told["revision"] == COMMIT
    assert hub.revisions == {"main", COMMIT}
    assert user_models()[NEWEST].revision == COMMIT


@needs_hub
def test_a_pull_that_is_interrupted_leaves_no_model_and_goes_on(apart: ShopApart, hub: Hub) -> None:
    hub.stall = {"network.onnx": 200_000}
    process = subprocess.Popen(
        [sys.executable, "-c", SMALL_CHUNKS, "models", *accepted(CLAIRE)],
        env=apart.environment(HF_ENDPOINT=hub.address),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    unfinished = apart.models / f".{CLAIRE}.part" / "network.onnx.unfinished"
    try:
        assert hub.stalled.wait(20)
        wait_for_bytes(unfinished)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.communicate()
    there = unfinished.stat().st_size
    assert 0 < there <= 200_000
    row = next(row for row in apart.told("list")["models"] if row["name"] == CLAIRE)
    assert (row["state"], row["fetched_bytes"] >= there) == ("published", True)
    before = len(hub.asked)
    hub.stall = {}

    apart.told(*accepted(CLAIRE), HF_ENDPOINT=hub.address)

    fetched = {name: asked for method, name, asked in hub.asked[before:] if method == "GET"}
    assert fetched["network.onnx"] == f"bytes={there}-"
    assert "model.json" not in fetched  # it was there already
    assert apart.names() == [CLAIRE]
    assert (apart.models / CLAIRE / "network.onnx").read_bytes() == (
        hub.folder / "network.onnx"
    ).read_bytes()
    assert apart.hidden() == []


def wait_for_bytes(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not (path.is_file() and path.stat().st_size):
        assert time.monotonic() < deadline, path
        time.sleep(0.01)


@needs_hub
@pytest.mark.parametrize("why", ["published hash", "the hub's own hash"])
def test_a_file_with_a_wrong_hash_is_refused_by_name(
    apart: ShopApart, synthetic_bundles: Path, tmp_path: Path, why: str
) -> None:
    hub, name, file = Hub(synthetic_bundles / "claire"), CLAIRE, "network.onnx"
    if why == "published hash":
        hub, name, file = Hub(tmp_path / "altered"), EMOTION, "network_info.json"
        alter(shutil.copytree(synthetic_bundles / "a2e", hub.folder) / file)
        hub.absent = {"network.onnx"}  # of another size, which would be told first
    else:
        hub.wrong_etag_of = file
    with serve(hub):
        error = apart.told(*accepted(name), code=5, HF_ENDPOINT=hub.address)["error"]

    assert error["text"].startswith(f"{file} is not the file")
    assert "SHA-256" in error["text"]
    assert apart.names() == []
    left = {path.name for path in (apart.models / f".{name}.part").iterdir()}
    assert "model.json" in left
    assert not any(path.startswith(file) for path in left)
    assert apart.told("rm", name, "--yes")["files_deleted"]
    assert list(apart.models.glob(".*.part")) == []


def alter(path: Path) -> None:
    """Change a file but not its size."""
    path.write_bytes(path.read_bytes().replace(b" ", b"\t", 1))


@needs_hub
def test_a_file_of_another_size_is_refused_before_anything_is_fetched(
    apart: ShopApart, synthetic_bundles: Path
) -> None:
    with serve(Hub(synthetic_bundles / "mark")) as hub:
        error = apart.told(*accepted(MARK), code=5, HF_ENDPOINT=hub.address)["error"]

    assert error["text"].endswith("it has 1011 bytes; expected 1015.")
    assert {method for method, _, _ in hub.asked} == {"HEAD"}


@needs_hub
def test_the_token_does_not_go_to_the_storage(apart: ShopApart, synthetic_bundles: Path) -> None:
    folder = synthetic_bundles / "claire"
    with serve(Hub(folder)) as storage, serve(Hub(folder)) as hub:
        hub.storage = storage.address.replace("127.0.0.1", "localhost")  # another host
        apart.told(*accepted(CLAIRE), HF_ENDPOINT=hub.address, HF_TOKEN="hf_secret")

    assert hub.tokens == {"Bearer hf_secret"}
    assert storage.tokens == {None}
    assert {method for method, _, _ in hub.asked} == {"HEAD"}


@needs_hub
def test_what_the_hub_refuses_is_told_with_what_to_do(apart: ShopApart, hub: Hub) -> None:
    hub.gated = True
    error = apart.told(*accepted(EMOTION), code=5, HF_ENDPOINT=hub.address)["error"]
    assert f"{hub.address}/nvidia/Audio2Emotion-v2.2" in error["hint"]
    assert "hf auth login" in error["hint"]

    hub.gated, hub.absent = False, {"network.onnx"}
    error = apart.told(*accepted(CLAIRE), code=5, HF_ENDPOINT=hub.address)["error"]
    assert "network.onnx" in error["text"]
    assert apart.names() == []

    error = apart.told(*accepted(CLAIRE), code=5, HF_ENDPOINT="http://127.0.0.1:9")["error"]
    assert error["text"].startswith("The hub at 127.0.0.1:9 cannot be reached")
    assert "--from" in error["hint"]


@needs_hub
def test_offline_only_the_hubs_cache_is_looked_at(apart: ShopApart, hub: Hub) -> None:
    apart = replace(apart, variables={"HF_HUB_OFFLINE": "1"})
    error = apart.told(*accepted(CLAIRE), code=5, HF_ENDPOINT=hub.address)["error"]
    assert "HF_HUB_OFFLINE" in error["text"]
    owner, repo = PUBLISHED[CLAIRE].repo.split("/")
    snapshot = apart.folder / "hf" / "hub" / f"models--{owner}--{repo}" / "snapshots"
    (snapshot / PUBLISHED[CLAIRE].revision).mkdir(parents=True)
    for file in PUBLISHED[CLAIRE].files:
        there = snapshot / PUBLISHED[CLAIRE].revision / file.path
        there.write_bytes((hub.folder / file.path).read_bytes())

    assert apart.told(*accepted(CLAIRE), HF_ENDPOINT=hub.address)["state"] == "installed"
    assert hub.asked == []


def test_without_the_client_the_extra_is_named(apart: ShopApart) -> None:
    program = (
        "import sys; sys.modules['huggingface_hub'] = None\n"
        "from facewire.tools.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "models", *accepted(CLAIRE)],
        env=apart.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "facewire[hub]" in done.stderr
    assert "--from" in done.stderr


@needs_hub
def test_a_machine_without_a_network_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from facewire.tools.models.hub import Hub as HubSource

    def unreachable(*_: object, **__: object) -> None:
        unknown = socket.gaierror(-2, "Name or service not known")
        raise huggingface_errors().HTTPError(str(unknown)) from unknown

    source = HubSource(PUBLISHED[CLAIRE])
    monkeypatch.setattr(source._hub, "get_hf_file_metadata", unreachable)
    with pytest.raises(BundleError, match=r"cannot be reached: .*Name or service") as caught:
        _ = source.pieces
    assert "Is there a network" in caught.value.hint


def huggingface_errors() -> Any:
    from facewire.tools.models.hub import library

    return library(".errors")


# From a folder


@pytest.mark.parametrize(
    "place", [".", CLAIRE, PUBLISHED[CLAIRE].repo, "models--nvidia--Audio2Face-3D-v2.3.1-Claire"]
)
def test_a_folder_takes_the_place_of_the_network(
    shop: Shop, synthetic_bundles: Path, tmp_path: Path, place: str
) -> None:
    mirror = tmp_path / "mirror"
    at = mirror / place
    if place.startswith("models--"):
        at = at / "snapshots" / PUBLISHED[CLAIRE].revision
    at.parent.mkdir(parents=True, exist_ok=True)
    if place == ".":
        mirror.symlink_to(synthetic_bundles / "claire")
    else:
        at.symlink_to(synthetic_bundles / "claire")

    told = shop.told(*accepted(CLAIRE), "--from", str(mirror))

    assert told["state"] == "installed"
    assert shop.names() == [CLAIRE]
    assert shop.hidden() == []


def test_a_folder_needs_the_licence_too_and_the_right_files(
    shop: Shop, synthetic_bundles: Path
) -> None:
    claire, mark = str(synthetic_bundles / "claire"), str(synthetic_bundles / "mark")
    silent = shop.run("models", "pull", CLAIRE, "--from", claire)
    assert "not accepted" in silent.stderr
    wrong = shop.told(*accepted(MARK), "--from", mark, code=5)["error"]
    assert wrong["text"].startswith("network_info.json is not the file")
    assert "facewire models add" in wrong["hint"]
    other = shop.told(*accepted(CLAIRE), "--from", str(shop.models), code=5)["error"]
    assert "does not hold" in other["text"]
    assert shop.names() == []


def test_a_mismatch_from_a_folder_does_not_ask_to_pull_again_in_vain_and_leaves_nothing(
    shop: Shop, synthetic_bundles: Path
) -> None:
    mark = synthetic_bundles / "mark"

    hint = shop.told(*accepted(MARK), "--from", str(mark), code=5)["error"]["hint"]

    assert hint.startswith(f"Put the published file into {mark}, then pull again")
    assert f"facewire models add {mark}" in hint
    assert shop.hidden() == []


def test_what_a_killed_pull_has_left_is_removed_though_it_holds_no_file(shop: Shop) -> None:
    (shop.models / f".{CLAIRE}.part").mkdir(parents=True)
    (shop.models / f".{CLAIRE}.part" / ".kind").write_text("Hub a")
    (shop.models / f".{CLAIRE}.lock").touch()

    assert shop.told("rm", PUBLISHED[CLAIRE].repo)["name"] == CLAIRE

    assert shop.hidden() == []
    assert "was added" in shop.told("rm", CLAIRE, code=5)["error"]["text"]


def test_an_interrupted_pull_is_seen_in_the_list(shop: Shop) -> None:
    part = shop.models / f".{CLAIRE}.part"
    part.mkdir(parents=True)
    (part / f"network.onnx{UNFINISHED}").write_bytes(bytes(2_000_000))

    assert (
        "2.0 MB of it lie here: pull it again and it goes on" in shop.run("models", "list").stdout
    )


def test_a_folder_of_the_users_own_is_not_taken_for_the_published_model(
    shop: Shop, synthetic_bundles: Path
) -> None:
    added = shop.run("models", "add", str(synthetic_bundles / "mark"), "--name", MARK)
    assert "That is the name of a published model" in added.stderr

    error = shop.told(*accepted(MARK), code=5)["error"]

    assert str(synthetic_bundles / "mark") in error["text"]
    assert f"facewire models rm {MARK}" in error["hint"]


def test_a_folder_of_another_family_is_refused(shop: Shop, synthetic_bundles: Path) -> None:
    error = shop.told(*accepted(NEWEST), "--from", str(synthetic_bundles / "claire"), code=5)[
        "error"
    ]
    assert error["text"]
    assert shop.names() == []


# Places


def test_a_full_disk_is_seen_before_the_work(shop: Shop) -> None:
    del shop
    parts.require_room(1)
    with pytest.raises(OutputError, match="MB free") as caught:
        parts.require_room(1 << 60)
    assert caught.value.full
    assert "FACEWIRE_MODELS" in caught.value.hint


def test_something_in_the_models_place_is_left_alone(shop: Shop, synthetic_bundles: Path) -> None:
    (shop.models / CLAIRE).mkdir(parents=True)
    (shop.models / CLAIRE / "mine.txt").write_text("kept")

    error = shop.told(*accepted(CLAIRE), "--from", str(synthetic_bundles / "claire"), code=5)

    assert "in the way" in error["error"]["text"]
    assert (shop.models / CLAIRE / "mine.txt").read_text() == "kept"


def test_one_pull_of_a_model_at_a_time(shop: Shop) -> None:
    with (
        parts.part(CLAIRE, "Hub x"),
        pytest.raises(BundleError, match="Another process is fetching"),
        parts.part(CLAIRE, "Hub x"),
    ):
        pytest.fail("both fetch")
    assert json.loads(shop.run("models", "list", "--json").stdout)["models"]


def test_a_part_of_another_revision_is_thrown_away(shop: Shop) -> None:
    del shop
    for kind, left in (("Hub a", []), ("Hub a", ["x.json"]), ("Hub b", [])):
        with parts.part(CLAIRE, kind) as folder:
            assert [path.name for path in folder.glob("*.json")] == left
            (folder / "x.json").write_text("{}")


def test_what_cannot_be_fetched_is_told(shop: Shop) -> None:
    del shop
    with pytest.raises(BundleError, match="comes with Facewire"):
        _published("embedded")
    with pytest.raises(BundleError) as caught:
        _published("audio2face-3d-v3")
    assert caught.value.hint == "Did you mean 'audio2face-3d-v3.0'?"
