"""What an index says of releases, in the forms that installers read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from index_samples import digest, file_of, manifest_of
from mlir_release.publishing.index import simple
from mlir_release.publishing.index.model import Index, Released

if TYPE_CHECKING:
    from mlir_release.publishing.manifest import File

BASE = "https://github.com/owner/name/releases/download"
PUBLISHED = dt.datetime(2026, 11, 23, 5, 6, 7, tzinfo=dt.timezone(dt.timedelta(hours=1)))
SNAPSHOT = "24.0.0.dev2026112301"
NAME = f"mlir_python_bindings-{SNAPSHOT}-cp311-cp311-manylinux_2_28_x86_64.whl"


class Anchors(HTMLParser):
    """The links of a page, as any program reads HTML: attributes, and the text, of each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], str]] = []
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = True
            self.found.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._open:
            attributes, text = self.found[-1]
            self.found[-1] = (attributes, text + data)


def released(version: str, *files: File, yanked: str | None = None) -> Released:
    return Released(manifest=manifest_of(version, files), published=PUBLISHED, yanked=yanked)


def wheel(name: str = NAME, requires_python: str | None = ">=3.9, <4") -> File:
    return file_of(name, 123, digest(name.encode()), digest(b"metadata"), requires_python=requires_python)


def made(*releases: Released) -> dict[str, str]:
    return dict(simple.files(Index(releases, BASE)))


def detail(files: dict[str, str], project: str = "mlir-python-bindings") -> Any:
    return json.loads(files[f"simple/{project}/index.json"])


def test_a_file_as_installers_read_it() -> None:
    files = made(released(SNAPSHOT, wheel()))
    ((attributes, text),) = Anchors(files["simple/mlir-python-bindings/index.html"]).found
    assert text == NAME
    metadata = f"sha256={digest(b'metadata')}"
    assert attributes == {
        "href": f"{BASE}/snapshot-20261123.01/{NAME}#sha256={digest(NAME.encode())}",
        "data-requires-python": ">=3.9, <4",
        "data-core-metadata": metadata,
        "data-dist-info-metadata": metadata,
    }


def test_what_a_page_has_is_escaped() -> None:
    page = made(released(SNAPSHOT, wheel(), yanked='wrong "<x>"'))["simple/mlir-python-bindings/index.html"]
    assert 'data-requires-python="&gt;=3.9, &lt;4"' in page
    assert 'data-yanked="wrong &quot;&lt;x&gt;&quot;"' in page


def test_the_same_file_as_json() -> None:
    told = detail(made(released(SNAPSHOT, wheel())))
    metadata = {"sha256": digest(b"metadata")}
    assert told == {
        "meta": {"api-version": "1.1"},
        "name": "mlir-python-bindings",
        "versions": [SNAPSHOT],
        "files": [
            {
                "filename": NAME,
                "url": f"{BASE}/snapshot-20261123.01/{NAME}",
                "hashes": {"sha256": digest(NAME.encode())},
                "requires-python": ">=3.9, <4",
                "core-metadata": metadata,
                "dist-info-metadata": metadata,
                "size": 123,
                "upload-time": "2026-11-23T04:06:07.000000Z",
                "yanked": False,
            }
        ],
    }


def test_what_is_not_known_is_left_out() -> None:
    release = dataclasses.replace(released(SNAPSHOT, wheel(requires_python=None)), published=None)
    files = made(release)
    (file,) = detail(files)["files"]
    assert not {"requires-python", "upload-time"} & file.keys()
    assert "data-requires-python" not in files["simple/mlir-python-bindings/index.html"]


def test_a_yanked_release_is_there_with_its_reason() -> None:
    files = made(released(SNAPSHOT, wheel(), yanked="crashes"))
    assert detail(files)["files"][0]["yanked"] == "crashes"
    assert detail(files)["versions"] == [SNAPSHOT]
    ((attributes, _),) = Anchors(files["simple/mlir-python-bindings/index.html"]).found
    assert attributes["data-yanked"] == "crashes"


def of(version: str) -> Released:
    platform = "manylinux_2_28_x86_64"
    return released(
        version,
        wheel(f"mlir_python_bindings-{version}-cp39-cp39-{platform}.whl"),
        wheel(f"mlir_python_bindings-{version}-cp310-cp310-{platform}.whl"),
        wheel(f"mlir_sdk-{version}-py3-none-{platform}.whl"),
    )


ALL = [of(version) for version in ("9.1.0rc1", "9.1.0", "9.1.0.post1", "10.0.0.dev2026110102", SNAPSHOT)]


def test_projects_and_their_versions_in_order() -> None:
    files = made(*ALL)
    root = [attributes["href"] for attributes, _ in Anchors(files["simple/index.html"]).found]
    assert root == ["mlir-python-bindings/", "mlir-sdk/"]
    assert json.loads(files["simple/index.json"]) == {
        "meta": {"api-version": "1.1"},
        "projects": [{"name": "mlir-python-bindings"}, {"name": "mlir-sdk"}],
    }
    versions = [it.manifest.version for it in ALL]
    assert detail(files)["versions"] == detail(files, "mlir-sdk")["versions"] == versions
    assert len(detail(files)["files"]) == 2 * len(ALL)


def test_the_flat_page_has_every_file_with_all_that_is_known_of_it() -> None:
    files = made(*ALL)
    both = [files[f"simple/{name}/index.html"] for name in ("mlir-python-bindings", "mlir-sdk")]
    expected = [anchor for page in both for anchor in Anchors(page).found]
    assert Anchors(files["flat.html"]).found == expected
    assert len(expected) == 15


@given(st.permutations(ALL))
def test_the_same_releases_make_the_same_files(releases: list[Released]) -> None:
    assert made(*releases) == made(*ALL)


@given(st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1))
def test_any_reason_is_read_as_it_was_written(reason: str) -> None:
    files = made(released(SNAPSHOT, wheel(), yanked=reason))
    ((attributes, _),) = Anchors(files["simple/mlir-python-bindings/index.html"]).found
    assert attributes["data-yanked"] == reason == detail(files)["files"][0]["yanked"]
