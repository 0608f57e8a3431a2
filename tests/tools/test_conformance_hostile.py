"""`facewire conformance` on files that are cut off, malformed or made to harm."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.tools.conformance_kit import SMALL, VECTORS, answer, arrays, run, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("kept", [0.02, 0.6, 0.999])
def test_a_truncated_file_is_one_clear_error_and_the_others_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kept: float
) -> None:
    save(tmp_path, SMALL, arrays(SMALL))
    whole = (VECTORS / "bvls_dev.npz").read_bytes()
    (tmp_path / "bvls_dev.npz").write_bytes(whole[: int(kept * len(whole))])

    assert run(tmp_path) == 1

    written = capsys.readouterr()
    errors = [line for line in written.out.splitlines() if line.startswith("FAILED")]
    assert len(errors) == 1
    assert "bvls_dev.npz" in errors[0]
    assert "Copy the vector file again" in errors[0]
    assert "Traceback" not in written.out + written.err
    assert f"{SMALL}  deltas" in written.out


class _Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a vector file ran code",))


def _with_object(content: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{**content, "coefs": np.array([_Trap()], object)})
    return buffer.getvalue()


def _with_member(content: dict[str, Any], name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{key: value for key, value in content.items() if key != name})
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def _lying(content: dict[str, Any]) -> bytes:
    member = io.BytesIO()
    shape = (10**9, 10**9)
    np.lib.format.write_array_header_1_0(
        member, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return _with_member(content, "coefs", member.getvalue())


def _saved(content: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **content)
    return buffer.getvalue()


HOSTILE: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "objects": _with_object,
    "lying shape": _lying,
    "no array": lambda content: _with_member(content, "coefs", b"not an array"),
    "a bomb": lambda content: _bomb(content),
    "missing": lambda content: _saved({k: v for k, v in content.items() if k != "coefs"}),
    "one axis": lambda content: _saved({**content, "coefs": content["coefs"][0]}),
    "another width": lambda content: _saved({**content, "coefs": content["coefs"][:, :5]}),
    "texts": lambda content: _saved({**content, "coefs": np.full((20, 24), "x")}),
    "no config": lambda content: _saved({k: v for k, v in content.items() if k != "config"}),
    "config no JSON": lambda content: _saved({**content, "config": np.array("{")}),
    "config a list": lambda content: _saved({**content, "config": np.array("[1]")}),
    "config too deep": lambda content: _saved({**content, "config": np.array("[" * 100_000)}),
    "no rows": lambda content: _saved({**content, "coefs": content["coefs"][:0]}),
}


def _bomb(content: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **content, zeros=np.zeros(80 << 20, np.float32))
    return buffer.getvalue()


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_file_is_an_error_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    (tmp_path / f"{SMALL}_dev.npz").write_bytes(HOSTILE[how](arrays(SMALL)))

    code, found = answer(capsys, tmp_path)

    assert code == 1
    (file,) = found["files"]
    assert file["errors"]
    assert file["passed"] == 0
    assert "Traceback" not in capsys.readouterr().err


def altered_config(topic: str, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    content = arrays(topic)
    config = json.loads(str(content["config"]))
    change(config)
    return {**content, "config": np.array(json.dumps(config))}


CLAIMS: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "a window of a terabyte": (
        "executor_regression",
        lambda config: config.update(net=[10**12, 208, 800, 16, 12, 5]),
    ),
    "as many frames a block": (
        "executor_diffusion",
        lambda config: config["net"].__setitem__(4, 10**12),
    ),
    "as many a second": (
        "end_to_end_regression",
        lambda config: config["cases"][0].update(id="fps1000000000000"),
    ),
    "as much memory": ("executor_diffusion", lambda config: config["net"].__setitem__(9, 10**12)),
    "two cases of one name": ("bvls", lambda config: config["systems"].append({"id": "s00"})),
    "no cases": ("bvls", lambda config: config.pop("systems")),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_a_file_claims_does_not_set_how_much_we_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], claim: str
) -> None:
    topic, change = CLAIMS[claim]
    save(tmp_path, topic, altered_config(topic, change))

    code, found = answer(capsys, tmp_path)

    assert code == 1
    assert found["files"][0]["errors"]


@pytest.mark.parametrize("content", ["", "[]", '{"vectors": 3}', '{"vectors": [3]}', "\x00"])
def test_a_malformed_vectors_json_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (tmp_path / "vectors.json").write_text(content)

    code, found = answer(capsys, tmp_path)

    assert code == 1
    assert len(found["files"][0]["errors"]) == 1
