from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlir_release.errors import UserError
from mlir_release.source.patches import BadPatch, Patch, PatchFailed, apply, load_all, select

PATCHES = Path(__file__).parents[2] / "patches"
HEADER = """\
Why: because
  of this
Upstream: https://example.org/1
Drop-when: never
Applies-to: ==22.*

"""
BODY = """\
--- a/mlir/file.txt
+++ b/mlir/file.txt
@@ -3,3 +3,3 @@
 line 3
-line 4
+line four
 line 5
@@ -12,3 +12,4 @@
 line 12
 line 13
+line 13a
 line 14
"""
LINES = "".join(f"line {number}\n" for number in range(1, 21))
PATCHED = LINES.replace("line 4\n", "line four\n").replace("line 13\n", "line 13\nline 13a\n")

per_example = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def write(folder: Path, content: str | bytes, name: str = "0007-some-thing.patch") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def one(folder: Path, body: str = BODY) -> Patch:
    write(folder, HEADER + body)
    (patch,) = load_all(folder)
    return patch


def tree(tmp_path: Path, text: str = LINES) -> Path:
    target = tmp_path / "tree" / "mlir" / "file.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())
    return target


def failure(patch: Patch, root: Path) -> str:
    with pytest.raises(PatchFailed) as caught:
        apply(patch, root)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_header_is_read(tmp_path: Path) -> None:
    patch = one(tmp_path / "p")
    assert patch.name == "0007-some-thing.patch"
    assert patch.sha256 == hashlib.sha256((HEADER + BODY).encode()).hexdigest()
    assert (patch.why, patch.upstream, patch.drop_when) == (
        "because of this",
        "https://example.org/1",
        "never",
    )
    assert patch.path == tmp_path / "p" / patch.name


@pytest.mark.parametrize(
    ("version", "chosen"),
    [
        ("22.0.0git", True),
        ("22.1.0rc2", True),
        ("22.1.8", True),
        ("21.1.9", False),
        ("23.0.0git", False),
        ("23.1.0rc1", False),
    ],
)
def test_a_patch_belongs_to_a_release_line(tmp_path: Path, version: str, *, chosen: bool) -> None:
    patch = one(tmp_path / "p")
    assert select([patch], version) == ((patch,) if chosen else ())


def test_patches_come_in_the_order_of_their_names_and_other_files_are_left_alone(tmp_path: Path) -> None:
    for number in ("0003", "0001", "0002"):
        write(tmp_path, HEADER + BODY, f"{number}-x.patch")
    write(tmp_path, "not a patch", "README.md")
    assert [patch.name[:4] for patch in load_all(tmp_path)] == ["0001", "0002", "0003"]


def test_exact(tmp_path: Path) -> None:
    target = tree(tmp_path)
    apply(one(tmp_path / "p"), tmp_path / "tree")
    assert target.read_text() == PATCHED


def test_moved_hunks_are_found_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tree(tmp_path, "new\n" * 5 + LINES)
    apply(one(tmp_path / "p"), tmp_path / "tree")
    assert target.read_text() == "new\n" * 5 + PATCHED
    said = capsys.readouterr().out
    assert "0007-some-thing.patch: mlir/file.txt, hunk 1 applied +5 lines" in said
    assert "hunk 2" not in said


@pytest.mark.parametrize("number", [3, 4, 5])
def test_no_fuzz_one_other_context_line_names_file_and_hunk(tmp_path: Path, number: int) -> None:
    text = LINES.replace(f"line {number}\n", "other\n")
    target = tree(tmp_path, text)
    message = failure(one(tmp_path / "p"), tmp_path / "tree")
    assert str(tmp_path / "p" / "0007-some-thing.patch") in message
    assert "mlir/file.txt, hunk 1 (line 3)" in message
    assert f"line {number} should be 'line {number}', but there is 'other'" in message
    assert target.read_text() == text


def test_the_second_hunk_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    text = LINES.replace("line 13\n", "")
    target = tree(tmp_path, text)
    assert "hunk 2 (line 12)" in failure(one(tmp_path / "p"), tmp_path / "tree")
    assert target.read_text() == text


def test_a_file_that_fails_keeps_the_others_unchanged(tmp_path: Path) -> None:
    target = tree(tmp_path)
    patch = one(tmp_path / "p", BODY + BODY.replace("file.txt", "gone.txt"))
    assert "mlir/gone.txt is not in the tree" in failure(patch, tmp_path / "tree")
    assert target.read_text() == LINES


def test_an_empty_file_is_one_line(tmp_path: Path) -> None:
    tree(tmp_path, "")
    assert "but the file ends" in failure(one(tmp_path / "p"), tmp_path / "tree")


def test_a_patch_does_not_apply_twice(tmp_path: Path) -> None:
    tree(tmp_path)
    apply(one(tmp_path / "p"), tmp_path / "tree")
    assert "hunk 1" in failure(one(tmp_path / "p"), tmp_path / "tree")


def test_new_files(tmp_path: Path) -> None:
    patch = one(tmp_path / "p", "--- /dev/null\n+++ b/mlir/new/file.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n")
    apply(patch, tmp_path / "tree")
    assert (tmp_path / "tree/mlir/new/file.txt").read_text() == "one\ntwo\n"
    assert "already in the tree" in failure(patch, tmp_path / "tree")


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_line_ends_other_bytes_and_form_feeds_are_kept(tmp_path: Path, ending: str) -> None:
    target = tree(tmp_path)
    target.write_bytes(b"\xff\x0cstart" + ending.encode() + b"old" + ending.encode() + b"\x85end")
    body = f"--- a/mlir/file.txt\n+++ b/mlir/file.txt\n@@ -2 +2 @@\n-old{ending}+new{ending}"
    apply(one(tmp_path / "p", body), tmp_path / "tree")
    assert target.read_bytes() == b"\xff\x0cstart" + ending.encode() + b"new" + ending.encode() + b"\x85end"


@per_example
@pytest.mark.skipif(not shutil.which("git"), reason="git is what is compared with")
@given(
    old=st.lists(st.sampled_from("abcd"), min_size=1, max_size=12),
    new=st.lists(st.sampled_from("abcd"), min_size=1, max_size=12),
    ends=st.tuples(st.booleans(), st.booleans()),
)
def test_what_git_writes_gives_what_git_had(
    tmp_path: Path, old: list[str], new: list[str], ends: tuple[bool, bool]
) -> None:
    before = "\n".join(old) + "\n" * ends[0]
    after = "\n".join(new) + "\n" * ends[1]
    target = tree(tmp_path, before)
    root = tmp_path / "compare"
    for side, text in (("a", before), ("b", after)):
        shutil.rmtree(root / side, ignore_errors=True)
        (root / side / "mlir").mkdir(parents=True)
        (root / side / "mlir" / "file.txt").write_text(text)
    command = ["git", "diff", "--no-index", "--no-prefix", "--no-color", "-U1", "a", "b"]
    diff = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    if diff:
        apply(one(tmp_path / "p", diff), tmp_path / "tree")
    assert target.read_text() == after


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "there is no unified diff in it"),
        (HEADER, "there is no unified diff in it"),
        (b"\xff\xfe\x00binary", "it is not text"),
        (BODY, "does not say Why:"),
        (HEADER.replace("Upstream: https://example.org/1\n", "") + BODY, "does not say Upstream:"),
        (HEADER.replace("never", "") + BODY, "does not say Drop-when:"),
        (HEADER.replace("==22.*", "22.x") + BODY, "'22.x' is not a version specifier"),
        (HEADER + HEADER + BODY, "two lines Why:"),
        (HEADER + BODY[:-10], "its diff cannot be read"),
        (HEADER + BODY.replace("@@ -12,3 +12,4 @@", "@@ -12,1 +12,1 @@"), "outside of what its hunks count"),
        (HEADER + BODY.replace("@@ -3,3 +3,3 @@", "@@ -3,9 +3,9 @@"), "its diff cannot be read"),
        (HEADER + BODY.replace("mlir/file.txt", "../file.txt"), "not a path below"),
        (HEADER + BODY.replace("/mlir/file.txt", "//etc/passwd"), "not a path below"),
        (HEADER + BODY.replace("+++ b/mlir/file.txt", "+++ b/mlir/other.txt"), "renamed, removed"),
        (HEADER + "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "renamed, removed"),
        (HEADER + "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", "renamed, removed"),
        (HEADER + "--- a/x\n+++ b/x\n@@ -3,0 +4 @@\n+x\n", "hunk 1: it has no context lines"),
    ],
)
def test_malformed_patches_are_one_line_that_names_the_file(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(BadPatch) as caught:
        load_all(tmp_path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert said in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("name", ["fix.patch", "1-x.patch", "0001.patch", "0001-X.patch"])
def test_names_have_a_number_and_words(tmp_path: Path, name: str) -> None:
    write(tmp_path, HEADER + BODY, name)
    with pytest.raises(BadPatch, match="its name is not like"):
        load_all(tmp_path)


@per_example
@given(content=st.binary(max_size=300), position=st.integers(0, len(HEADER + BODY)))
def test_damaged_patches_load_or_are_one_line(tmp_path: Path, content: bytes, position: int) -> None:
    raw = (HEADER + BODY).encode()
    write(tmp_path, raw[:position] + content)
    try:
        names = [patch.name for patch in load_all(tmp_path)]
    except BadPatch as error:
        lines = str(error).splitlines()
    else:
        lines = names
    assert len(lines) == 1


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_all(tmp_path / "nowhere")


def test_the_projects_own_patches_apply_to_the_lines_they_name(tmp_path: Path) -> None:
    first, *_ = load_all(PATCHES)
    assert first.name == "0001-python-3.9.patch"
    target = tmp_path / "mlir/cmake/modules/MLIRDetectPythonEnv.cmake"
    target.parent.mkdir(parents=True)
    # The first lines of upstream's file in 22.1.8.
    target.write_text(
        "# Macros and functions related to detecting details of the Python environment.\n\n"
        "set(MLIR_MINIMUM_PYTHON_VERSION 3.10)\n"
        "# Finds and configures python packages needed to build MLIR Python bindings.\n"
        "macro(mlir_configure_python_dev_packages)\n"
        "  if(NOT MLIR_DISABLE_CONFIGURE_PYTHON_DEV_PACKAGES)\n"
    )
    apply(first, tmp_path)
    assert "set(MLIR_MINIMUM_PYTHON_VERSION 3.9)\n" in target.read_text()
    assert select([first], "22.1.8")
    assert not select([first], "23.0.0git")
