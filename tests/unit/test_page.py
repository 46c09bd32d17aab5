"""What the page for people says, from manifests: no browser is needed for that."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from mlir_release.errors import UserError
from mlir_release.publishing import page
from mlir_release.publishing.page import Site
from release_samples import PROJECT, PYTHONS, SITE, release, snapshots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.publishing.page import Release


def html(*releases: Release) -> str:
    return dict(page.files(releases, SITE))["index.html"]


class Reader(HTMLParser):
    """The page's text in one line, its links, its elements with their attributes."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(content)
        self.text = re.sub(r"\s+", " ", "".join(self.words))
        self.links = [it["href"] for name, it in self.elements if name == "a"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(*releases: Release) -> Reader:
    return Reader(html(*releases))


def cards(*tags: str, yanked: Sequence[str] = ()) -> str:
    """What is said before the list of all releases."""
    made = [release(tag, yanked="broken" if tag in yanked else None) for tag in tags]
    return (
        read(*made).text.partition("Newest snapshot for each platform")[0].partition("All releases Search")[0]
    )


class TestNewest:
    def test_of_each_kind(self) -> None:
        text = cards("snapshot-20261122.01", "snapshot-20261123.01", "llvm-22.1.8.01", "llvm-22.1.7.01")
        assert re.search(r"Newest snapshot 24\.0\.0\.dev2026112301 .*Newest release 22\.1\.8 ", text)
        assert "22.1.7" not in text
        assert "2026112201" not in text

    @pytest.mark.parametrize(
        ("tags", "shown"),
        [
            (["llvm-23.1.0rc1.01", "llvm-22.1.8.01"], True),
            (["llvm-23.1.0rc1.01", "llvm-23.1.0.01"], False),
            (["llvm-23.1.0rc1.01"], True),
        ],
    )
    def test_a_candidate_until_its_release_is_there(self, tags: list[str], *, shown: bool) -> None:
        assert ("Newest release candidate 23.1.0rc1" in cards(*tags)) is shown

    def test_a_rebuild_is_newer(self) -> None:
        assert "Newest release 22.1.8.post1" in cards("llvm-22.1.8.01", "llvm-22.1.8.02")

    def test_what_is_yanked_is_not_recommended(self) -> None:
        tags = ["snapshot-20261122.01", "snapshot-20261123.01"]
        assert "Newest snapshot 24.0.0.dev2026112201" in cards(*tags, yanked=tags[1:])

    def test_nothing_at_all(self) -> None:
        assert "Nothing is published yet." in read().text


class TestCommands:
    def test_one_index_at_a_time(self) -> None:
        text = read(release("snapshot-20261123.01")).text
        version, index = "24.0.0.dev2026112301", "https://example.github.io/mlir-py-release/simple/"
        bindings = f"mlir-python-bindings=={version}"
        assert f" pip install --no-deps --index-url {index} {bindings} && pip install {bindings} " in text
        alone = f"uv pip install --no-deps --default-index {index} {bindings}"
        assert f" {alone} && uv pip install {bindings} " in text
        assert f" pip install --index-url {index} mlir-tools=={version} " in text
        assert "--extra-index-url" not in text
        assert "--find-links " not in text.partition("(for --find-links)")[0]

    @pytest.mark.parametrize(
        "url",
        ["javascript:alert(1)", "https://x y", "https://x;rm", "https://$(x)", "https://x'y", "https://`x`"],
    )
    def test_a_url_that_is_more_than_that(self, url: str) -> None:
        with pytest.raises(UserError, match="is no URL that the page can link to"):
            Site(index=url, project=PROJECT)
        with pytest.raises(UserError, match="is no URL that the page can link to"):
            replace(release("llvm-22.1.8.01"), notes=url)


class TestPlatforms:
    def test_the_newest_wheel_of_each(self) -> None:
        old = release("snapshot-20261120.01", pythons=("cp39", "cp312"))
        new = release("snapshot-20261123.01", pythons=("cp312", "cp313t"), targets=("linux-x86_64",))
        found = {
            it["title"]: it["href"] for name, it in read(old, new).elements if name == "a" and "title" in it
        }
        names = {
            "mlir-python-bindings for Python 3.12 on Linux x86_64, from snapshot-20261123.01, 32.4 MB",
            "mlir-python-bindings for Python 3.13t on Linux x86_64, from snapshot-20261123.01, 32.4 MB",
            "mlir-python-bindings for Python 3.9 on Linux x86_64, from snapshot-20261120.01, 32.4 MB",
            "mlir-python-bindings for Python 3.12 on macOS arm64, from snapshot-20261120.01, 32.4 MB",
            "mlir-sdk on Windows amd64, from snapshot-20261120.01, 32.4 MB",
        }
        assert names <= found.keys()
        assert found[max(names)] == (
            f"{PROJECT}/releases/download/snapshot-20261120.01/"
            "mlir_sdk-24.0.0.dev2026112001-py3-none-win_amd64.whl"
        )

    def test_older_ones_say_so(self) -> None:
        old = release("snapshot-20261120.01", pythons=("cp39",), targets=("linux-x86_64",))
        new = release("snapshot-20261123.01", pythons=("cp312",), targets=("linux-x86_64",))
        text = read(old, new).text
        assert "3.9 of 2026-11-20" in text
        assert "3.12 of" not in text

    def test_interpreters_come_by_age(self) -> None:
        text = read(release("snapshot-20261123.01", pythons=(*PYTHONS, "cp313t"))).text
        assert "Linux x86_64 3.9 3.10 3.11 3.12 3.13 3.13t llvm-sdk" in text


class TestList:
    def test_all_of_it_is_there_without_the_script(self) -> None:
        made = [*snapshots(200), release("llvm-22.1.8.01")]
        reader = read(*made)
        for it in made:
            tag = it.manifest.tag
            assert f"https://github.com/llvm/llvm-project/commit/{it.manifest.llvm_commit}" in reader.links
            assert f"{PROJECT}/releases/tag/{tag}" in reader.links
            assert f"{PROJECT}/releases/download/{tag}/manifest.json" in reader.links

    def test_newest_first(self) -> None:
        made = list(snapshots(6))
        table = read(*made[::-1]).text.partition("LLVM commit")[2]
        assert re.findall(r"snapshot-\d{8}\.\d\d", table) == [it.manifest.tag for it in made]

    def test_when_it_was_published_is_told_in_utc(self) -> None:
        zone = dt.timezone(dt.timedelta(hours=-8))
        made = release("llvm-22.1.8.01", dt.datetime(2026, 8, 31, 20, 30, tzinfo=zone))
        assert "2026-09-01 04:30 UTC" in read(made).text

    def test_what_is_not_known_is_not_told(self) -> None:
        made = replace(release("snapshot-20261123.01"), published=None, notes=None)
        reader = read(made, release("snapshot-20261122.01"))
        assert "Publishedunknown" in reader.text
        assert f"{PROJECT}/releases/tag/snapshot-20261123.01" not in reader.links
        # It is the first of the list all the same: the name of a snapshot tells its day.
        assert reader.text.partition("LLVM commit")[2].strip().startswith("snapshot-20261123.01")

    def test_yanked_ones_say_why(self) -> None:
        text = read(release("llvm-22.1.8.01", yanked="crashes"), release("llvm-22.1.7.01", yanked="")).text
        assert "yanked: crashes" in text
        assert re.search(r"manifestyanked ?20", text)

    def test_a_rehearsal_says_so(self) -> None:
        assert "llvm-22.1.8.01 (rehearsal)" in read(release("llvm-22.1.8.01", rehearsal=True)).text


def test_text_from_outside_stays_text() -> None:
    evil = "</p><script>alert(1)</script>\" onmouseover='x' & {{ 7 * 7 }}"
    content = html(release("llvm-22.1.8.01", yanked=evil))
    assert Reader(content).text.count(evil) == 1
    assert [it for it in Reader(content).elements if it[0] == "script"] == [
        it for it in Reader(html()).elements if it[0] == "script"
    ]


def test_the_same_page_for_the_same_releases() -> None:
    made = [*snapshots(20), release("llvm-22.1.8.01")]
    one, other = dict(page.files(made, SITE)), dict(page.files(made[::-1], SITE))
    assert one == other
    assert one.keys() == {"index.html", "page.css", "page.js"}


def test_it_loads_nothing_from_elsewhere() -> None:
    content = dict(page.files([release("llvm-22.1.8.01")], SITE))
    loaded = [
        str(it.get("src") or it.get("href"))
        for name, it in Reader(content["index.html"]).elements
        if name in {"script", "link", "img", "iframe"}
    ]
    assert [it for it in loaded if not it.startswith(("page.css?", "page.js?", "data:"))] == []
    assert "url(" not in content["page.css"]
    assert not re.search(r"https?:", content["page.css"] + content["page.js"])
