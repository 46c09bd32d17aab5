"""What is done otherwise with files on Windows; here as far as another system can show it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlir_release import portable_files
from mlir_release.errors import UserError
from mlir_release.store import Store, remove


@pytest.fixture(params=["linux", "win32"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The system that the code under test takes this one for."""
    monkeypatch.setattr(sys, "platform", request.param)
    return str(request.param)


def test_a_link_has_the_content_of_its_target(system: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "mlir-opt"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for place, target in (("absolute", program), ("relative", Path("bin/mlir-opt")), ("folder", Path("bin"))):
        portable_files.link(tmp_path / place, target)
        assert (tmp_path / place).is_symlink() == (system == "linux")
    assert (tmp_path / "absolute").read_text() == (tmp_path / "relative").read_text() == "#!/bin/sh\n"
    assert (tmp_path / "absolute").stat().st_mode & 0o111
    assert (tmp_path / "folder" / "mlir-opt").is_file()


@pytest.mark.usefixtures("system")
def test_a_folder_with_files_that_may_not_be_written_is_removed(tmp_path: Path) -> None:
    objects = tmp_path / "clone" / "objects"
    objects.mkdir(parents=True)
    (objects / "pack").write_bytes(b"")
    (objects / "pack").chmod(0o400)
    remove(tmp_path / "clone")
    assert not (tmp_path / "clone").exists()


def test_a_folder_is_moved_once_nobody_has_its_files_open(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    rename, refusals = Path.rename, [PermissionError(13, "Access is denied")] * 2

    def scanned(self: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", scanned)
    monkeypatch.setattr(portable_files, "_PAUSE", 0)
    if system == "linux":
        with pytest.raises(PermissionError):
            portable_files.move(tmp_path / "work", tmp_path / "box")
    else:
        portable_files.move(tmp_path / "work", tmp_path / "box")
        assert (tmp_path / "box").is_dir()


def test_a_store_whose_paths_would_get_too_long(system: str, tmp_path: Path) -> None:
    root = tmp_path / ("x" * portable_files.LONGEST_ROOT)
    if system == "linux":
        assert Store.open(root).root == root
    else:
        with pytest.raises(UserError, match=r"builds on Windows need a folder of at most 60, .* --cache C:"):
            Store.open(root)
        assert not root.exists()
