from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.source.apt import offered
from mlir_release.source.apt_sources import AptSource, parse_deb822, parse_one_line

WORD = st.from_regex(r"[a-z0-9][a-z0-9./_-]*", fullmatch=True)
SOURCES = st.builds(
    AptSource,
    uri=WORD.map("http://{}".format),
    suite=WORD,
    components=st.lists(WORD, max_size=3).map(" ".join),
    options=st.sampled_from(
        [(), (("signed-by", "/keys/a.gpg"),), (("signed-by", "/k.gpg"), ("trusted", "yes"))]
    ),
)
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----"
SHA256 = "b49b9277aef97616320b2da259e1f8174c65b0ce2fbe2e8629644a97693402fe"


@given(sources=st.lists(SOURCES, max_size=4))
def test_what_is_written_for_apt_is_read_back(sources: list[AptSource]) -> None:
    assert list(parse_deb822("\n".join(source.stanza() for source in sources))) == sources


@given(source=SOURCES)
def test_both_forms_say_the_same(source: AptSource) -> None:
    options = " ".join(f"{name}={value}" for name, value in source.options)
    line = f"deb [arch=amd64 {options}] {source.uri} {source.suite} {source.components}"
    assert list(parse_one_line(line)) == [source]


@given(text=st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    for source in (*parse_one_line(text), *parse_deb822(text)):
        assert source.uri
        assert source.suite


def test_deb822_as_distributions_write_it() -> None:
    text = (
        "# comment\nTypes: deb deb-src\n# in between\nURIs: http://one http://two\nSuites: a a-updates\n"
        f"Components: main\n contrib\nSigned-By:\n {KEY}\nArchitectures: amd64\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off\nSuites: x\nComponents: main\n"
    )
    found = list(parse_deb822(text))
    assert [(one.uri, one.suite) for one in found] == [
        ("http://one", "a"),
        ("http://one", "a-updates"),
        ("http://two", "a"),
        ("http://two", "a-updates"),
    ]
    assert {one.components for one in found} == {"main contrib"}
    assert found[0].options == (("signed-by", KEY),)
    assert f"signed-by: {KEY}\n" in found[0].stanza()


@pytest.mark.parametrize(
    "line",
    ["", "# deb http://x stable main", "rpm http://x stable main", "deb cdrom:[Debian 12]/ bookworm main"],
)
def test_lines_that_are_no_source_on_the_network(line: str) -> None:
    assert list(parse_one_line(line)) == []


def test_a_comment_after_a_source_is_no_component() -> None:
    (source,) = parse_one_line("deb-src http://x stable main contrib # and more")
    assert (source.components, source.options) == ("main contrib", ())


def test_the_version_with_that_very_file_is_chosen() -> None:
    def stanza(version: str, sha256: str) -> str:
        return (
            f"Package: p\nVersion: {version}\nChecksums-Sha256:\n {'0' * 64} 7 p.dsc\n"
            f" {sha256} 196630560 p.orig.tar.xz\nDirectory: pool\n"
        )

    index = "W: something\n" + "\n".join(
        [stanza("1:3-1", "1" * 64), stanza("1:2-1", SHA256), stanza("1:1-1", "2" * 64)]
    )
    assert offered(index, "p.orig.tar.xz", SHA256) == ("1:2-1", 196630560)
    assert offered(index, "p_orig.tar.xz", SHA256) is None
    assert offered(index, "p.orig.tar.xz", "3" * 64) is None
    assert offered("", "p.orig.tar.xz", SHA256) is None
