"""`facewire doctor` on this machine, and each of its checks on a broken one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from facewire.bundles import data_folder
from facewire.protocol.limits import PROTOCOL_VERSION
from facewire.protocol.runtime import Handshake, InstancePaths
from facewire.tools.diagnosis import installation, models, plugin, remote, runtime
from facewire.tools.diagnosis.report import Check, Finding, failed, ok
from facewire.tools.doctor import doctor
from facewire.tools.live.private_daemon import PrivateDaemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private runtime folder, so that no daemon of the machine plays a part."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("FACEWIRE_STATE_DIR", str(tmp_path / "state"))
    return folder


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Return what puts an installed distribution, or an older one, before the real ones."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def install(name: str, version: str) -> None:
        record = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        record.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (record / "METADATA").write_text(text)

    return install


def instance_files(folder: Path, name: str, *, pid: int) -> InstancePaths:
    paths = InstancePaths(name, folder)
    paths.make_folder()
    paths.lock.write_text(str(pid))
    Handshake(
        endpoint=paths.endpoint, protocol=PROTOCOL_VERSION, pid=pid, token="t" * 32,
        started_at="2026-01-01T00:00:00+00:00", daemon="facewire 0",
    ).write(paths)  # fmt: skip
    return paths


def a_dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def diagnosed(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(doctor, ["--json", *arguments])
    answer: dict[str, Any] = json.loads(result.stdout)
    return result.exit_code, answer


@pytest.mark.usefixtures("runtime_folder")
def test_this_machine_passes_every_check() -> None:
    code, answer = diagnosed()
    wrong = [check for check in answer["checks"] if check["status"] in ("failed", "warning")]
    assert wrong == []
    assert answer["ok"] is True
    assert code == 0


@pytest.mark.usefixtures("runtime_folder")
def test_each_check_is_one_line_and_a_failed_one_has_its_fix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACEWIRE_DAEMON__PROVIDER", "tensorrt")
    result = CliRunner().invoke(doctor)
    lines = result.stdout.splitlines()
    failures = [number for number, line in enumerate(lines) if line.startswith("FAIL  ")]
    assert [lines[number].split()[1] for number in failures] == ["provider"]
    assert lines[failures[0] + 1].strip().startswith("->")
    assert lines[-1].startswith("1 of ")
    assert result.exit_code == 1


@pytest.mark.usefixtures("runtime_folder")
def test_a_broken_configuration_is_one_failed_check_among_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACEWIRE_LOG__LEVLE", "info")
    code, answer = diagnosed()
    failures = [check for check in answer["checks"] if check["status"] == "failed"]
    assert [check["name"] for check in failures] == ["configuration"]
    assert "FACEWIRE_LOG__LEVEL" in failures[0]["fix"]
    assert code == 1


@pytest.mark.usefixtures("runtime_folder")
def test_json_has_a_stable_shape() -> None:
    _, answer = diagnosed("--instance", "somebody")
    assert set(answer) == {"ok", "checks"}
    assert {frozenset(check) for check in answer["checks"]} == {
        frozenset(("name", "status", "text", "fix"))
    }
    names = [check["name"] for check in answer["checks"]]
    assert len(names) == len(set(names))
    daemon = next(check for check in answer["checks"] if check["name"] == "daemon")
    assert daemon["status"] == "skipped"
    assert "`somebody`" in daemon["text"]


def test_a_check_that_breaks_is_a_failure_and_not_the_end() -> None:
    def broken() -> Finding:
        raise ZeroDivisionError("oh")

    finding = Check("broken", broken).run()
    assert finding.status == "failed"
    assert "ZeroDivisionError: oh" in finding.text
    assert finding.fix


# --- installation ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1.24.1", (1, 24, 1)), ("1.24.0rc2", (1, 24, 0)), ("26", (26,)), ("", ()), ("dev", ())],
)
def test_versions_are_compared_by_number(text: str, numbers: tuple[int, ...]) -> None:
    assert installation.version_numbers(text) == numbers


def test_two_builds_of_onnxruntime_are_a_failure(
    distribution: Callable[[str, str], None],
) -> None:
    distribution("onnxruntime-gpu", "1.30.0")
    finding = installation.onnxruntime()
    assert finding.status == "failed"
    assert "overwrite each other" in finding.text
    assert "pip uninstall" in finding.fix


def test_an_onnxruntime_that_reads_named_files_is_a_failure(
    distribution: Callable[[str, str], None],
) -> None:
    distribution("onnxruntime", "1.23.2")
    finding = installation.onnxruntime()
    assert finding.status == "failed"
    assert "1.24" in finding.fix


def test_a_package_that_is_too_old_is_named(distribution: Callable[[str, str], None]) -> None:
    distribution("pyzmq", "25.1.0")
    finding = installation.packages()
    assert finding.status == "failed"
    assert "pyzmq 25.1.0, 26 or newer needed" in finding.text


def test_a_provider_that_is_not_there_is_a_failure_with_a_hint() -> None:
    finding = Check("provider", lambda: installation.provider("tensorrt", "embedded")).run()
    assert finding.status == "failed"
    assert "tensorrt" in finding.text
    assert finding.fix


def test_an_altered_model_is_a_failure(tmp_path: Path) -> None:
    copy = tmp_path / "models"
    shutil.copytree(data_folder("models"), copy)
    assert models.hashes(copy).status == "ok"
    network = copy / "embedded" / "network.onnx"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)
    finding = Check("models", lambda: models.hashes(copy)).run()
    assert finding.status == "failed"
    assert "network.onnx" in finding.text


# --- runtime folder --------------------------------------------------------------------------


def test_a_runtime_folder_open_to_others_is_a_failure(runtime_folder: Path) -> None:
    runtime_folder.chmod(0o755)
    finding = Check("runtime-folder", lambda: runtime.folder("default")).run()
    assert finding.status == "failed"
    assert finding.fix


def test_a_socket_path_that_is_too_long_is_a_warning(
    runtime_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = runtime_folder / ("d" * 100)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(deep))
    finding = runtime.folder("default")
    assert finding.status == "warning"
    assert "127.0.0.1" in finding.text


def test_files_of_a_killed_daemon_are_a_warning_that_names_the_instance(
    runtime_folder: Path,
) -> None:
    assert runtime.leftovers().status == "ok"
    instance_files(runtime_folder, "alive", pid=os.getpid())
    assert runtime.leftovers().status == "ok"
    instance_files(runtime_folder, "killed", pid=a_dead_pid())
    finding = runtime.leftovers()
    assert finding.status == "warning"
    assert "killed" in finding.text
    assert "alive" not in finding.text


def test_a_pid_that_now_belongs_to_a_younger_process_is_stale(runtime_folder: Path) -> None:
    paths = instance_files(runtime_folder, "recycled", pid=os.getpid())
    os.utime(paths.lock, (1, 1))
    assert runtime.leftovers().status == "warning"


def test_a_handshake_file_others_may_read_is_a_failure(runtime_folder: Path) -> None:
    paths = instance_files(runtime_folder, "default", pid=os.getpid())
    assert runtime.socket_mode("default").status == "ok"
    paths.handshake.chmod(0o644)
    assert runtime.socket_mode("default").status == "failed"


def test_a_daemon_of_another_major_version_is_a_failure(runtime_folder: Path) -> None:
    paths = instance_files(runtime_folder, "default", pid=os.getpid())
    content = json.loads(paths.handshake.read_text())
    paths.handshake.write_text(json.dumps(content | {"protocol": [9, 0]}))
    finding = runtime.daemon("default")
    assert finding.status == "failed"
    assert "9.0" in finding.text


def test_no_daemon_is_no_failure(runtime_folder: Path) -> None:
    assert runtime.daemon("default").status == "skipped"
    instance_files(runtime_folder, "default", pid=a_dead_pid())
    assert runtime.daemon("default").status == "skipped"


@pytest.fixture
def running_daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateDaemon]:
    with PrivateDaemon() as daemon:
        monkeypatch.setenv("FACEWIRE_RUNTIME_DIR", str(daemon.folder))
        daemon.wait_until_ready()
        yield daemon


def test_a_running_daemon_answers(running_daemon: PrivateDaemon) -> None:
    finding = runtime.daemon(running_daemon.instance)
    assert finding.status == "ok"
    assert "protocol 1.1, ring" in finding.text
    assert runtime.socket_mode(running_daemon.instance).status == "ok"
    assert runtime.leftovers().status == "ok"


def test_a_daemon_that_hangs_is_a_failure(running_daemon: PrivateDaemon) -> None:
    running_daemon.process.send_signal(signal.SIGSTOP)
    try:
        finding = Check("daemon", lambda: runtime.daemon(running_daemon.instance)).run()
    finally:
        running_daemon.process.send_signal(signal.SIGCONT)
    assert finding.status == "failed"
    assert "does not answer" in finding.text


def test_clock_and_space_are_measured() -> None:
    assert runtime.clock().status == "ok"
    assert "MiB free" in runtime.ring_space().text
    assert "GiB free" in runtime.disk_space().text


# --- strangers and the plugin ----------------------------------------------------------------


def test_a_daemon_that_lets_strangers_in_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from facewire.daemon.zap import Doorman

    monkeypatch.setattr(Doorman, "is_allowed", lambda _self, _key: True)
    finding = Check("strangers", remote.fails_closed).run()
    assert finding.status == "failed"
    assert "was let in" in finding.text


def test_the_plugins_version_is_read_from_its_header() -> None:
    header = """inline constexpr std::uint32_t kProtocolMajor = 3;
    inline constexpr std::uint32_t kProtocolMinor{14};"""
    assert plugin.stated_version(header) == (3, 14)
    with pytest.raises(ValueError, match="no protocol major"):
        plugin.stated_version("nothing here")


def test_findings_that_need_action_say_which() -> None:
    assert ok("fine").fix == ""
    assert failed("bad", "mend it").fix == "mend it"
