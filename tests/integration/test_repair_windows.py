"""Wheels for Windows, repaired here by the real delvewheel: what comes out, and what is refused."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from mlir_release.repair import pe
from mlir_release.repair.windows import Delvewheel
from small_repairs import INIT, names, raw_wheel, refusal_of, repaired, unpack
from tiny_sources import ALONE, DEEPER, NEEDING_DEEPER, PROGRAM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlir_release.repair.pe import Image
    from windows_workshop import WindowsWorkshop

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="these files are made with Debian's compilers"
)

TAG, SDK, STABLE = "cp311-cp311-win_amd64", "py3-none-win_amd64", "cp312-abi3-win_amd64"
EXTENSION = "tiny/_tiny.cp311-win_amd64.pyd"
GRAFT = re.compile(r"tiny\.libs/foreign-[0-9a-f]{32}\.dll")

# The first call of a function loads its library, by a helper that Microsoft's compiler brings.
LATE = """\
int foreign(int);
int late(void) { return foreign(1); }
void *__delayLoadHelper2(const void *table, void **entry) { return 0; }
"""


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    return tmp_path / "lib"


def look(wheel: Path, folder: Path) -> dict[str, Image]:
    root = unpack(wheel, folder)
    places = {name: PurePosixPath(name) for name in names(wheel)}
    return {name: pe.read(root / name, place) for name, place in places.items() if pe.is_pe(place)}


def tiny(
    folder: Path, extension: Path, tag: str = TAG, besides: Mapping[str, Path | bytes] | None = None
) -> Path:
    # Called as Python has it: after its ABI and system, or neither, if the ABI is the stable one.
    name = "tiny/_tiny.pyd" if tag == STABLE else f"tiny/_tiny.{tag.partition('-')[2]}.pyd"
    return raw_wheel(folder, tag, {name: extension, "tiny/__init__.py": INIT, **(besides or {})})


def grafts(found: dict[str, Image]) -> list[str]:
    return [name for name in found if GRAFT.fullmatch(name)]


class TestGood:
    def test_grafted_and_the_package_says_where(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        wheel = repaired(tiny(tmp_path, shop.extension(tmp_path, shop.foreign(lib))), lib)
        assert wheel.name == f"tiny-1.0-{TAG}.whl"
        found = look(wheel, tmp_path / "out")
        (graft,) = grafts(found)
        assert graft.rpartition("/")[2] in found[EXTENSION].needed
        assert "python311.dll" in found[EXTENSION].needed
        init = (tmp_path / "out/tiny/__init__.py").read_text()
        assert "add_dll_directory" in init
        assert init.endswith(INIT.decode())
        Delvewheel().check(wheel)

    def test_a_runtime_in_dlls_is_carried(self, shop: WindowsWorkshop, lib: Path, tmp_path: Path) -> None:
        shared = "-shared-libgcc"
        extension = shop.extension(tmp_path, shop.foreign(lib, runtime=shared), runtime=shared)
        found = look(repaired(tiny(tmp_path, extension), lib, shop.runtime()), tmp_path / "out")
        carried = {
            name.rpartition("/")[2].rpartition("-")[0] for name in found if name.startswith("tiny.libs/")
        }
        assert carried == {"foreign", "libstdc++-6", "libgcc_s_seh-1", "libwinpthread-1"}

    def test_what_a_grafted_library_needs_comes_too(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        deeper = shop.link(lib / "deeper.dll", "library", DEEPER)
        library = shop.link(lib / "foreign.dll", "library", NEEDING_DEEPER, deeper)
        wheel = repaired(tiny(tmp_path, shop.extension(tmp_path, library)), lib)
        assert any(name.startswith("tiny.libs/deeper-") for name in names(wheel))

    def test_a_library_that_the_wheel_has_keeps_its_name(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        library = shop.foreign(lib)
        raw = tiny(tmp_path, shop.extension(tmp_path, library), besides={"tiny/foreign.dll": library})
        found = look(repaired(raw, lib), tmp_path / "out")
        assert "foreign.dll" in found[EXTENSION].needed
        assert not grafts(found)

    def test_what_such_a_library_needs_is_grafted(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        # Nothing imports it: a program loads it by its path, as MLIR does with its runtime libraries.
        library = shop.link(
            tmp_path / "own.dll", "library", PROGRAM.replace("main", "own"), shop.foreign(lib)
        )
        plain = shop.bare(tmp_path / "_tiny.pyd", "extension", "x86_64")
        found = look(
            repaired(tiny(tmp_path, plain, besides={"tiny/own.dll": library}), lib), tmp_path / "out"
        )
        (graft,) = grafts(found)
        assert graft.rpartition("/")[2] in found["tiny/own.dll"].needed

    def test_capitals_and_the_folder_of_programs(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        extension = shop.extension(tmp_path, shop.foreign(tmp_path / "bin", "FOREIGN.dll"))
        lib.mkdir()
        wheel = repaired(tiny(tmp_path, extension), lib)
        assert any(name.startswith("tiny.libs/FOREIGN-") for name in names(wheel))

    def test_a_library_that_is_loaded_late(self, shop: WindowsWorkshop, lib: Path, tmp_path: Path) -> None:
        shop.foreign(lib)
        late = (shop.to_link("foreign.dll", "foreign"), "-delayload:foreign.dll", "-export:late")
        extension = shop.bare(tmp_path / "_tiny.pyd", "extension", "x86_64", *late, source=LATE)
        assert grafts(look(repaired(tiny(tmp_path, extension), lib), tmp_path / "out"))

    @pytest.mark.parametrize(
        ("tag", "dll"),
        [
            ("cp313-cp313t-win_amd64", "python313t.dll"),
            ("cp39-cp39-win_amd64", "python39.dll"),
            (STABLE, "python3.dll"),
        ],
    )
    def test_other_pythons(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path, tag: str, dll: str
    ) -> None:
        extension = shop.extension(tmp_path, shop.foreign(lib), python=dll)
        wheel = repaired(tiny(tmp_path, extension, tag), lib)
        assert wheel.name == f"tiny-1.0-{tag}.whl"

    def test_the_runtime_that_comes_with_python_stays_out(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        runtime = shop.to_link("VCRUNTIME140.dll", "foreign")
        wheel = repaired(tiny(tmp_path, shop.extension(tmp_path, runtime)), lib)
        assert not [name for name in names(wheel) if name.endswith(".dll")]

    def test_an_sdk_with_programs_and_libraries_to_link(self, shop: WindowsWorkshop, tmp_path: Path) -> None:
        program = shop.link(tmp_path / "tool.exe", "program", ALONE)
        to_link = shop.to_link("plain.dll", "plain")
        files: dict[str, Path | bytes] = {
            "tiny/bin/tool.exe": program,
            "tiny/lib/plain.lib": to_link,
            "tiny/include/plain.h": b"\n",
        }
        wheel = repaired(raw_wheel(tmp_path, SDK, files))
        assert wheel.name == f"tiny-1.0-{SDK}.whl"

    def test_a_program_with_its_library_beside_it(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path
    ) -> None:
        library = shop.foreign(lib)
        program = shop.link(tmp_path / "tool.exe", "program", PROGRAM, library)
        scripts = "tiny-1.0.data/scripts"
        files: dict[str, Path | bytes] = {f"{scripts}/tool.exe": program, f"{scripts}/foreign.dll": library}
        assert f"{scripts}/foreign.dll" in names(repaired(raw_wheel(tmp_path, SDK, files)))

    def test_for_arm64(self, shop: WindowsWorkshop, tmp_path: Path) -> None:
        plain = shop.bare(tmp_path / "_tiny.pyd", "extension", "aarch64")
        found = look(repaired(tiny(tmp_path, plain, "cp311-cp311-win_arm64")), tmp_path / "out")
        assert {it.processor for it in found.values()} == {"arm64"}


class TestRefused:
    def test_a_library_that_is_nowhere(self, shop: WindowsWorkshop, lib: Path, tmp_path: Path) -> None:
        raw = tiny(tmp_path, shop.extension(tmp_path, shop.foreign(lib)))
        said = refusal_of(raw, tmp_path)
        assert said.startswith(f"delvewheel cannot repair {raw.name}: ")
        assert "Unable to find library: foreign.dll" in said

    def test_one_that_path_happens_to_have(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raw = tiny(tmp_path, shop.extension(tmp_path, shop.foreign(lib)))
        monkeypatch.setenv("PATH", str(lib))
        assert "Unable to find library: foreign.dll" in refusal_of(raw, tmp_path)

    def test_a_library_of_32_bits(self, shop: WindowsWorkshop, lib: Path, tmp_path: Path) -> None:
        extension = shop.extension(tmp_path, shop.foreign(tmp_path))
        shop.bare(lib / "foreign.dll", "library", "i686", "-export:it=it", "-safeseh:no")
        assert "foreign.dll" in refusal_of(tiny(tmp_path, extension), lib)

    @pytest.mark.parametrize("processor", ["i686", "aarch64"])
    def test_an_extension_for_another_processor(
        self, shop: WindowsWorkshop, tmp_path: Path, processor: str
    ) -> None:
        plain = shop.bare(tmp_path / "_tiny.pyd", "extension", processor, "-safeseh:no")
        assert "CPU architecture that is not compatible" in refusal_of(tiny(tmp_path, plain))

    @pytest.mark.parametrize("dll", ["VCRUNTIME140D.dll", "MSVCP140D.dll", "ucrtbased.dll", "msvcrtd.dll"])
    def test_a_runtime_for_debugging(self, shop: WindowsWorkshop, tmp_path: Path, dll: str) -> None:
        raw = tiny(tmp_path, shop.extension(tmp_path, shop.to_link(dll, "foreign")))
        assert dll.lower() in refusal_of(raw)

    def test_another_python(self, shop: WindowsWorkshop, lib: Path, tmp_path: Path) -> None:
        raw = tiny(tmp_path, shop.extension(tmp_path, shop.foreign(lib), python="python312.dll"))
        assert f"{EXTENSION} needs python312.dll, and the wheel is for cp311" in refusal_of(raw, lib)

    def test_free_threaded_is_another_python(self, shop: WindowsWorkshop, lib: Path, tmp_path: Path) -> None:
        extension = shop.extension(tmp_path, shop.foreign(lib), python="python313.dll")
        raw = tiny(tmp_path, extension, "cp313-cp313t-win_amd64")
        assert "needs python313.dll, and the wheel is for cp313t" in refusal_of(raw, lib)

    @pytest.mark.parametrize("place", ["tiny-1.0.data/scripts", "tiny/bin"])
    def test_a_program_whose_library_is_elsewhere(
        self, shop: WindowsWorkshop, lib: Path, tmp_path: Path, place: str
    ) -> None:
        program = shop.link(tmp_path / "tool.exe", "program", PROGRAM, shop.foreign(lib))
        said = refusal_of(raw_wheel(tmp_path, SDK, {f"{place}/tool.exe": program}), lib)
        assert f"{place}/tool.exe needs foreign.dll, which is neither" in said

    def test_a_program_cannot_count_on_pythons_runtime(self, shop: WindowsWorkshop, tmp_path: Path) -> None:
        runtime = shop.to_link("VCRUNTIME140.dll", "foreign")
        program = shop.link(tmp_path / "tool.exe", "program", PROGRAM, runtime)
        raw = raw_wheel(tmp_path, SDK, {"tiny/bin/tool.exe": program})
        assert "needs vcruntime140.dll, which is neither" in refusal_of(raw)

    @pytest.mark.parametrize("length", [150, 151])
    def test_names_too_long_for_windows(self, shop: WindowsWorkshop, tmp_path: Path, length: int) -> None:
        plain = shop.bare(tmp_path / "_tiny.pyd", "extension", "x86_64")
        name = f"tiny/{'x' * (length - 7)}.h"
        raw = tiny(tmp_path, plain, besides={name: b"\n"})
        if length > 150:
            assert f"{name} has 151 characters, and Windows has room for 150" in refusal_of(raw)
        else:
            assert name in names(repaired(raw))

    @pytest.mark.parametrize("content", [b"MZ", b"\x7fELF\x02\x01\x01", b"not a library"])
    def test_an_extension_that_is_none(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "_tiny.pyd").write_bytes(content * 1000)
        assert refusal_of(tiny(tmp_path, tmp_path / "_tiny.pyd"))

    def test_an_extension_that_was_cut_off(self, shop: WindowsWorkshop, lib: Path, tmp_path: Path) -> None:
        extension = shop.extension(tmp_path, shop.foreign(lib))
        extension.write_bytes(extension.read_bytes()[:-5000])
        assert refusal_of(tiny(tmp_path, extension), lib)

    def test_a_file_that_is_not_as_it_was_built(self, shop: WindowsWorkshop, tmp_path: Path) -> None:
        plain = shop.bare(tmp_path / "_tiny.pyd", "extension", "x86_64")
        raw = tiny(tmp_path, plain, besides={"tiny/more": b"1"})
        root = unpack(raw, tmp_path / "changed")
        (root / "tiny/more").write_bytes(b"2")
        Path(shutil.make_archive(str(tmp_path / "changed"), "zip", root)).replace(raw)
        said = refusal_of(raw)
        assert said == f"{raw} is not as it was built: tiny/more is not what its RECORD says; build it again"

    def test_a_module_of_one_python_with_the_stable_abis_tag(
        self, shop: WindowsWorkshop, tmp_path: Path
    ) -> None:
        plain = shop.bare(tmp_path / "_tiny.pyd", "extension", "x86_64")
        said = refusal_of(raw_wheel(tmp_path, STABLE, {EXTENSION: plain, "tiny/__init__.py": INIT}))
        assert f"{EXTENSION} is for one version of Python" in said

    def test_32_bits(self, shop: WindowsWorkshop, tmp_path: Path) -> None:
        plain = shop.bare(tmp_path / "_tiny.pyd", "extension", "i686", "-safeseh:no")
        assert "win32, not one of 64-bit Windows" in refusal_of(tiny(tmp_path, plain, "cp311-cp311-win32"))

    def test_a_wheel_without_files_for_windows(self, tmp_path: Path) -> None:
        assert "it has no file for Windows" in refusal_of(raw_wheel(tmp_path, TAG, {"tiny/__init__.py": b""}))
