"""What is wrong with a repaired wheel for macOS is seen, whatever the tool that repaired it says."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from mlir_release.repair.macos import Delocate
from small_repairs import INIT, packed, problems_of, raw_wheel, repaired, unpack, zipped
from tiny_sources import EXTENSION as SOURCE

if TYPE_CHECKING:
    from pathlib import Path

    from mac_workshop import MacWorkshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these files are made with Debian's LLVM")

NAME = "tiny-1.0-cp311-cp311-macosx_11_0_arm64.whl"
EXTENSION, GRAFT = "tiny/_tiny.so", "tiny/.dylibs/libforeign.dylib"
LEADS = "@loader_path/.dylibs/libforeign.dylib"


@pytest.fixture(scope="module")
def good(mac: MacWorkshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    extension = mac.extension(folder, mac.foreign(folder / "lib"))
    files: dict[str, Path | bytes] = {EXTENSION: extension, "tiny/__init__.py": INIT}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{mac.bin}:/usr/bin:/bin")
        return repaired(raw_wheel(folder, NAME.removeprefix("tiny-1.0-")[:-4], files), folder / "lib")


@pytest.fixture
def content(good: Path, tmp_path: Path) -> Path:
    return unpack(good, tmp_path / "content")


def said(content: Path, name: str = NAME) -> str:
    return problems_of(Delocate(), packed(content, name))


def test_the_good_one_is_good_when_packed_again(content: Path) -> None:
    Delocate().check(packed(content, NAME))


def test_a_signature_of_other_bytes(content: Path) -> None:
    code = (content / EXTENSION).read_bytes()
    (content / EXTENSION).write_bytes(code.replace(b"\0caught\0", b"\0Caught\0"))
    assert said(content) == f"{EXTENSION} has a signature of other bytes than it has"


def test_a_signature_that_was_overwritten(content: Path) -> None:
    code = (content / GRAFT).read_bytes()
    (content / GRAFT).write_bytes(code.replace(bytes.fromhex("fade0cc0"), bytes(4)))
    assert said(content).startswith(f"{GRAFT} has a signature that cannot be read (")


def test_no_signature(mac: MacWorkshop, content: Path, tmp_path: Path) -> None:
    mac.change("-id", "@rpath/libforeign.dylib", content / GRAFT)
    plain = mac.link(tmp_path / "plain.so", "extension", SOURCE, content / GRAFT, "-no_adhoc_codesign")
    shutil.copy(plain, content / EXTENSION)
    mac.change("-change", "@rpath/libforeign.dylib", LEADS, content / EXTENSION)
    assert said(content) == f"{EXTENSION} has no signature, which arm64 wants"


@pytest.mark.parametrize(
    "name",
    ["/build/lib/libforeign.dylib", "@rpath/libforeign.dylib", "@executable_path/.dylibs/libforeign.dylib",
     "@loader_path/../../libforeign.dylib"],
)  # fmt: skip
def test_an_install_name_that_leads_nowhere(mac: MacWorkshop, content: Path, name: str) -> None:
    mac.change("-change", LEADS, name, content / EXTENSION)
    assert said(content) == f"{EXTENSION} needs {name}, which the wheel does not carry there"


def test_one_by_a_run_path_leads_somewhere(mac: MacWorkshop, content: Path) -> None:
    mac.change("-change", LEADS, "@rpath/libforeign.dylib", content / EXTENSION)
    mac.change("-add_rpath", "@loader_path/.dylibs", content / EXTENSION)
    Delocate().check(packed(content, NAME))


@pytest.mark.parametrize("path", ["/build/lib", "@executable_path/lib", "@loader_path/../../lib"])
def test_a_run_path_that_leads_outside(mac: MacWorkshop, content: Path, path: str) -> None:
    mac.change("-add_rpath", path, content / EXTENSION)
    assert said(content) == f"{EXTENSION} has the run path {path}, outside the wheel"


def test_a_library_that_calls_itself_by_a_path(mac: MacWorkshop, content: Path) -> None:
    mac.change("-id", "/build/lib/libforeign.dylib", content / GRAFT)
    assert said(content) == f"{GRAFT} calls itself /build/lib/libforeign.dylib, a path of another machine"


def test_a_graft_that_was_lost(content: Path) -> None:
    (content / GRAFT).unlink()
    assert said(content) == f"{EXTENSION} needs {LEADS}, which the wheel does not carry there"


def test_a_library_in_two_folders(content: Path) -> None:
    shutil.copy(content / GRAFT, content / "tiny/libforeign.1.dylib")
    assert said(content) == "libforeign is in it 2 times"


def test_a_library_under_two_names(mac: MacWorkshop, content: Path) -> None:
    shutil.copy(content / GRAFT, content / "tiny/libother.dylib")
    mac.change("-id", "@rpath/libother.dylib", content / "tiny/libother.dylib")
    assert said(content) == f"{GRAFT} and tiny/libother.dylib are the same library"


def test_a_library_for_a_newer_system(mac: MacWorkshop, content: Path, tmp_path: Path) -> None:
    shutil.copy(mac.foreign(tmp_path, minimum="13.0"), content / GRAFT)
    assert said(content) == f"{GRAFT} needs macOS 13.0, and the deployment target is 11.0"


def test_a_library_for_another_processor(mac: MacWorkshop, content: Path, tmp_path: Path) -> None:
    shutil.copy(mac.foreign(tmp_path, processor="x86_64"), content / GRAFT)
    assert said(content) == (
        f"{GRAFT} is for x86_64, and the wheel for arm64;"
        f" {EXTENSION} needs {LEADS}, which the wheel does not carry there"
    )


@pytest.mark.parametrize(("begin", "system"), [(b"\x7fELF", "Linux"), (b"MZ", "Windows")])
def test_a_library_for_another_system(content: Path, begin: bytes, system: str) -> None:
    (content / "tiny/other").write_bytes(begin + bytes(100))
    assert said(content) == f"tiny/other is for {system}"


@pytest.mark.parametrize(
    ("platform", "problem"),
    [
        ("macosx_12_0_arm64", "its platform tag is macosx_12_0_arm64, and the deployment target is 11.0"),
        ("macosx_10_9_arm64", "its platform tag is macosx_10_9_arm64, and the deployment target is 11.0"),
        ("win_amd64", "its platform tag is win_amd64, not one of macOS"),
    ],
)
def test_a_wrong_tag(content: Path, platform: str, problem: str) -> None:
    assert said(content, NAME.replace("macosx_11_0_arm64", platform)) == problem


@pytest.mark.parametrize("keep", [4, 40, 1000, -1])
def test_a_library_that_was_cut_off(content: Path, keep: int) -> None:
    (content / GRAFT).write_bytes((content / GRAFT).read_bytes()[:keep])
    assert said(content).startswith(f"it is damaged ({GRAFT}: ")


@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
def test_a_wheel_that_was_cut_off(good: Path, tmp_path: Path, keep: float) -> None:
    whole = good.read_bytes()
    (tmp_path / NAME).write_bytes(whole[: int(len(whole) * keep)])
    assert problems_of(Delocate(), tmp_path / NAME).startswith("it is damaged (")


def test_a_file_that_is_not_in_the_record(content: Path) -> None:
    (content / "tiny/__init__.py").write_bytes(b"")
    (content / "tiny/more").write_bytes(b"")
    assert problems_of(Delocate(), zipped(content, NAME)) == (
        "tiny/more is not in its RECORD; tiny/__init__.py is not what its RECORD says"
    )
