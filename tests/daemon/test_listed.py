"""Settings that name several models."""

from __future__ import annotations

import pytest

from facewire.daemon.settings import listed


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("mark, claire,,james ", ["mark", "claire", "james"]),
        ("voices/a,b\n", ["voices/a,b"]),
        ("a,b\n\n c \n", ["a,b", "c"]),
    ],
)
def test_lines_keep_their_commas_and_a_single_line_is_cut_at_them(
    text: str, names: list[str]
) -> None:
    assert listed(text) == names
