"""The manifest of a release: one form, and nothing else is read."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlir_release.publishing.manifest import (
    BadManifest,
    TestRun,
    parse,
    read,
    text,
)
from release_samples import manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TAG = "llvm-22.1.8.02"
SHA256 = "0123456789abcdef" * 4
# As it is in a release, for tests that change it.
WHOLE = text(manifest(TAG))


def refusal(content: str) -> str:
    with pytest.raises(BadManifest) as caught:
        parse(content, "a test")
    said = str(caught.value)
    assert said.startswith("a test is no manifest of a release: ")
    assert said.isprintable()
    assert len(said) < 1000
    return said


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    """The refusal of a manifest with a change."""
    content = json.loads(WHOLE)
    change(content)
    return refusal(json.dumps(content))


@pytest.mark.parametrize(
    ("tag", "llvm"),
    [
        ("llvm-22.1.8.01", "22.1.8"),
        ("llvm-22.1.8.02", "22.1.8"),
        ("llvm-23.1.0rc1.01", "23.1.0rc1"),
        ("snapshot-20261123.01", "24.0.0git"),
    ],
)
def test_what_is_written_is_read(tag: str, llvm: str) -> None:
    made = manifest(tag, llvm=llvm, rehearsal=True)
    assert parse(text(made), "here") == made
    assert json.loads(text(made))["schema"] == 1
    assert text(made).endswith("}\n")


NUMBERS = st.integers(min_value=0, max_value=2**53)
SUMS = st.binary(min_size=32, max_size=32).map(bytes.hex)
RUNS = st.builds(
    TestRun,
    suite=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True),
    passed=NUMBERS.filter(bool),
    failed=st.just(0),
    skipped=NUMBERS,
)
CHANGES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "size": st.integers(min_value=1, max_value=10**8 - 1),
        "sha256": SUMS,
        "metadata_sha256": SUMS,
        "requires_python": st.sampled_from([None, ">=3.9", ">=3.9,<3.14"]),
        "compiler": st.text(min_size=1, max_size=50).filter(str.isprintable),
        "tests": st.lists(RUNS, min_size=1, max_size=3, unique_by=lambda run: run.suite).map(tuple),
    }
)


@given(st.data())
def test_round_trip(data: st.DataObject) -> None:
    made = manifest(TAG)
    chosen = data.draw(st.sets(st.sampled_from(range(len(made.files))), min_size=1))
    files = tuple(dataclasses.replace(made.files[it], **data.draw(CHANGES)) for it in sorted(chosen))
    made = dataclasses.replace(made, files=files, rehearsal=data.draw(st.booleans()))
    assert parse(text(made), "here") == made


def tables(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in a document."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from tables(item)


STRANGE = st.one_of(
    st.floats(),
    st.text(max_size=3).map(lambda it: f"\n{it}"),
    st.integers(max_value=-1),
    st.just([None]),
    st.just({}),
    st.just("x" * 1001),
    st.integers(min_value=2**53 + 1),
)


@settings(max_examples=500)
@given(st.data())
def test_any_value_of_another_form_is_one_line(data: st.DataObject) -> None:
    content = json.loads(WHOLE)
    table = data.draw(st.sampled_from(list(tables(content))))
    key = data.draw(st.sampled_from(sorted(table)))
    value = table.pop(key)
    action = data.draw(st.sampled_from(["remove", "rename", "replace"]))
    if action == "rename":
        table[f"{key}{data.draw(st.text(min_size=1, max_size=3))}"] = value
    if action == "replace":
        table[key] = data.draw(STRANGE)
    refusal(json.dumps(content))


@settings(max_examples=1000)
@given(st.data())
def test_any_mutation_of_the_text_is_one_line_or_another_manifest(data: st.DataObject) -> None:
    start = data.draw(st.integers(min_value=0, max_value=len(WHOLE)))
    length = data.draw(st.integers(min_value=0, max_value=40))
    put = data.draw(
        st.one_of(st.text(max_size=10), st.sampled_from([WHOLE[:200], "\x00", "[" * 5000, "9" * 5000]))
    )
    mutated = WHOLE[:start] + put + WHOLE[start + length :]
    try:
        found = parse(mutated, "a test")
    except BadManifest:
        refusal(mutated)
    else:
        assert parse(text(found), "again") == found


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "not JSON"),
        ("[]", "it is a list, not a table"),
        ("{}", "it has no schema"),
        ('{"schema": 2}', "its schema is 2, and 1 is the one that is known here"),
        ('{"schema": 1, "schema": 1}', "the key 'schema' is in a table twice"),
        ('{"schema": NaN}', "NaN is no number"),
        (" " * 5_000_000, "5000000 characters are too many"),
    ],
)
def test_what_is_no_manifest_at_all(content: str, complaint: str) -> None:
    assert complaint in refusal(content)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("tag", "v1", "'v1' is not a tag like"),
        ("tag", "llvm-22.1.8.01", "its version 22.1.8.post1 is of llvm-22.1.8.02, not of llvm-22.1.8.01"),
        ("llvm_version", "22.1.7", "22.1.8.post1 is no version of LLVM 22.1.7"),
        ("llvm_commit", "ABCDEF0123" * 4, "has the llvm_commit 'ABCDEF0123"),
        ("rehearsal", 1, "has the rehearsal 1, not true or false"),
        ("files", [], "it lists no files"),
        ("patches", [{"name": "../x.patch", "sha256": SHA256}], "patches 1 has the name '../x.patch'"),
        ("more", 1, "it has the unknown key 'more'"),
    ],
)
def test_what_does_not_belong_together(key: str, value: Any, complaint: str) -> None:
    assert complaint in changed(lambda content: content.update({key: value}))


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("name", "../mlir_sdk-22.1.8.post1-py3-none-win_amd64.whl", "has the name '../mlir"),
        ("name", "a/b-22.1.8.post1-py3-none-win_amd64.whl", "has the name 'a/b"),
        ("name", "mlir_sdk-22.1.8.post1-1-py3-none-win_amd64.whl", "is no file of"),
        ("name", "mlir_sdk-22.1.8.post1.whl", "Invalid wheel filename"),
        ("distribution", "mlir-tools", "is no file of mlir-tools 22.1.8.post1"),
        ("version", "22.1.8", "is of version 22.1.8, not 22.1.8.post1"),
        ("python", "cp312", "is not for cp312"),
        ("python", "cp39t", "is not for cp39t"),
        ("tags", ["cp39-cp39-win_amd64", "x"], "has other tags than"),
        ("target", "linux-aarch64", "is not for linux-aarch64"),
        ("size", 10**8, "has 100000000 bytes, and must have less than 100000000"),
        ("size", 0, "has the size 0"),
        ("sha256", SHA256[1:], "has the sha256"),
        ("requires_python", "3.9 or so", "has the requires_python '3.9 or so', not versions of Python"),
        ("tests", [], "has not passed tests"),
        ("tests", [{"suite": "own", "passed": 3, "failed": 1, "skipped": 0}], "has not passed tests"),
        ("tests", [{"suite": "own", "passed": 0, "failed": 0, "skipped": 9}], "has not passed tests"),
        ("tests", [{"suite": "own", "passed": 1, "failed": 0, "skipped": 0}] * 2, "own is in it twice"),
    ],
)
def test_a_file_that_is_not_what_it_says(key: str, value: Any, complaint: str) -> None:
    def change(content: dict[str, Any]) -> None:
        content["files"] = [content["files"][0] | {key: value}]

    assert complaint in changed(change)


def test_files_once_and_in_order() -> None:
    def double(content: dict[str, Any]) -> None:
        content["files"].append(copy.deepcopy(content["files"][-1]))

    assert "is in it twice" in changed(double)
    assert "not in the order" in changed(lambda content: content["files"].reverse())

    def same_slot(content: dict[str, Any]) -> None:
        first, second = content["files"][:2]
        first["target"] = second["target"]

    assert "wheel of llvm-sdk for py3 on" in changed(same_slot)


def test_as_many_files_as_github_takes() -> None:
    """A wheel brings its metadata, a release its manifest and sums: below 1,000 are 498 wheels."""

    def wheels(count: int) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(text(manifest(TAG)))
        first = content["files"][0]
        rest = first["name"].partition("-")[2]
        content["files"] = [
            first | {"distribution": f"x{it}", "name": f"x{it}-{rest}"} for it in range(100, 100 + count)
        ]
        return content

    assert len(parse(json.dumps(wheels(498)), "here").files) == 498
    with pytest.raises(BadManifest, match="its files are 1000, and must be less than 1000"):
        parse(json.dumps(wheels(499)), "here")


def test_a_file_of_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    for content, complaint in ((None, "No such file"), (b"\xff", "it is not text"), (b"{", "not JSON")):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(BadManifest, match=complaint) as caught:
            read(path)
        assert str(path) in str(caught.value)
    path.write_text(text(manifest(TAG)))
    assert read(path) == manifest(TAG)
