"""Tags, versions and pin files: 10,000 generated ones, both ways."""

from __future__ import annotations

import datetime as dt
import itertools
import string
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from mlir_release import pin as pins
from mlir_release import tags
from mlir_release.errors import UserError
from mlir_release.pin import BadPin, Pin
from mlir_release.tags import LAST_NUMBER, BadTag, Numbered, Snapshot


def generated(count: int) -> settings:
    """How many examples a test has; all of them together, 10,000."""
    return settings(max_examples=count, database=None)


if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# Four digits of a year are part of the form.
DAYS = st.dates(dt.date(1000, 1, 1))
NUMBERS = st.integers(1, LAST_NUMBER)
SNAPSHOTS = st.builds(Snapshot, DAYS, NUMBERS)
RELEASES = st.tuples(st.integers(0, 40), st.integers(0, 3), st.integers(0, 9))
CANDIDATES = st.just("") | st.integers(1, 9).map("rc{}".format)
LLVM_VERSIONS = st.builds(lambda release, rc: "{}.{}.{}".format(*release) + rc, RELEASES, CANDIDATES)
NUMBERED = st.builds(Numbered, LLVM_VERSIONS, NUMBERS)
SUFFIXES = st.sampled_from(["", "git", "rc1", "-rc2", "+ours"])
COMMENTS = st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=20), max_size=3).map(
    lambda lines: "".join(f"#{line}\n" for line in lines)
)
PINS = st.builds(
    Pin,
    commit=st.binary(min_size=20, max_size=20).map(bytes.hex),
    version=LLVM_VERSIONS | RELEASES.map(lambda it: "{}.{}.{}git".format(*it)),
    ref=st.text(string.ascii_letters + string.digits + "._-/", min_size=1),
    archives=st.dictionaries(
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.+~-]*", fullmatch=True),
        st.binary(min_size=32, max_size=32).map(bytes.hex),
        max_size=2,
    ),
)


def attempt(read: Callable[[], T]) -> T | UserError:
    """What is read; or the error, which is one line."""
    try:
        return read()
    except UserError as error:
        refused = error
    assert len(str(refused).splitlines()) == 1
    return refused


class TestRoundTrips:
    @generated(2500)
    @given(tag=SNAPSHOTS, release=RELEASES, suffix=SUFFIXES)
    def test_snapshots(self, tag: Snapshot, release: tuple[int, int, int], suffix: str) -> None:
        assert tags.parse(str(tag)) == tag
        numbers = "{}.{}.{}".format(*release)
        version = tag.version(numbers + suffix)
        assert tags.of_version(version) == tag
        assert str(Version(version)) == version
        assert (Version(version).base_version, Version(version).is_prerelease) == (numbers, True)

    @generated(2500)
    @given(tag=NUMBERED)
    def test_numbered_ones(self, tag: Numbered) -> None:
        assert tags.parse(str(tag)) == tag
        assert tags.of_version(tag.version()) == tag
        assert str(Version(tag.version())) == tag.version()

    @generated(500)
    @given(before=PINS, after=PINS, comment=COMMENTS)
    def test_pin_files(self, before: Pin, after: Pin, comment: str) -> None:
        text = pins.rewritten(comment, before)
        assert pins.parse(text, "") == before
        again = pins.rewritten(text, after)
        assert pins.parse(again, "") == after
        # Nothing else has changed: neither the comment, nor what comes after it.
        assert again.startswith(comment)
        assert again[len(comment) :] == pins.rewritten("", after)
        assert pins.rewritten(again, before) == text
        # The form of 2021, a bare commit, has no comment to keep.
        assert pins.rewritten(f"{before.commit}\n", after) == pins.rewritten("", after)


class TestOrder:
    @generated(500)
    @given(
        tags_=st.lists(SNAPSHOTS, min_size=2, max_size=6),
        llvm=st.lists(RELEASES, min_size=6, max_size=6),
    )
    def test_snapshots_with_versions_that_grow(
        self, tags_: list[Snapshot], llvm: list[tuple[int, int, int]]
    ) -> None:
        made = [
            tag.version("{}.{}.{}git".format(*release))
            for tag, release in zip(sorted(tags_), sorted(llvm), strict=False)
        ]
        assert sorted(made, key=Version) == made
        assert len({Version(it) for it in made}) >= len(set(tags_))

    @generated(500)
    @given(tags_=st.lists(NUMBERED, min_size=2, max_size=6))
    def test_numbered_ones(self, tags_: list[Numbered]) -> None:
        # As they are made: candidates before their final, rebuilds after what they rebuild.
        def age(tag: Numbered) -> tuple[list[int], int, int]:
            numbers, _, candidate = tag.llvm_version.partition("rc")
            return [int(part) for part in numbers.split(".")], int(candidate or 99), tag.number

        by_version = sorted(tags_, key=lambda tag: Version(tag.version()))
        assert [age(tag) for tag in by_version] == sorted(age(tag) for tag in tags_)
        assert sorted(tags_) == by_version

    def test_snapshots_sort_below_the_release_to_come(self) -> None:
        made = ["23.1.0", Snapshot(dt.date(2026, 11, 23), 99).version("24.0.0git"), "24.0.0rc1", "24.0.0"]
        assert all(Version(old) < Version(new) for old, new in itertools.pairwise(made))


class TestBadOnes:
    @generated(1500)
    @given(text=st.text(max_size=20) | st.from_regex(r"(snapshot|llvm)-[0-9.rc]*", fullmatch=True))
    def test_text_is_a_tag_or_one_line(self, text: str) -> None:
        tag = attempt(lambda: tags.parse(text))
        assert tags.known([text]) == (() if isinstance(tag, BadTag) else (tag,))
        assert isinstance(tag, BadTag) or str(tag) == text

    @generated(1000)
    @given(
        text=st.text(max_size=20)
        | st.from_regex(r"[0-9]{1,2}(\.([0-9]|dev2026[01][0-9]{5}|post[0-9])){2,3}(rc[0-9])?")
    )
    def test_text_is_a_version_or_one_line(self, text: str) -> None:
        tag = attempt(lambda: tags.of_version(text))
        if isinstance(tag, Snapshot):
            assert tag.version(text.partition(".dev")[0]) == text
        else:
            assert isinstance(tag, UserError) or tag.version() == text

    @generated(500)
    @given(pin=PINS, place=st.integers(0), what=st.characters())
    def test_a_pin_file_with_another_character_is_a_pin_or_one_line(
        self, pin: Pin, place: int, what: str
    ) -> None:
        text = pins.rewritten("# a comment\n", pin)
        place %= len(text)
        found = attempt(lambda: pins.parse(text[:place] + what + text[place + 1 :], "the pin"))
        assert isinstance(found, Pin | BadPin)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "snapshot-20261123.00",
            "snapshot-20261123.1",
            "snapshot-20261123.100",
            "snapshot-20261131.01",
            "snapshot-20261123.01\n",
            " snapshot-20261123.01",
            "refs/tags/snapshot-20261123.01",
            "snapshot-٢٠٢٦١١٢٣.01",
            "snapshot-00000101.01",
            "llvm-22.1.8",
            "llvm-22.1.8.00",
            "llvm-22.1.8rc0.01",
            "llvm-022.1.8.01",
            "llvm-22.1.8-rc1.01",
            "llvm-22.1.8git.01",
            "llvmorg-22.1.8.01",
            "v22.1.8",
        ],
    )
    def test_these_are_no_tags(self, text: str) -> None:
        with pytest.raises(BadTag, match=r"is not a (tag|day)"):
            tags.parse(text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "22.1",
            "22.1.8.post0",
            "22.1.8.post99",
            "22.1.8.dev0",
            "22.1.8.dev0+gca7933e47",
            "22.1.8.dev2026112300",
            "22.1.8.dev2026113101",
            "22.1.8git",
            "v22.1.8",
        ],
    )
    def test_no_tag_has_these_versions(self, text: str) -> None:
        with pytest.raises(BadTag, match=r"is not a (version|day)"):
            tags.of_version(text)


class TestNext:
    @generated(250)
    @given(used=st.lists(SNAPSHOTS, max_size=8), now=st.datetimes(dt.datetime(1000, 1, 2)))  # noqa: DTZ001 -- given one
    def test_a_snapshot_is_newer_than_all_used_ones(self, used: list[Snapshot], now: dt.datetime) -> None:
        now = now.replace(tzinfo=dt.UTC)
        following = attempt(lambda: tags.next_snapshot(used, now))
        if isinstance(following, UserError):
            assert max(used).number == LAST_NUMBER
        else:
            assert all(tag < following for tag in used)
            assert following.day == max([now.date(), *(tag.day for tag in used)])
            assert following.number == 1 or Snapshot(following.day, following.number - 1) in used

    @generated(250)
    @given(used=st.lists(NUMBERED, max_size=8), version=LLVM_VERSIONS)
    def test_a_numbered_one_follows_those_of_its_version(self, used: list[Numbered], version: str) -> None:
        own = [tag for tag in used if tag.llvm_version == version]
        following = attempt(lambda: tags.next_numbered(version, used))
        if isinstance(following, UserError):
            assert max(own).number == LAST_NUMBER
        else:
            assert following == Numbered(version, max((tag.number for tag in own), default=0) + 1)
            assert all(tag < following for tag in own)
