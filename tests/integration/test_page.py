"""The page for people, in a real browser."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

import machine
import npm
from browser import PROGRAM, Page, browser
from index_world import StaticServer
from mlir_release.publishing import page
from release_samples import SITE, commit, release, snapshots

if TYPE_CHECKING:
    from collections.abc import Iterator

AXE = "axe-core@4.14.1"
WIDTHS = (320, 390, 768, 1280, 1920)
# The list is filtered at every key: what nobody notices, on a machine that has other work as well.
LONGEST = 0.2


@pytest.fixture(scope="session")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser: Debian's."""
    folder = tmp_path_factory.mktemp("browser")
    with browser(machine.program(PROGRAM, folder), folder / "profile") as opened:
        yield opened


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core."""
    return npm.member(npm.fetch(AXE, tmp_path_factory.mktemp("axe")), "axe.min.js").read().decode()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a page with 2,000 releases and one of everything."""
    folder = tmp_path_factory.mktemp("site")
    many = list(snapshots(2000))
    all_kinds = [
        release("snapshot-20261123.02", pythons=("cp39", "cp312", "cp313t")),
        release("llvm-22.1.8.01"),
        release("llvm-23.1.0rc1.01"),
        release(many[4].manifest.tag, yanked="a reason of many words, with/a/path/that/is/long " * 3),
    ]
    for name, text in page.files([*all_kinds, *many[1:4], *many[5:]], SITE):
        (folder / name).write_text(text, encoding="utf-8")
    with StaticServer(folder) as server:
        yield f"{server.url}/"


def shown(tab: Page) -> list[str]:
    """The tags of the list's rows that can be seen."""
    found: list[str] = tab.value(
        "[...document.querySelectorAll('.releases tbody tr')].filter(r => r.offsetHeight).map(r => r.id)"
    )
    return found


def search(tab: Page, words: str) -> list[str]:
    """Type words into the empty search field."""
    tab.value("(i => { i.focus(); i.select() })(document.getElementById('query'))")
    tab.type(words)
    assert tab.value("document.getElementById('query').value") == words
    return shown(tab)


def count(tab: Page) -> str:
    return str(tab.value("document.getElementById('count').textContent"))


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("2026-10-05", ["snapshot-20261005.02", "snapshot-20261005.01"]),
            ("snapshot-20261005.01", ["snapshot-20261005.01"]),
            ("24.0.0.DEV2026100501", ["snapshot-20261005.01"]),
            (commit("snapshot-20261005.01"), ["snapshot-20261005.01"]),
            (commit("snapshot-20261005.01")[10:30], ["snapshot-20261005.01"]),
            (
                f"https://github.com/llvm/llvm-project/commit/{commit('snapshot-20261005.01')}/",
                ["snapshot-20261005.01"],
            ),
            ("  rc1   llvm-23 ", ["llvm-23.1.0rc1.01"]),
            ("yanked", ["snapshot-20261121.02"]),
            ("no such thing", []),
            (".*", []),
        ],
    )
    def test_by(self, tab: Page, site: str, words: str, found: list[str]) -> None:
        tab.open(site)
        assert search(tab, words) == found
        assert count(tab) == f"{len(found)} of 2,002 releases"
        assert tab.value("document.getElementById('nothing').offsetHeight > 0") is (not found)

    def test_many_are_shown_when_asked_for(self, tab: Page, site: str) -> None:
        tab.open(site)
        assert len(shown(tab)) == 100
        assert count(tab) == "2,002 of 2,002 releases, the newest 100 are shown"
        tab.click("#all")
        assert len(shown(tab)) == 2002
        assert search(tab, "2026-11-2") == shown(tab)
        assert len(shown(tab)) == 8

    def test_an_address_with_words(self, tab: Page, site: str) -> None:
        tab.open(f"{site}?q=llvm-22")
        assert shown(tab) == ["llvm-22.1.8.01"]
        search(tab, "rc1 & co")
        tab.press("Enter")
        assert tab.value("location.search") == "?q=rc1+%26+co"

    def test_an_address_of_a_release(self, tab: Page, site: str) -> None:
        tab.open(f"{site}#snapshot-20240301.01")
        assert "snapshot-20240301.01" in shown(tab)
        assert tab.value("document.querySelector(':target').getBoundingClientRect().top < innerHeight")

    def test_it_is_fast(self, tab: Page, site: str) -> None:
        tab.open(site)
        seconds = []
        for words in ("2", "20", "2026-1", "llvm", "zzz", ""):
            start = time.monotonic()
            tab.value(
                f"(i => {{ i.value = '{words}'; i.dispatchEvent(new Event('input'));"
                "return document.body.offsetHeight })(document.getElementById('query'))"
            )
            seconds.append(time.monotonic() - start)
        assert sorted(seconds)[len(seconds) // 2] < LONGEST, seconds


class TestCopy:
    def test_what_is_copied(self, tab: Page, site: str) -> None:
        tab.open(site)
        tab.pipe.ask(
            "Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"]
        )
        tab.click(".copy")
        assert tab.value(
            "new Promise(r => setTimeout(r, 100)).then(() => navigator.clipboard.readText())"
        ) == (
            f"pip install --no-deps --index-url {SITE.index} mlir-python-bindings==24.0.0.dev2026112302"
            " && pip install mlir-python-bindings==24.0.0.dev2026112302"
        )
        assert tab.value("document.getElementById('status').textContent") == "Copied."

    def test_where_that_is_not_allowed(self, tab: Page, site: str) -> None:
        tab.open(site)
        tab.value("navigator.clipboard.writeText = () => Promise.reject(new Error())")
        tab.click(".copy")
        tab.value("new Promise(r => setTimeout(r, 100))")
        assert "copy it with the keyboard" in tab.value("document.getElementById('status').textContent")
        assert tab.value("getSelection().toString()").startswith("pip install --no-deps --index-url https://")


class TestReaders:
    def test_without_a_script(self, tab: Page, site: str) -> None:
        tab.open(site, script=False)
        document = tab.ask("DOM.getDocument", depth=0)["root"]["nodeId"]

        def visible(selector: str) -> int:
            nodes = tab.ask("DOM.querySelectorAll", nodeId=document, selector=selector)["nodeIds"]
            return sum(_has_box(tab, node) for node in nodes)

        assert visible(".releases tbody tr") == 2002
        assert visible(".command") >= 4
        assert visible("button, .search, #nothing") == 0

    @pytest.mark.parametrize("width", WIDTHS)
    def test_nothing_is_wider_than_the_screen(self, tab: Page, site: str, width: int) -> None:
        tab.open(site, width=width)
        tab.value("document.querySelectorAll('details').forEach(it => { it.open = true })")
        assert tab.value("document.documentElement.scrollWidth") == width
        overhanging = tab.value(
            "[...document.querySelectorAll('body *')]"
            ".filter(it => !it.closest('.unseen, .skip, .platforms thead')"
            f" && it.getBoundingClientRect().right > {width}).map(it => it.outerHTML.slice(0, 80))"
        )
        assert overhanging == []

    def test_in_the_dark(self, tab: Page, site: str) -> None:
        def colours() -> list[str]:
            style = "getComputedStyle(document.body)"
            found: list[str] = tab.value(f"[{style}.backgroundColor, {style}.color]")
            return found

        tab.open(site)
        ground, text = colours()
        tab.open(site, dark=True)
        assert (ground, text) == ("rgb(255, 255, 255)", "rgb(26, 29, 35)")
        assert colours() == ["rgb(19, 21, 26)", "rgb(230, 232, 236)"]

    @pytest.mark.parametrize("dark", [False, True])
    @pytest.mark.parametrize("width", [320, 1280])
    def test_nothing_keeps_anybody_out(
        self, tab: Page, site: str, axe: str, width: int, *, dark: bool
    ) -> None:
        tab.open(f"{site}?q=2026-11", width=width, dark=dark)
        tab.value("document.querySelectorAll('details').forEach(it => { it.open = true })")
        tab.value(f"{axe};0")
        told = "`${it.id}: ${it.nodes[0].html}`"
        assert tab.value(f"axe.run().then(r => [...r.violations, ...r.incomplete].map(it => {told}))") == []

    @pytest.mark.parametrize("width", [320, 1280])
    def test_tables_stay_tables(self, tab: Page, site: str, width: int) -> None:
        """Whatever they look like: a reader of screens is told of rows and headings."""
        tab.open(f"{site}?q=llvm-22", width=width)
        nodes = tab.ask("Accessibility.getFullAXTree")["nodes"]
        roles = [it["role"]["value"] for it in nodes if not it["ignored"]]
        assert roles.count("table") == 2
        # Five systems and the release that is searched for.
        assert roles.count("rowheader") == 6
        assert roles.count("columnheader") == 6

    def test_the_keyboard_reaches_all(self, tab: Page, site: str) -> None:
        tab.open(f"{site}?q=llvm-22")
        tab.press("Tab")
        assert tab.value("document.activeElement.className") == "skip"
        assert tab.value("document.activeElement.getBoundingClientRect().top >= 0")
        reached = set()
        for _ in range(80):
            tab.press("Tab")
            reached.add(tab.value("document.activeElement.id || document.activeElement.className"))
        assert {"query", "copy"} <= reached

    def test_the_browser_does_not_complain(self, tab: Page, site: str) -> None:
        tab.open(site)
        tab.click(".copy")
        search(tab, "llvm")
        tab.click("summary")
        assert tab.complaints() == []


def _has_box(tab: Page, node: int) -> bool:
    try:
        tab.ask("DOM.getBoxModel", nodeId=node)
    except AssertionError:  # "Could not compute box model": it is not shown
        return False
    return True
