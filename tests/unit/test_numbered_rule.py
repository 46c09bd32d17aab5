from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.errors import UserError
from mlir_release.tags import Numbered
from mlir_release.train.numbered import Wanted, ensure_new, read_wanted
from mlir_release.train.release_branch import parse

NUMBERS = st.tuples(st.integers(0, 99), st.integers(0, 9), st.integers(0, 99))
CANDIDATES = st.sampled_from(["", "rc1", "rc2", "rc11"])


@given(numbers=NUMBERS, candidate=CANDIDATES, prefix=st.sampled_from(["", "llvmorg-"]), hyphen=st.booleans())
def test_every_form_of_a_release_is_read(
    numbers: tuple[int, int, int], candidate: str, prefix: str, *, hyphen: bool
) -> None:
    plain = ".".join(map(str, numbers))
    separator = "-" if candidate and hyphen else ""
    wanted = read_wanted(f"{prefix}{plain}{separator}{candidate}")
    assert wanted == Wanted(version=plain + candidate)
    assert wanted.upstream_tag == f"llvmorg-{plain}{'-' if candidate else ''}{candidate}"
    assert wanted.branch == f"release/{numbers[0]}.x"
    assert read_wanted(wanted.upstream_tag) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *("", "main", "22", "22.1", "v22.1.8", "22.1.8.01", "llvm-22.1.8.01", "llvmorg-23-init", "022.1.8"),
        *(
            "22.1.8-rc",
            "22.1.8rc0",
            "22.1.8--rc1",
            "22.1.8-1",
            "22.1.8git",
            "llvmorg-llvmorg-22.1.8",
            "22.1.8\n",
        ),
        *("22.1.8-rc1-rc2", "٢٢.1.8", "two\nlines"),
    ],
)
def test_anything_else_is_one_line(text: str) -> None:
    with pytest.raises(UserError, match="is no release of LLVM; say one as llvmorg-22") as caught:
        read_wanted(text)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("version", "there", "said"),
    [
        ("22.1.8", [("22.1.8", 1)], "released already, as llvm-22.1.8.01"),
        ("22.1.8", [("22.1.8", 2), ("22.1.8", 10), ("22.1.8", 9)], "released already, as llvm-22.1.8.10"),
        ("22.1.8rc2", [("22.1.8rc2", 1)], "released already, as llvm-22.1.8rc2.01"),
        ("22.1.8rc2", [("22.1.8rc1", 1), ("22.1.8", 1)], "22.1.8rc2 comes before llvm-22.1.8.01"),
    ],
)
def test_what_only_a_rebuild_may_be(version: str, there: list[tuple[str, int]], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        ensure_new(version, [Numbered(*it) for it in there])
    assert "--rebuild" in str(caught.value)


@pytest.mark.parametrize(
    ("version", "there"),
    [("22.1.8", "22.1.8rc3"), ("22.1.8", "22.1.7"), ("22.1.8rc2", "22.1.8rc1"), ("22.1.7", "22.1.8")],
)
def test_what_is_new(version: str, there: str) -> None:
    ensure_new(version, [Numbered(there, 1)])


@pytest.mark.parametrize("words", [[], ["22.1.8", "22.1.9"], ["22.1.8", "--yes"], ["22.1.8", "--remote"]])
def test_options_that_cannot_be_meant_are_one_line(words: list[str]) -> None:
    with pytest.raises(UserError, match="the options are:"):
        parse(words)
