from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import replace
from pathlib import Path

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options as GitHub  # type: ignore[import-untyped]
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mlir_release.pin import Pin
from mlir_release.source.patches import Patch
from mlir_release.tags import Numbered, Snapshot, Tag
from mlir_release.train.markdown import code, printable, prose
from mlir_release.train.notes import Changes, ReleaseFacts, ReleaseFile, notes
from mlir_release.train.pin_report import age
from mlir_release.train.released import previous
from mlir_release.train.upstream import Commit

SNAPSHOT = Snapshot(dt.date(2026, 11, 23), 1)
WHEN = dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.UTC)
PATCH = Patch(
    name="0001-some-thing.patch",
    sha256="0" * 64,
    applies_to=SpecifierSet(">=24"),
    why="Without it, *nothing* works.",
    upstream="https://github.com/llvm/llvm-project/pull/163499 raised it (see https://example.org/a_b_c).",
    drop_when="never",
    path=Path("patches/0001-some-thing.patch"),
)
WHEEL = ReleaseFile(name="mlir_sdk-24.0.0.dev2026112301-py3-none-any.whl", size=52_100_000, sha256="e" * 64)
URL = "https://github.com/llvm/mlir-py-release"
FACTS = ReleaseFacts(
    tag=SNAPSHOT,
    version="24.0.0.dev2026112301",
    pin=Pin(commit="a" * 40, version="24.0.0git", ref="main"),
    committed=WHEN,
    patches=(PATCH,),
    changes=Changes(since=Snapshot(dt.date(2026, 11, 22), 2), old="b" * 40, commits=()),
    imported=("mlir-python-bindings",),
    packages=("mlir-sdk",),
    files=(WHEEL,),
    url=URL,
)
# What git and people can put into a line, with what means something to GitHub more often than by chance.
MARKS = st.sampled_from(
    [
        "@llvm",
        "#123",
        "GH-1",
        "llvm/llvm-project#5",
        "<b>",
        "</li>",
        "<!--",
        "`",
        "``",
        "](x)",
        "![",
        "|",
        "\\",
        "*",
        "__",
        "~~",
        "$x$",
        "&amp;",
        "\n",
        "\r\n# h\n",
        "- ",
        "1. ",
        "> ",
        "    ",
        "\x1b[31m",
        "\u202e",
        "\u2028",
        "www.example.org",
        "https://example.org/x",
        "a@b.example",
        ":tada:",
        "```\n",
        "<script>",
        " ",
    ]
)
TEXTS = st.lists(MARKS | st.text(max_size=8), max_size=8).map("".join)


def rendered(markdown: str) -> str:
    """As GitHub's own implementation renders it."""
    options = GitHub.CMARK_OPT_GITHUB_PRE_LANG | GitHub.CMARK_OPT_UNSAFE
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown, options))


def commit(subject: str, digit: str = "c") -> Commit:
    return Commit(sha=digit * 40, committed=WHEN, subject=subject)


def with_commits(*subjects: str) -> ReleaseFacts:
    assert FACTS.changes
    return replace(FACTS, changes=replace(FACTS.changes, commits=tuple(commit(it) for it in subjects)))


class TestText:
    @given(text=TEXTS)
    def test_a_code_span_is_one_line_of_code_and_nothing_else(self, text: str) -> None:
        assume(len(text) <= 200)
        page = rendered(f"- {code(text)}\n- next\n")
        found = re.fullmatch(r"<ul>\n<li><code>([^<]*)</code></li>\n<li>next</li>\n</ul>\n", page)
        assert found, page
        assert html.unescape(found[1]) == (printable(text) or "-")

    @given(text=TEXTS)
    def test_prose_reads_as_written_and_only_links(self, text: str) -> None:
        page = rendered(f"- {code('x')}: {prose(text)}\n- next\n")
        found = re.fullmatch(r"<ul>\n<li><code>x</code>: ?(.*)</li>\n<li>next</li>\n</ul>\n", page, re.DOTALL)
        assert found, page
        assert set(re.findall(r"</?(\w+)", found[1])) <= {"a"}
        shown = html.unescape(re.sub(r"<[^>]*>", "", found[1]))
        assert shown.replace("\u200b", "") == printable(text)
        # Neither of people nor of numbers: an address of the web is what it is.
        said = html.unescape(re.sub(r"<a [^>]*>.*?</a>", "", found[1]))
        assert not re.search(r"@\w|#\d|\bGH-\d", said)

    @given(text=st.text())
    def test_printable_is_one_line_that_steers_nothing(self, text: str) -> None:
        shown = printable(text)
        assert len(shown.splitlines()) <= 1
        assert shown.encode().decode() == shown
        assert not set(shown) & set("\x1b\x07\b\u202e\u2066")

    def test_a_long_one_is_cut(self) -> None:
        assert code("x" * 300) == f"`{'x' * 199}…`"


class TestNotes:
    def test_the_whole_of_a_small_one(self) -> None:
        place = f"{URL}/releases/expanded_assets/snapshot-20261123.01"
        llvm = "https://github.com/llvm/llvm-project"
        bindings = "mlir-python-bindings==24.0.0.dev2026112301"
        assert (
            notes(with_commits("[mlir][python] Add `x` (#1)"))
            == f"""\
Version `24.0.0.dev2026112301`, built from LLVM 24.0.0git (`main`): commit \
[`{"a" * 40}`]({llvm}/commit/{"a" * 40}) of 2026-11-22.

## Install

```sh
pip install --no-deps --no-index --find-links {place} {bindings} && pip install {bindings}
pip install --no-index --find-links {place} mlir-sdk==24.0.0.dev2026112301
```

## Patches

- `0001-some-thing.patch`: Without it, \\*nothing\\* works.
  Upstream: <https://github.com/llvm/llvm-project/pull/163499> raised it (see <https://example.org/a_b_c>).

## Upstream changes to MLIR's Python bindings

Since [`snapshot-20261122.02`]({URL}/releases/tag/snapshot-20261122.02): 1 commit \
([all changes in LLVM]({llvm}/compare/{"b" * 40}...{"a" * 40})).

- [`ccccccccc`]({llvm}/commit/{"c" * 40}) 2026-11-22 ``[mlir][python] Add `x` (#1)``

## Files

| File | MB | SHA-256 |
| --- | ---: | --- |
| `mlir_sdk-24.0.0.dev2026112301-py3-none-any.whl` | 52.1 | `{"e" * 64}` |
"""
        )

    @pytest.mark.parametrize("url", [URL, None])
    def test_nothing_is_installed_by_its_name_alone(self, url: str | None) -> None:
        """Nobody may own that name on the usual index, or somebody else."""
        text = notes(replace(FACTS, tag=Numbered("23.1.0rc1", 1), version="23.1.0rc1", url=url))
        place = f"{URL}/releases/expanded_assets/llvm-23.1.0rc1.01" if url else "FOLDER"
        first = [line.partition(" && ")[0] for line in text.splitlines() if "pip install" in line]
        assert first == [
            f"pip install --no-deps --no-index --find-links {place} mlir-python-bindings==23.1.0rc1",
            f"pip install --no-index --find-links {place} mlir-sdk==23.1.0rc1",
        ]

    def test_what_is_not_known_is_said(self) -> None:
        assert FACTS.changes
        text = notes(
            replace(
                FACTS,
                committed=None,
                patches=(),
                changes=replace(FACTS.changes, commits=None),
                files=(),
                url=None,
            )
        )
        assert "whose date was not at hand." in text
        assert "None: upstream's source as it is." in text
        assert "Since `snapshot-20261122.02`: not listed, for upstream's history was not at hand" in text
        assert "FOLDER is where the files of this release were downloaded to.\n\n```sh\n" in text
        assert "## Files" not in text
        assert "This is the first release of its kind." in notes(replace(FACTS, changes=None))

    def test_many_changes_are_bounded(self) -> None:
        text = notes(with_commits(*(f"number {number}" for number in range(61))))
        assert text.count("- [`ccccccccc`]") == 50
        assert "): 61 commits (" in text
        assert "`number 49`\n- and 11 more\n" in text
        assert "and 0 more" not in notes(with_commits(*["x"] * 50))

    @given(subjects=st.lists(TEXTS, max_size=3), why=TEXTS)
    def test_nothing_from_outside_changes_the_page(self, subjects: list[str], why: str) -> None:
        facts = replace(with_commits(*subjects), patches=(replace(PATCH, why=why, upstream=why),))
        text = notes(facts)
        assert text == notes(facts)
        page = rendered(text)
        # As many of each as in a page with harmless texts, but for links that are in the texts.
        harmless = replace(
            with_commits(*["x"] * len(subjects)), patches=(replace(PATCH, why="x", upstream="x"),)
        )
        for tag in (
            "h1",
            "h2",
            "li",
            "ul",
            "ol",
            "p",
            "pre",
            "code",
            "table",
            "td",
            "em",
            "strong",
            "img",
            "del",
        ):
            assert page.count(f"<{tag}") == rendered(notes(harmless)).count(f"<{tag}"), tag
        assert not re.search(r"@\w|#\d", re.sub(r"<(code|a)\b[^>]*>.*?</\1>", "", html.unescape(page)))


TAGS = st.builds(Snapshot, st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 9)), st.integers(1, 3)) | st.builds(
    Numbered, st.sampled_from(["22.1.0rc1", "22.1.0", "22.1.8", "23.1.0rc2", "23.1.0"]), st.integers(1, 3)
)


@given(tag=TAGS, others=st.sets(TAGS))
def test_the_release_before_is_the_newest_older_one_of_its_kind(tag: Tag, others: set[Tag]) -> None:
    def version(it: Tag) -> Version:
        return Version(it.version("24.0.0git") if isinstance(it, Snapshot) else it.version())

    def line(it: Tag) -> str:
        return "snapshots" if isinstance(it, Snapshot) else it.llvm_version[:2]

    found = previous(tag, others)
    older = [it for it in others if line(it) == line(tag) and version(it) < version(tag)]
    assert found == (max(older, key=version) if older else None)


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "0 days ago"), (1, "1 day ago"), (40, "40 days ago"), (-1, "after this machine's clock")],
)
def test_age(days: int, said: str) -> None:
    assert age(WHEN, WHEN + dt.timedelta(days, hours=1)) == f"2026-11-22 14:05 UTC ({said})"
