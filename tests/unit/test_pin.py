from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlir_release.pin import FILE_NAME, BadPin, Pin, parse, read, rewritten

COMMIT = "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1"
SHA256 = "b49b9277aef97616320b2da259e1f8174c65b0ce2fbe2e8629644a97693402fe"
GOOD = f"""\
commit = "{COMMIT}"
version = "22.1.8"
ref = "llvmorg-22.1.8"

[archives]
"llvm-project-22.1.8.src.tar.xz" = "{SHA256}"
"""
COMMITS = st.binary(min_size=20, max_size=20).map(bytes.hex)
SHA256S = st.binary(min_size=32, max_size=32).map(bytes.hex)
VERSIONS = st.from_regex(r"[0-9]{1,3}\.[0-9]{1,2}\.[0-9]{1,2}(rc[1-9])?", fullmatch=True)
REFS = st.text(string.ascii_letters + string.digits + "._-/", min_size=1)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.+~-]*", fullmatch=True)

# The file is written anew for every example.
per_example = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    return path


def assert_one_line(path: Path) -> None:
    with pytest.raises(BadPin) as caught:
        read(path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith(str(path))
    assert "expected TOML" in message


def test_the_projects_own_pin_is_read() -> None:
    pin = read(Path(__file__).parents[2] / FILE_NAME)
    assert len(pin.commit) == 40
    assert pin.version
    assert pin.ref
    assert pin.archives


@per_example
@given(
    commit=COMMITS,
    version=VERSIONS,
    ref=REFS,
    python=st.none() | st.from_regex(r"3\.[0-9]{1,2}", fullmatch=True),
    archives=st.dictionaries(NAMES, SHA256S),
)
def test_toml(
    tmp_path: Path, *, commit: str, version: str, ref: str, python: str | None, archives: dict[str, str]
) -> None:
    table = "".join(f'"{name}" = "{value}"\n' for name, value in archives.items())
    lowest = f'python = "{python}"\n' if python else ""
    text = f'commit = "{commit}"\nversion = "{version}"\nref = "{ref}"\n{lowest}[archives]\n{table}'
    pin = read(write(tmp_path, text.encode()))
    assert pin == Pin(commit=commit, version=version, ref=ref, python=python, archives=archives)
    assert parse(rewritten("# why\n", pin), "") == pin


@per_example
@given(commit=COMMITS, before=st.text(" \t\r\n"), after=st.text(" \t\r\n"))
def test_bare_commit(tmp_path: Path, commit: str, before: str, after: str) -> None:
    pin = read(write(tmp_path, f"{before}{commit}{after}".encode()))
    assert pin == Pin(commit=commit, version=None, ref=None, archives={})


@per_example
@given(content=st.binary(max_size=400))
def test_binary_content_is_one_line(tmp_path: Path, content: bytes) -> None:
    assert_one_line(write(tmp_path, content))


@per_example
@given(content=st.text(max_size=400))
def test_other_text_is_one_line(tmp_path: Path, content: str) -> None:
    assert_one_line(write(tmp_path, content.encode(errors="surrogatepass")))


@pytest.mark.parametrize("length", range(len(GOOD.encode()) - 2))
def test_a_pin_cut_short_is_refused_or_lacks_only_archives(tmp_path: Path, length: int) -> None:
    path = write(tmp_path, GOOD.encode()[:length])
    # From here on all three values are complete, and nothing shows that more was meant.
    complete = GOOD.index("\n\n")
    table = GOOD.index("[archives]")
    if complete <= length <= table or length in (table + len("[archives]"), table + len("[archives]\n")):
        assert read(path) == Pin(commit=COMMIT, version="22.1.8", ref="llvmorg-22.1.8", archives={})
    else:
        assert_one_line(path)


@per_example
@given(data=st.data())
def test_one_changed_byte_is_one_line_or_a_pin(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(GOOD.encode())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = write(tmp_path, bytes(content))
    try:
        pin = read(path)
    except BadPin:
        assert_one_line(path)
    else:
        assert len(pin.commit) == 40
        assert pin.version is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"commit": COMMIT[:39]}, "commit"),
        ({"commit": COMMIT.upper()}, "commit"),
        ({"commit": 12}, "commit"),
        ({"version": "22.1"}, "version"),
        ({"version": "v22.1.8"}, "version"),
        ({"version": "٢٢.1.8"}, "version"),
        ({"version": "22.1.8\\n"}, "version"),
        ({"python": "3"}, "python"),
        ({"python": "2.7"}, "python"),
        ({"python": 3.1}, "python"),
        ({"ref": ""}, "ref"),
        ({"ref": "a b"}, "ref"),
        ({"comit": COMMIT}, "unknown key 'comit'"),
        ({"archives": 3}, "archives must be a table"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    values = {"commit": COMMIT, "version": "22.1.8", "ref": "main", **changes}
    text = "".join(
        f'{name} = "{value}"\n' if isinstance(value, str) else f"{name} = {value}\n"
        for name, value in values.items()
    )
    path = write(tmp_path, text.encode())
    assert_one_line(path)
    with pytest.raises(BadPin, match=said):
        read(path)


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("../x.tar.xz", SHA256),
        ("", SHA256),
        (".", SHA256),
        ("..", SHA256),
        ("a\\\\b", SHA256),
        ("x", SHA256[:-1]),
    ],
)
def test_archives_are_file_names_with_a_sha256(tmp_path: Path, name: str, sha256: str) -> None:
    text = f'commit = "{COMMIT}"\nversion = "22.1.8"\nref = "main"\n[archives]\n"{name}" = "{sha256}"\n'
    assert_one_line(write(tmp_path, text.encode()))


@pytest.mark.parametrize(
    "value", ["[" * 30_000, "9" * 30_000, '"\\uD800"'], ids=["nesting", "number", "surrogate"]
)
def test_values_that_break_a_parser_are_one_line(tmp_path: Path, value: str) -> None:
    assert_one_line(write(tmp_path, f"commit = {value}\n".encode()))


def test_missing_folder_and_oversized_files_are_one_line(tmp_path: Path) -> None:
    assert_one_line(tmp_path / "nowhere" / FILE_NAME)
    assert_one_line(tmp_path)
    assert_one_line(write(tmp_path, b"#" * 70_000))
    assert_one_line(write(tmp_path, COMMIT.encode() * 2000))
