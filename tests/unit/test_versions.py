from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from mlir_release import versions

COMMIT = "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1"
NUMBERS = st.lists(st.integers(0, 99), min_size=3, max_size=3).map(lambda found: ".".join(map(str, found)))


@pytest.mark.parametrize(
    ("llvm", "commit", "expected"),
    [
        ("22.1.8", COMMIT, "22.1.8.dev0+gca7933e47"),
        ("23.0.0git", COMMIT, "23.0.0.dev0+gca7933e47"),
        ("23.1.0rc1", COMMIT, "23.1.0.dev0+gca7933e47"),
        ("23.1.0-rc1", COMMIT, "23.1.0.dev0+gca7933e47"),
        # Anybody may set LLVM_VERSION_SUFFIX; this is what Rust calls its own.
        ("22.1.8-rust-1.95.0-nightly", COMMIT, "22.1.8.dev0+gca7933e47"),
        ("22.1.8", None, "22.1.8.dev0+local"),
    ],
)
def test_untagged(llvm: str, commit: str | None, expected: str) -> None:
    assert versions.untagged(llvm, commit) == expected


@given(numbers=NUMBERS, commit=st.binary(min_size=20, max_size=20).map(bytes.hex))
def test_untagged_is_what_no_index_takes_and_sorts_below_its_release(numbers: str, commit: str) -> None:
    text = versions.untagged(numbers, commit)
    version = Version(text)
    # The form in file names and metadata is the normal one: nobody rewrites it on the way.
    assert str(version) == text
    assert version.local == f"g{commit[:9]}"
    assert version < Version(f"{numbers}rc1") < Version(numbers)
    # The first snapshot of the same version is newer.
    assert version < Version(f"{numbers}.dev2026010101")


@given(numbers=NUMBERS, suffix=st.sampled_from(["", "git", "rc1", "-rc2", "-rust-dev"]))
def test_release_is_the_numbers(numbers: str, suffix: str) -> None:
    assert versions.release(numbers + suffix) == numbers
