"""Settings come from known places, in a known order, and nothing misspelt is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from facewire.daemon.config import load, user_file, variable_of
from facewire.daemon.settings import DEFAULTS, RULES
from facewire.protocol.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {name: tmp_path / f"{name}.toml" for name in ("site", "user", "given")}


def test_without_any_source_every_setting_has_its_built_in_value(files: dict[str, Path]) -> None:
    loaded = load(environment={}, site=files["site"], user=files["user"])

    assert {name: loaded.value(name) for name in RULES} == DEFAULTS
    assert set(loaded.sources.values()) == {"default"}


def test_a_later_source_wins_over_an_earlier_one(files: dict[str, Path]) -> None:
    for number, path in enumerate(files.values(), 1):
        path.write_text(f"[limits]\nsessions = {number}\nstreams = {number}\ncredit_s = {number}\n")
    environment = {"FACEWIRE_LIMITS__SESSIONS": "4", "FACEWIRE_LIMITS__STREAMS": "4"}

    loaded = load(
        file=files["given"],
        environment=environment,
        flags={"limits.sessions": 5, "log.level": None},
        site=files["site"],
        user=files["user"],
    )

    assert loaded.config.limits.sessions == 5
    assert loaded.config.limits.streams == 4
    assert loaded.config.limits.credit_s == 3
    assert loaded.sources["limits.sessions"] == "flag"
    assert loaded.sources["limits.streams"] == "FACEWIRE_LIMITS__STREAMS"
    assert loaded.sources["limits.credit_s"] == str(files["given"])
    assert loaded.sources["log.level"] == "default"


def test_an_unknown_name_in_a_file_is_refused_with_the_nearest_one(files: dict[str, Path]) -> None:
    files["given"].write_text("[limits]\nsesions = 3\n")

    with pytest.raises(ConfigError) as refused:
        load(file=files["given"], environment={}, site=files["site"], user=files["user"])

    assert "limits.sesions" in refused.value.text
    assert refused.value.hint == "Did you mean limits.sessions?"
    assert refused.value.exit_code == 2


def test_an_unknown_section_and_an_unknown_variable_are_refused(files: dict[str, Path]) -> None:
    files["user"].write_text("[limit]\nsessions = 3\n")
    with pytest.raises(ConfigError, match="Did you mean limits"):
        load(environment={}, site=files["site"], user=files["user"])

    with pytest.raises(ConfigError, match="Did you mean FACEWIRE_LOG__LEVEL"):
        load(environment={"FACEWIRE_LOG__LEVL": "debug"}, site=files["site"], user=files["site"])


def test_variables_without_a_section_are_no_settings(files: dict[str, Path]) -> None:
    load(environment={"FACEWIRE_RUNTIME_DIR": "/x"}, site=files["site"], user=files["user"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limits.sessions", 0),
        ("limits.sessions", "many"),
        ("limits.sessions", True),
        ("limits.sessions", 1.5),
        ("network.tcp", 65_536),
        ("log.level", "loud"),
        ("daemon.model", 3),
        ("daemon.model", "a\0b"),
    ],
)
def test_values_out_of_range_are_refused_by_name(
    name: str, value: object, files: dict[str, Path]
) -> None:
    with pytest.raises(ConfigError, match=name):
        load(
            environment={}, flags={name: value}, site=files["site"], user=files["user"]  # type: ignore[dict-item]
        )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [b"[limits", b"\xff\xfe", b"limits = 3", b"[limits]\nsessions = [1]", b"#" * 300_000],
)
def test_files_that_are_no_configuration_are_refused_with_their_path(
    content: bytes, files: dict[str, Path]
) -> None:
    files["given"].write_bytes(content)

    with pytest.raises(ConfigError, match=str(files["given"])):
        load(file=files["given"], environment={}, site=files["site"], user=files["user"])


def test_a_file_named_by_the_user_must_exist(files: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="there is no configuration file"):
        load(file=files["given"], environment={}, site=files["site"], user=files["user"])


def test_every_setting_has_a_variable_and_a_sentence() -> None:
    assert variable_of("limits.sessions") == "FACEWIRE_LIMITS__SESSIONS"
    assert all(rule.words.endswith(".") for rule in RULES.values())
    assert len({variable_of(name) for name in RULES}) == len(RULES)


def test_the_users_file_lies_in_the_configuration_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert user_file() == tmp_path / "facewire" / "config.toml"
