from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlir_release.distributions import Distribution, MadePer
from mlir_release.errors import UserError
from mlir_release.repair import ensure_small, repair, same_kind, stow
from mlir_release.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NAME = "mlir_python_bindings-{version}-cp39-cp39-manylinux_2_36_x86_64.whl"


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    return tmp_path / "wheelhouse"


def wheel(folder: Path, name: str, content: str = "wheel") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content)
    return folder / name


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_stow_makes_the_wheelhouse_and_replaces_older_ones_of_the_interpreter(
    tmp_path: Path, wheelhouse: Path
) -> None:
    kept = [
        "mlir_python_bindings-22.1.7-cp310-cp310-manylinux_2_36_x86_64.whl",
        "mlir_sdk-22.1.7-cp39-cp39-manylinux_2_36_x86_64.whl",
        "notes.txt",
    ]
    first = stow(wheel(tmp_path, NAME.format(version="22.1.7")), wheelhouse)
    assert first == wheelhouse / NAME.format(version="22.1.7")
    for name in kept:
        wheel(wheelhouse, name)
    wheel(wheelhouse, "mlir_python_bindings-22.1.6-cp39-cp39-manylinux_2_34_x86_64.whl")
    second = stow(wheel(tmp_path, NAME.format(version="22.1.8"), "newer"), wheelhouse)
    assert second.read_text() == "newer"
    assert names(wheelhouse) == sorted([*kept, second.name])


def test_stow_renews_a_file_with_other_bytes_and_leaves_the_same_alone(
    tmp_path: Path, wheelhouse: Path
) -> None:
    source = wheel(tmp_path, NAME.format(version="22.1.8"), "whole")
    place = wheel(wheelhouse, source.name, "cut")
    assert stow(source, wheelhouse) == place
    assert place.read_text() == "whole"
    before = place.stat()
    stow(source, wheelhouse)
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_stow_clears_away_what_a_killed_one_left_but_not_what_another_is_writing(
    tmp_path: Path, wheelhouse: Path
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    source = wheel(tmp_path, NAME.format(version="22.1.8"))
    left = wheel(wheelhouse, f".{NAME.format(version='22.1.7')}.{ended.pid}.part", "ha")
    # The parent of the tests is certainly alive.
    others = wheel(wheelhouse, f".{NAME.format(version='22.1.7')}.{os.getppid()}.part", "ha")
    place = stow(source, wheelhouse)
    assert names(wheelhouse) == sorted([others.name, place.name])
    assert not left.exists()


def test_stow_into_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    source = wheel(tmp_path, NAME.format(version="22.1.8"))
    with pytest.raises(UserError, match="cannot write to") as caught:
        # Below a regular file nobody can write, root included.
        stow(source, tmp_path / "file" / "wheelhouse")
    assert len(str(caught.value).splitlines()) == 1


def test_stow_knows_the_wheels_of_a_platform(tmp_path: Path, wheelhouse: Path) -> None:
    name = "mlir_sdk-{}-py3-none-manylinux_2_28_x86_64.whl"
    kept = wheel(wheelhouse, "mlir_sdk_extra-22.1.7-py3-none-manylinux_2_28_x86_64.whl")
    wheel(wheelhouse, name.format("22.1.7"))
    place = stow(wheel(tmp_path, name.format("22.1.8")), wheelhouse)
    assert names(wheelhouse) == sorted([kept.name, place.name])


def test_stow_leaves_the_wheels_of_other_systems(tmp_path: Path, wheelhouse: Path) -> None:
    name = "mlir_sdk-{}-py3-none-{}.whl"
    others = ["musllinux_1_2_x86_64", "manylinux_2_28_aarch64", "macosx_11_0_arm64", "macosx_11_0_x86_64"]
    kept = [wheel(wheelhouse, name.format("22.1.7", platform)).name for platform in [*others, "win_amd64"]]
    # Those are of one system, whatever they need of it.
    for platform in ("manylinux_2_17_x86_64.manylinux2014_x86_64", "linux_x86_64", "manylinux1_x86_64"):
        wheel(wheelhouse, name.format("22.1.7", platform))
    place = stow(wheel(tmp_path, name.format("22.1.8", "manylinux_2_28_x86_64")), wheelhouse)
    assert names(wheelhouse) == sorted([*kept, place.name])
    place = stow(wheel(tmp_path, name.format("22.1.8", "musllinux_1_2_x86_64")), wheelhouse)
    assert names(wheelhouse) == sorted(
        [*kept[1:], name.format("22.1.8", "manylinux_2_28_x86_64"), place.name]
    )


def test_a_wheel_that_is_too_large_says_both_sizes(tmp_path: Path) -> None:
    source = wheel(tmp_path, NAME.format(version="22.1.8"), "x" * 1_500_000)

    def limited(megabytes: float | None) -> Distribution:
        return Distribution(
            name="x",
            folder=tmp_path,
            requires=(),
            targets=(),
            made_per=MadePer.INTERPRETER,
            max_megabytes=megabytes,
        )

    ensure_small(source, limited(None))
    ensure_small(source, limited(1.5))
    with pytest.raises(
        UserError, match=r"^mlir_python_\S+ is too large: it has 1\.5 MB, and may have 1 MB; "
    ):
        ensure_small(source, limited(1))


def test_same_kind_knows_build_tags_and_local_versions(tmp_path: Path) -> None:
    same = [
        "mlir_python_bindings-22.1.8-1-cp39-cp39-linux_x86_64.whl",
        "mlir_python_bindings-22.1.8.dev0+gca7933e47-cp39-cp39-manylinux_2_36_x86_64.whl",
    ]
    for name in [
        *same,
        "mlir_python_bindings-22.1.8-cp310-cp310-linux_x86_64.whl",
        "mlir_python_bindings_extra-22.1.8-cp39-cp39-linux_x86_64.whl",
        "mlir_python_bindings-22.1.8-cp39-cp39-musllinux_1_2_x86_64.whl",
        "mlir_python_bindings-22.1.8.tar.gz",
    ]:
        wheel(tmp_path, name)
    for name in (same[0], NAME.format(version="0")):
        assert [path.name for path in same_kind(name, tmp_path)] == same
    assert same_kind(same[0], tmp_path / "nowhere") == []


def test_a_free_threaded_python_is_another_kind(tmp_path: Path, wheelhouse: Path) -> None:
    name = "mlir_python_bindings-{}-cp313-{}-win_amd64.whl"
    for abi in ("cp313", "cp313t"):
        wheel(wheelhouse, name.format("22.1.7", abi))
    found = same_kind("mlir_python_bindings-0-cp313t-none-win_amd64.whl", wheelhouse)
    assert [path.name for path in found] == [name.format("22.1.7", "cp313t")]
    stow(wheel(tmp_path, name.format("22.1.8", "cp313")), wheelhouse)
    assert names(wheelhouse) == [name.format("22.1.7", "cp313t"), name.format("22.1.8", "cp313")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tiny-1.0-py3-none-any.whl", "for no one system"),
        ("tiny-1.0-cp311-cp311-macosx_11_0_arm64.win_amd64.whl", "for no one system"),
        ("tiny-1.0-cp311-cp311-freebsd_14_amd64.whl", "for no one system"),
        ("tiny.whl", "not called as a wheel is"),
    ],
)
def test_what_is_for_no_one_system_is_not_repaired(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        repair(wheel(tmp_path, name), library_dirs=[], store=Store.open(tmp_path / "store"))
    assert len(str(caught.value).splitlines()) == 1
