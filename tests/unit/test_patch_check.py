from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlir_release.errors import UserError
from mlir_release.source.patches import PatchFailed, apply, load_all, touched
from mlir_release.train.patch_check import PatchesFail, failures, parse_patches

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.source.patches import Patch

HEADER = """\
Why: a test
Upstream: https://example.org/
Drop-when: never
Applies-to: >=22

"""
LINES = [f"line {number}" for number in range(1, 41)]
# Every tenth line is changed, each by a hunk of its own.
CHANGED = (5, 15, 25, 35)


def hunks(path: str, lines: tuple[int, ...] = CHANGED, old: str = "line", new: str = "LINE") -> str:
    """A diff that changes some of the lines, with one line of context on either side."""
    parts = [f"--- a/{path}\n+++ b/{path}\n"]
    for number in lines:
        before, after = f" line {number - 1}\n", f" line {number + 1}\n"
        parts.append(
            f"@@ -{number - 1},3 +{number - 1},3 @@\n{before}-{old} {number}\n+{new} {number}\n{after}"
        )
    return "".join(parts)


def carried(folder: Path, *diffs: str) -> tuple[Patch, ...]:
    folder.mkdir(exist_ok=True)
    for number, diff in enumerate(diffs, 1):
        (folder / f"{number:04}-test.patch").write_text(HEADER + diff)
    return load_all(folder)


def tree(folder: Path, *, broken: tuple[int, ...] = (), names: tuple[str, ...] = ("mlir/a",)) -> Path:
    """Files whose lines are as expected, but for some."""
    text = "".join(f"{'other' if int(line.split()[1]) in broken else line}\n" for line in LINES)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_what_applies_has_no_failures_and_is_applied(tmp_path: Path) -> None:
    chosen = carried(tmp_path / "p", hunks("mlir/a"), hunks("mlir/a", (5,), old="LINE", new="again"))
    files = tree(tmp_path / "tree")
    assert failures(chosen, files) == []
    assert (files / "mlir/a").read_text().splitlines()[4] == "again 5"


def test_every_failure_is_named_with_patch_file_and_hunk(tmp_path: Path) -> None:
    chosen = carried(tmp_path / "p", hunks("mlir/a") + hunks("mlir/gone"), hunks("mlir/b", (15,)))
    files = tree(tmp_path / "tree", broken=(15, 36), names=("mlir/a", "mlir/b"))
    assert failures(chosen, files) == [
        "0001-test.patch: mlir/a, hunk 2 (line 14): line 15 should be 'line 15', but there is 'other'",
        "0001-test.patch: mlir/a, hunk 4 (line 34): line 36 should be 'line 36', but there is 'other'",
        "0001-test.patch: mlir/gone is not in the tree",
        "0002-test.patch: mlir/b, hunk 1 (line 14): line 15 should be 'line 15', but there is 'other'",
    ]


def test_the_build_names_them_all_too(tmp_path: Path) -> None:
    (patch,) = carried(tmp_path / "p", hunks("mlir/a"))
    with pytest.raises(PatchFailed) as caught:
        apply(patch, tree(tmp_path / "tree", broken=(5, 25)))
    assert "mlir/a, hunk 1 (line 4): " in str(caught.value)
    assert "mlir/a, hunk 3 (line 24): " in str(caught.value)


def test_a_patch_that_builds_on_a_hunk_that_fits_is_not_blamed(tmp_path: Path) -> None:
    chosen = carried(tmp_path / "p", hunks("mlir/a"), hunks("mlir/a", (5,), old="LINE", new="again"))
    found = failures(chosen, tree(tmp_path / "tree", broken=(25,)))
    assert [line.partition(" (")[0] for line in found] == ["0001-test.patch: mlir/a, hunk 3"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(broken=st.sets(st.integers(1, 40)), shift=st.integers(0, 3))
def test_exactly_the_hunks_whose_lines_are_not_there_fail(
    tmp_path: Path, broken: set[int], shift: int
) -> None:
    (patch,) = carried(tmp_path / "p", hunks("mlir/a"))
    shutil.rmtree(tmp_path / "tree", ignore_errors=True)
    files = tree(tmp_path / "tree", broken=tuple(broken))
    text = "new\n" * shift + (files / "mlir/a").read_text()
    (files / "mlir/a").write_text(text)
    expected = [
        number for number, middle in enumerate(CHANGED, 1) if broken & {middle - 1, middle, middle + 1}
    ]
    found = failures([patch], files)
    assert [int(line.partition("hunk ")[2].split()[0]) for line in found] == expected
    # What is there now is the text with the other hunks.
    wanted = text.splitlines()
    for number, middle in enumerate(CHANGED, 1):
        if number not in expected:
            wanted[middle - 1 + shift] = f"LINE {middle}"
    assert (files / "mlir/a").read_text().splitlines() == wanted


def test_touched_are_all_files_once(tmp_path: Path) -> None:
    new = "--- /dev/null\n+++ b/mlir/new\n@@ -0,0 +1 @@\n+x\n"
    chosen = carried(tmp_path / "p", hunks("mlir/b") + hunks("mlir/a"), new + hunks("mlir/b"))
    assert touched(chosen) == ("mlir/a", "mlir/b", "mlir/new")
    assert touched([]) == ()


def test_a_patch_that_names_a_file_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="names a file more than once"):
        carried(tmp_path / "p", hunks("mlir/a", (5,)) + hunks("mlir/a", (15,)))


def test_the_error_names_the_patches_that_failed(tmp_path: Path) -> None:
    chosen = carried(tmp_path / "p", hunks("mlir/a"), hunks("mlir/b"))
    lines = failures(chosen, tree(tmp_path / "tree"))
    message = str(PatchesFail(chosen, lines, "LLVM 24.0.0git"))
    assert message.startswith(
        "0002-test.patch cannot be applied to LLVM 24.0.0git in the 1 place named above; "
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["--comit", "x"],
            "unrecognized arguments: --comit x; the options are: [--commit SHA | --llvm-project",
        ),
        (["--commit", "HEAD"], "--commit HEAD is no commit; give its 40 hexadecimal digits"),
        (["--commit="], "is no commit"),
        (["--commit", "a" * 40, "--llvm-project", "."], "not allowed with"),
        (["--llvm-project", ""], "no folder is named"),
    ],
)
def test_slips_on_the_command_line_are_one_line(words: list[str], complaint: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_patches(words)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
