"""Wheels for macOS, repaired here by the real delocate: what comes out, and what is refused."""

from __future__ import annotations

import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from mlir_release import targets
from mlir_release.errors import MissingTool
from mlir_release.repair import macho
from mlir_release.repair.macos import Delocate
from small_repairs import INIT, names, raw_wheel, refusal_of, repaired, unpack
from tiny_sources import ALONE, DEEPER, FOREIGN, NEEDING_DEEPER, PLAIN, PROGRAM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mac_workshop import MacWorkshop
    from mlir_release.repair.macho import Image

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="these files are made with Debian's LLVM"),
    pytest.mark.usefixtures("mac_programs"),
]

ARM = "cp311-cp311-macosx_11_0_arm64"
SDK = "py3-none-macosx_11_0_arm64"
EXTENSION = "tiny/_tiny.cpython-311-darwin.so"
GRAFT = "tiny/.dylibs/libforeign.dylib"


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    return tmp_path / "lib"


def look(wheel: Path, folder: Path) -> dict[str, Image]:
    """What is in a repaired wheel; of several processors, the last."""
    root = unpack(wheel, folder)
    found = {name: root / name for name in names(wheel) if macho.is_macho(root / name)}
    return {name: image for name, it in found.items() for image in macho.read(it, PurePosixPath(name))}


def tiny(
    folder: Path, extension: Path, tag: str = ARM, besides: Mapping[str, Path | bytes] | None = None
) -> Path:
    return raw_wheel(folder, tag, {EXTENSION: extension, "tiny/__init__.py": INIT, **(besides or {})})


class TestGood:
    @pytest.mark.parametrize("processor", ["arm64", "x86_64", "universal2"])
    def test_grafted_for_a_processor(
        self, mac: MacWorkshop, lib: Path, tmp_path: Path, processor: str
    ) -> None:
        extension = mac.extension(tmp_path, mac.foreign(lib, processor=processor), processor=processor)
        wheel = repaired(tiny(tmp_path, extension, f"cp311-cp311-macosx_11_0_{processor}"), lib)
        assert wheel.name == f"tiny-1.0-cp311-cp311-macosx_11_0_{processor}.whl"
        found = look(wheel, tmp_path / "out")
        assert found[EXTENSION].needed == (
            "/usr/lib/libSystem.B.dylib",
            "/usr/lib/libc++.1.dylib",
            "@loader_path/.dylibs/libforeign.dylib",
        )
        assert found[GRAFT].identity == "/DLC/tiny/.dylibs/libforeign.dylib"
        assert {it.minimum for it in found.values()} == {targets.MACOS}
        Delocate().check(wheel)

    def test_signed_anew_on_arm64(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        raw = tiny(tmp_path, mac.extension(tmp_path, mac.foreign(lib)))
        before, after = look(raw, tmp_path / "raw-files"), look(repaired(raw, lib), tmp_path / "out")
        # None: there is a signature, and each page is what it says.
        assert [before[EXTENSION].signature, after[EXTENSION].signature, after[GRAFT].signature] == [None] * 3
        assert before[EXTENSION].needed != after[EXTENSION].needed

    def test_a_path_of_the_build_is_replaced_and_the_search_path_serves(
        self, mac: MacWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        library = mac.foreign(lib, "/nowhere/build/libforeign.dylib")
        extension = mac.extension(tmp_path, library, "-rpath", "/nowhere/lib")
        found = look(repaired(tiny(tmp_path, extension), lib), tmp_path / "out")
        assert found[EXTENSION].needed[-1] == "@loader_path/.dylibs/libforeign.dylib"
        assert found[EXTENSION].run_paths == ()

    def test_what_a_grafted_library_needs_comes_too(
        self, mac: MacWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        deeper = mac.link(
            lib / "libdeeper.dylib", "library", DEEPER, "-install_name", "@rpath/libdeeper.dylib"
        )
        name = "@rpath/libforeign.dylib"
        library = mac.link(lib / "libforeign.dylib", "library", NEEDING_DEEPER, deeper, "-install_name", name)
        found = look(repaired(tiny(tmp_path, mac.extension(tmp_path, library)), lib), tmp_path / "out")
        assert found[GRAFT].needed[-1] == "@loader_path/libdeeper.dylib"

    def test_a_library_that_the_wheel_has_stays_where_it_is(
        self, mac: MacWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        library = mac.foreign(lib)
        extension = mac.extension(tmp_path, library, "-rpath", "@loader_path/lib")
        raw = tiny(tmp_path, extension, besides={"tiny/lib/libforeign.dylib": library})
        wheel = repaired(raw, tmp_path)
        assert GRAFT not in names(wheel)
        found = look(wheel, tmp_path / "out")
        assert found[EXTENSION].needed[-1] == "@loader_path/lib/libforeign.dylib"

    def test_an_older_minimum_and_a_tag_of_the_build_machine(
        self, mac: MacWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        library = mac.foreign(lib, processor="x86_64", minimum="10.13")
        extension = mac.extension(tmp_path, library, processor="x86_64", minimum="10.13")
        wheel = repaired(tiny(tmp_path, extension, "cp311-cp311-macosx_14_0_x86_64"), lib)
        assert wheel.name == "tiny-1.0-cp311-cp311-macosx_11_0_x86_64.whl"

    def test_a_program_beside_an_extension(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        library = mac.foreign(lib)
        program = mac.link(tmp_path / "program", "program", PROGRAM, library)
        extension = mac.extension(tmp_path, library)
        wheel = repaired(tiny(tmp_path, extension, besides={"tiny/bin/tool": program}), lib)
        assert look(wheel, tmp_path / "out")["tiny/bin/tool"].needed[-1] == (
            "@loader_path/../.dylibs/libforeign.dylib"
        )

    def test_an_sdk_with_objects_and_programs(self, mac: MacWorkshop, tmp_path: Path) -> None:
        program = mac.link(tmp_path / "program", "program", ALONE)
        compiled = mac.compile(tmp_path / "plain.o", PLAIN)
        files: dict[str, Path | bytes] = {
            "tiny/bin/tool": program,
            "tiny/lib/plain.o": compiled,
            "tiny/include/plain.h": b"\n",
        }
        raw = raw_wheel(tmp_path, SDK, files, "tiny/bin/tool")
        found = look(repaired(raw), tmp_path / "out")
        assert {it.kind for it in found.values()} == {"program", "object"}

    def test_programs_on_path_that_need_nothing(self, mac: MacWorkshop, tmp_path: Path) -> None:
        program = mac.link(tmp_path / "program", "program", ALONE)
        raw = raw_wheel(tmp_path, SDK, {"tiny-1.0.data/scripts/tool": program})
        assert "tiny-1.0.data/scripts/tool" in names(repaired(raw))

    def test_free_threaded(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        extension = mac.extension(tmp_path, mac.foreign(lib))
        wheel = repaired(tiny(tmp_path, extension, "cp313-cp313t-macosx_11_0_arm64"), lib)
        assert wheel.name == "tiny-1.0-cp313-cp313t-macosx_11_0_arm64.whl"

    def test_a_library_behind_a_link(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        library = mac.foreign(lib, "@rpath/libforeign.1.dylib")
        (lib / "libforeign.dylib").symlink_to(library.name)
        wheel = repaired(tiny(tmp_path, mac.extension(tmp_path, lib / "libforeign.dylib")), lib)
        assert [it for it in names(wheel) if ".dylibs" in it] == ["tiny/.dylibs/libforeign.1.dylib"]


class TestRefused:
    def test_a_library_that_is_nowhere(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        raw = tiny(tmp_path, mac.extension(tmp_path, mac.foreign(lib)))
        said = refusal_of(raw, tmp_path / "empty")
        assert said.startswith(f"delocate cannot repair {raw.name}: ")
        assert "@rpath/libforeign.dylib not found; its whole log" in said

    def test_a_library_for_a_newer_system(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        raw = tiny(tmp_path, mac.extension(tmp_path, mac.foreign(lib, minimum="14.0")))
        assert "has a minimum target of 14.0" in refusal_of(raw, lib)

    def test_a_library_for_another_processor(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        mac.foreign(lib, processor="x86_64")
        extension = mac.extension(tmp_path, mac.foreign(tmp_path / "arm"))
        assert "Required arch arm64 missing" in refusal_of(tiny(tmp_path, extension), lib)

    def test_an_extension_for_another_processor(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        extension = mac.extension(tmp_path, mac.foreign(lib))
        raw = tiny(tmp_path, extension, "cp311-cp311-macosx_11_0_x86_64")
        assert "x86_64" in refusal_of(raw, lib)

    def test_no_room_for_longer_names(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        library = mac.foreign(lib, "@rpath/libforeign.dylib")
        extension = mac.link(tmp_path / "_tiny.so", "extension", FOREIGN, library, pad="-dead_strip")
        raw = raw_wheel(tmp_path, ARM, {"tiny/a/b/c/d/e/f/g/h/i/j/k/l/_tiny.so": extension})
        assert "not past the headers of the file" in refusal_of(raw, lib)

    def test_a_program_on_path_cannot_reach_its_library(
        self, mac: MacWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        program = mac.link(tmp_path / "program", "program", PROGRAM, mac.foreign(lib))
        said = refusal_of(raw_wheel(tmp_path, SDK, {"tiny-1.0.data/scripts/tool": program}), lib)
        assert "which the wheel does not carry there" in said

    def test_an_extension_that_was_cut_off(self, mac: MacWorkshop, lib: Path, tmp_path: Path) -> None:
        extension = mac.extension(tmp_path, mac.foreign(lib))
        extension.write_bytes(extension.read_bytes()[:1000])
        assert refusal_of(tiny(tmp_path, extension), lib)

    @pytest.mark.parametrize("content", [b"", b"not a zip\n", None])
    def test_a_damaged_wheel(
        self, mac: MacWorkshop, lib: Path, tmp_path: Path, content: bytes | None
    ) -> None:
        raw = tiny(tmp_path, mac.extension(tmp_path, mac.foreign(lib)))
        raw.write_bytes(raw.read_bytes()[:-100] if content is None else content)
        assert refusal_of(raw, lib).startswith(f"{raw} is not as it was built: it is damaged (")

    def test_a_wheel_without_files_for_macos(self, tmp_path: Path) -> None:
        assert "required architecture" in refusal_of(raw_wheel(tmp_path, ARM, {"tiny/__init__.py": b""}))

    def test_a_machine_without_the_programs(
        self, mac: MacWorkshop, lib: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raw = tiny(tmp_path, mac.extension(tmp_path, mac.foreign(lib)))
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(
            MissingTool, match=r"^otool was not found: wheels for macOS are repaired on macOS"
        ):
            repaired(raw, lib)
