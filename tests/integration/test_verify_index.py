"""A package index on a web server is looked at, down to each file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
import stamina

from index_world import StaticServer
from mlir_release.errors import UserError
from mlir_release.publishing import verify
from mlir_release.publishing.index import simple
from mlir_release.publishing.index.model import Index, Released
from mlir_release.publishing.verify import NotAsItShould
from verify_samples import BINDINGS, SDK, TAG, VERSION, ReleaseSet, changed, release_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Site:
    """An index of one release, and the release beside it, as the web has them."""

    def __init__(self, folder: Path, server: StaticServer) -> None:
        self.folder, self.url = folder, server.url
        self.made: ReleaseSet = release_set(folder / "download" / TAG)
        index = Index((Released(manifest=self.made.manifest, published=None),), f"{server.url}/download")
        for name, text in simple.files(index):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

    @property
    def simple(self) -> str:
        return f"{self.url}/simple/"

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a page and the JSON beside it, or only one of them."""
        pages = [self.folder / name] if name.endswith((".html", ".json")) else (self.folder / name).iterdir()
        for page in pages:
            page.write_text(page.read_text().replace(old, new))

    def sha256(self, distribution: str) -> str:
        return next(it.sha256 for it in self.made.manifest.files if it.distribution == distribution)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with StaticServer(tmp_path / "web") as server, stamina.set_testing(True, attempts=2, cap=True):
        yield Site(tmp_path / "web", server)


def wrong(site: Site, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    with pytest.raises(NotAsItShould):
        verify.run([site.simple], site.folder)
    return capsys.readouterr().out


@pytest.mark.parametrize("path", ["simple/", "simple", "", "/"])
def test_a_good_one(site: Site, capsys: pytest.CaptureFixture[str], path: str) -> None:
    verify.run([f"{site.url}/{path}"], site.folder)
    output = capsys.readouterr().out
    for file in site.made.manifest.files:
        assert f"good   {file.name}" in output
    assert f"good   {site.simple}{SDK}/  1 files" in output
    assert "WRONG" not in output


def test_one_version_of_it(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    verify.run([site.simple, "--version", VERSION], site.folder)
    assert f"good   {site.made.path(SDK).name}" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"offers no file of 22\.1$"):
        verify.run([site.simple, "--version", "22.1"], site.folder)


def _damage(site: Site) -> None:
    changed(site.made.path(SDK), lambda _, data: data.replace(b"\x00\x01", b"\x01\x00"))


def _metadata(site: Site, text: str) -> None:
    path = site.made.path(SDK)
    path.with_name(f"{path.name}.metadata").write_text(text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it.made.path(SDK).unlink(), "cannot be had (404 File not found)"),
        (_damage, "the index says "),
        (_damage, "mlir_sdk/lib.so is not what its RECORD says"),
        (lambda it: it.edit(f"simple/{SDK}", it.sha256(SDK), "0" * 64), "the index says 0000"),
        (lambda it: it.edit(f"simple/{SDK}", f"#sha256={it.sha256(SDK)}", ""), "says no sha256 of it (None)"),
        (lambda it: it.edit(f"simple/{SDK}/index.html", "sha256=", "md5="), "says no sha256 of its metadata"),
        (
            lambda it: it.edit(f"simple/{SDK}", "&gt;=3.9", "&gt;=3.8"),
            "for Python >=3.9, the index says >=3.8",
        ),
        (
            lambda it: it.edit(f"simple/{SDK}/index.json", ">=3.9", ">=3.8"),
            "index.json says something else of mlir_",
        ),
        (
            lambda it: it.edit(f"simple/{SDK}/index.json", "{", "["),
            "index.json: it is not what PEP 691 describes",
        ),
        (lambda it: it.edit(f"simple/{SDK}/index.html", "<a ", "<b "), "only index.json has mlir_sdk"),
        (lambda it: _metadata(it, "Name: x"), ".metadata is not its METADATA"),
        (lambda it: it.edit("simple/index.html", f"{SDK}/", "nowhere/"), "nowhere/ cannot be had (404"),
        (lambda it: it.edit("simple/index.html", f"{SDK}/", f"{BINDINGS}/"), f"it is listed under {SDK}"),
        (lambda it: it.edit(f"simple/{SDK}", "-py3-none", "-py3"), "it is not called as a wheel is"),
        (
            lambda it: it.edit(f"simple/{SDK}", "x86_64.whl<", "/../../x.whl<"),
            "none of a wheel of ours, so it",
        ),
        (lambda it: it.edit(f"simple/{SDK}", 'href="http', 'href="http://[x'), "a link that leads nowhere"),
    ],
)
def test_what_is_wrong(
    site: Site, capsys: pytest.CaptureFixture[str], change: Callable[[Site], object], said: str
) -> None:
    change(site)
    output = wrong(site, capsys)
    assert said in output
    # The other project is looked at all the same.
    assert f"good   {site.made.path(BINDINGS).name}" in output


def test_an_index_whose_pages_are_gone_is_nobodys_mistake(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (SDK, BINDINGS):
        (site.folder / "simple" / name / "index.html").unlink()
    output = wrong(site, capsys)
    for name in (SDK, BINDINGS):
        assert f"WRONG  {site.simple}{name}/\n" in output


def test_an_index_without_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (site.folder / "simple" / SDK / "index.json").unlink()
    verify.run([site.simple], site.folder)
    assert f"not compared: {site.simple}{SDK}/index.json cannot be had (404" in capsys.readouterr().out


def test_a_page_that_is_no_index(site: Site) -> None:
    (site.folder / "simple" / "index.html").write_text(json.dumps("nothing"))
    with pytest.raises(UserError, match=r"is no index of this project's: it has 0 links"):
        verify.run([site.simple], site.folder)


def test_nobody_answers(site: Site) -> None:
    port = httpx.URL(site.url).port
    assert port
    with pytest.raises(UserError, match=r"cannot be had \(.*[Cc]onn"):
        verify.run([f"http://127.0.0.1:{1 if port != 1 else 2}/simple/"], site.folder)
