from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from facewire.protocol import registry
from facewire.protocol.limits import limits_for_welcome
from facewire.protocol.messages import MESSAGES

CHECKOUT = Path(__file__).parents[2]
SOURCES = [
    path
    for root in ("bridge_protocol", "daemon", "tools")
    for path in sorted((CHECKOUT / root / "facewire").rglob("*.py"))
    if path.name != "registry.py" and "wire" not in path.parts
]
REGISTRY = (CHECKOUT / "bridge_protocol" / "REGISTRY.md").read_text(encoding="utf-8")


@cache
def trees() -> list[tuple[Path, ast.AST]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES]


def called_name(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def literals(callee: str, keyword: str, *, position: int | None = None) -> set[tuple[str, str]]:
    """(file, text) of the literal given to `callee` under `keyword` or as argument `position`."""
    found = set()
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or called_name(node) != callee:
                continue
            values = [item.value for item in node.keywords if item.arg == keyword]
            if position is not None and len(node.args) > position:
                values.append(node.args[position])
            texts = [value for value in values if isinstance(value, ast.Constant)]
            found |= {(path.name, text.value) for text in texts if isinstance(text.value, str)}
    return found


@cache
def strings() -> frozenset[str]:
    return frozenset(
        node.value
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@pytest.mark.parametrize(
    ("callee", "keyword", "position", "known"),
    [
        ("ProtocolError", "code", 0, registry.ERRORS),
        ("RemoteError", "code", 0, registry.ERRORS),
        ("Error", "code", None, registry.ERRORS),
        ("Warning", "code", None, registry.WARNINGS),
        ("Bye", "reason", None, registry.REASONS),
    ],
)
def test_every_name_the_code_says_is_in_the_registry(
    callee: str, keyword: str, position: int | None, known: dict[str, object]
) -> None:
    unknown = {
        (file, text)
        for file, text in literals(callee, keyword, position=position)
        if text not in known
    }

    assert not unknown


def test_the_literals_are_found_at_all() -> None:
    assert len(literals("ProtocolError", "code", position=0)) > 5


@pytest.mark.parametrize("code", registry.ERRORS)
def test_every_error_code_of_the_registry_is_used(code: str) -> None:
    assert code in strings()


@pytest.mark.parametrize("flag", [*registry.FLAGS, *registry.WARNINGS, *registry.REASONS])
def test_every_flag_warning_and_reason_of_the_registry_is_used(flag: str) -> None:
    assert flag in strings()


@pytest.mark.parametrize(
    "name",
    [
        *registry.ERRORS,
        *registry.WARNINGS,
        *registry.FLAGS,
        *registry.REASONS,
        *registry.FEATURES,
        *MESSAGES,
        *limits_for_welcome(),
    ],
)
def test_every_name_stands_in_the_document(name: str) -> None:
    assert f"| `{name}` |" in REGISTRY


def test_every_limit_said_in_welcome_is_explained() -> None:
    assert list(registry.LIMIT_WORDS) == list(limits_for_welcome())


def test_names_are_lower_case_words() -> None:
    for name in [*registry.ERRORS, *registry.WARNINGS, *registry.FLAGS, *registry.REASONS]:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
