"""Bundles spoilt in every way we could think of: each one clear error that says where and what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bundles import a2f_kit as kit
from tests.bundles.array_corruptions import ARRAY_CORRUPTIONS, NETWORK_CORRUPTIONS
from tests.bundles.text_corruptions import TEXT_CORRUPTIONS

from facewire.bundles.detect import read_bundle
from facewire.protocol.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bundles.corruptions import Corruption

CORRUPTIONS = [*TEXT_CORRUPTIONS, *NETWORK_CORRUPTIONS, *ARRAY_CORRUPTIONS]


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda each: each.what)
def test_a_spoilt_bundle_gives_one_error_that_names_file_key_and_expectation(
    tmp_path: Path, corruption: Corruption
) -> None:
    folder = kit.FAMILIES[corruption.family](tmp_path / "bundle")
    corruption.spoil(folder)

    with pytest.raises(BundleError) as caught:
        read_bundle(folder).check_contents()

    error = caught.value
    assert (error.file, error.key) == (corruption.file, corruption.key)
    assert corruption.says in error.text
    assert error.file in error.text
    assert error.key in error.text
    assert "expected" in error.text
    assert error.hint
    assert len(error.text) < 400


def test_there_are_thirty_corruptions_at_least_and_each_is_another() -> None:
    assert len({each.what for each in CORRUPTIONS}) == len(CORRUPTIONS) >= 30


def test_a_folder_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not a folder"):
        read_bundle(tmp_path / "nothing")


@pytest.mark.parametrize("family", kit.FAMILIES)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_bytes_changed_or_cut_end_in_a_bundle_or_one_error(
    tmp_path: Path, family: str, data: st.DataObject
) -> None:
    folder = kit.FAMILIES[family](tmp_path / "bundle")
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    refused = None

    try:
        read_bundle(folder).check_contents()
    except BundleError as error:
        refused = error

    assert refused is None or (refused.hint and refused.file)
