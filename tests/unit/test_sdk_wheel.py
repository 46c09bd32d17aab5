"""An SDK in wheels, as files."""

from __future__ import annotations

import dataclasses
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlir_release.errors import UserError
from mlir_release.sdk import ProviderName, Sdk
from mlir_release.sdk.download import Index
from mlir_release.sdk.wheel import Wheel
from mlir_release.store import Store
from wheels import COMMIT, FACTS, LLVM, VERSION, SmallWheel, record, sdk_wheels

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Site:
    """A folder with the wheels of an SDK, and a store."""

    folder: Path
    mlir: SmallWheel
    llvm: SmallWheel
    tools: SmallWheel

    @property
    def store(self) -> Store:
        return Store.open(self.folder / "store")

    @property
    def wheels(self) -> Path:
        return self.folder / "wheels"

    def copy(self, folder: Path) -> Site:
        """The same wheels in another folder, with a store of its own."""
        shutil.copytree(self.wheels, folder / "wheels")
        return dataclasses.replace(self, folder=folder)

    def provider(self, choice: Path, commit: str | None = COMMIT) -> Wheel:
        return Wheel(choice=choice, index=Index(url=None), commit=commit, patches=())

    def obtain(self, choice: Path, version: str = LLVM, commit: str | None = COMMIT) -> Sdk:
        return self.provider(choice, commit).obtain(version=version, store=self.store)

    def refusal(self, choice: Path, version: str = LLVM, commit: str | None = COMMIT) -> str:
        """The one line with which a wheel is refused; nothing of it is left in the store."""
        with pytest.raises(UserError) as caught:
            self.obtain(choice, version, commit)
        assert len(str(caught.value).splitlines()) == 1
        assert not list(self.store.root.glob("sdk-wheel/*/manifest.json"))
        return str(caught.value)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """All that wheels are made of, and LLVM's in the folder."""
    folder = tmp_path_factory.mktemp("pristine")
    made = Site(folder, *sdk_wheels(folder))
    made.llvm.write(made.wheels)
    return made


@pytest.fixture
def site(pristine: Site, tmp_path: Path) -> Site:
    return pristine.copy(tmp_path / "site")


def test_two_wheels_become_one_prefix(site: Site) -> None:
    found = site.obtain(site.mlir.write(site.wheels))
    assert (found.provider, found.version) == (ProviderName.WHEEL, LLVM)
    assert found.library_dir == found.prefix / "lib"
    assert (found.library_dir / "cmake/llvm/LLVMConfig.cmake").is_file()
    assert (found.library_dir / "libLLVMSupport.a").is_file()
    assert os.access(found.tools_dir / "mlir-tblgen", os.X_OK)
    assert os.access(found.tools_dir / "FileCheck", os.X_OK)
    # What is beside the folders of an SDK stays each package's own.
    assert (found.prefix / "__init__.py").read_text() == "mlir"


def test_one_wheel_that_holds_all(site: Site) -> None:
    files = {name.replace("llvm_sdk", "mlir_sdk"): data for name, data in site.llvm.files.items()}
    programs = (*site.mlir.programs, "mlir_sdk/bin/FileCheck")
    whole = dataclasses.replace(site.mlir, files={**files, **site.mlir.files}, programs=programs, requires=())
    assert (site.obtain(whole.write(site.folder / "alone")).prefix / "bin/FileCheck").is_file()


def test_a_wheel_is_unpacked_once_and_other_bytes_again(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    path = site.mlir.write(site.wheels)
    first = site.obtain(path)
    assert site.obtain(path) == first
    assert capsys.readouterr().out.count("unpacking mlir_sdk") == 1
    dataclasses.replace(site.mlir, files={**site.mlir.files, "mlir_sdk/more": b""}).write(site.wheels)
    assert site.obtain(path).key != first.key


def test_the_tools_are_in_a_wheel_of_their_own(site: Site) -> None:
    provider = site.provider(site.mlir.write(site.wheels))
    with pytest.raises(UserError, match=r"needs mlir-tools 22\.1\.8\.\S+, which is not beside it"):
        provider.tools(version=LLVM, store=site.store)
    site.tools.write(site.wheels)
    folder = provider.tools(version=LLVM, store=site.store)
    assert "tools" in (folder / "mlir-opt").read_text()
    assert os.access(folder / "mlir-opt", os.X_OK)


def test_the_tools_are_of_the_pinned_source_too(site: Site) -> None:
    dataclasses.replace(site.tools, facts={**FACTS, "llvm_commit": "b" * 40}).write(site.wheels)
    with pytest.raises(UserError, match=r"mlir_tools-.* is not of the pinned source"):
        site.provider(site.mlir.write(site.wheels)).tools(version=LLVM, store=site.store)


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ({"llvm_version": "21.1.0"}, "is of LLVM 21.1.0, and 22.1.8 is needed; "),
        (
            {"llvm_commit": "b" * 40},
            "commit differ from the pin's (bbbbbbbbbbbb instead of ca7933e47d3a)",
        ),
        ({"llvm_commit": None}, "does not say which llvm-project commit it is of; "),
        (
            {"patches": [{"name": "0001-a.patch", "sha256": "1" * 64}]},
            "(0001-a.patch 111111111111 instead of none)",
        ),
        ({"patches": [3, {}]}, "its patches differ from the pin's (3, {} instead of none)"),
    ],
)
@pytest.mark.parametrize("part", ["mlir", "llvm"])
def test_another_source(site: Site, part: str, facts: dict[str, object], complaint: str) -> None:
    for name in ("mlir", "llvm"):
        changes = facts if name == part else {}
        dataclasses.replace(getattr(site, name), facts={**FACTS, **changes}).write(site.wheels)
    (path,) = site.wheels.glob("mlir_sdk*")
    line = site.refusal(path)
    assert line.startswith(f"{part}_sdk-{VERSION}-py3-none-any.whl ")
    assert complaint in line


@pytest.mark.parametrize("made_by", [ProviderName.BUILD, ProviderName.SYSTEM])
def test_who_made_the_sdk_in_a_wheel_is_handed_on(site: Site, made_by: ProviderName) -> None:
    facts = {**FACTS, "sdk_provider": made_by.value}
    found = site.obtain(dataclasses.replace(site.mlir, facts=facts).write(site.wheels))
    assert (found.provider, found.made_by) == (ProviderName.WHEEL, made_by)


@pytest.mark.parametrize("said", ["unknown", "", None, 3])
def test_a_wheel_that_does_not_say_how_its_sdk_was_made(site: Site, said: object) -> None:
    wheel = dataclasses.replace(site.mlir, facts={**FACTS, "sdk_provider": said})
    assert "does not say how its SDK was made; " in site.refusal(wheel.write(site.wheels))


def test_a_source_whose_commit_nobody_knows_fits_no_wheel(site: Site) -> None:
    unknown = dataclasses.replace(site.mlir, facts={**FACTS, "llvm_commit": None})
    assert "does not say which llvm-project commit" in site.refusal(unknown.write(site.wheels), commit=None)
    assert "instead of None" in site.refusal(site.mlir.write(site.wheels), commit=None)


@pytest.mark.parametrize("tag", ["py3-none-manylinux_2_17_s390x", "py3-none-win32", "cp39-cp39-linux_x86_64"])
def test_another_machine(site: Site, tag: str) -> None:
    line = site.refusal(dataclasses.replace(site.mlir, tag=tag).write(site.wheels))
    assert f"mlir_sdk-{VERSION}-{tag}.whl is for {tag}, and this is " in line
    assert "(up to linux_" not in line  # says nothing of the C library


def test_another_distribution(site: Site) -> None:
    (path,) = site.wheels.glob("llvm_sdk*")
    assert "is a wheel of llvm-sdk, not of mlir-sdk" in site.refusal(path)


def test_no_such_file(site: Site) -> None:
    missing = site.wheels / "mlir_sdk-1-py3-none-any.whl"
    assert site.refusal(missing).startswith(f"{missing} does not exist; ")
    assert "is not called as a wheel is" in site.refusal(site.wheels / "sdk.whl")
    assert "is not called as a wheel is" in site.refusal(
        Path("~no-such-user-here/mlir_sdk-1-py3-none-any.whl")
    )


def test_the_other_part_is_missing(site: Site) -> None:
    (other,) = site.wheels.glob("llvm_sdk*")
    other.unlink()
    line = site.refusal(site.mlir.write(site.wheels))
    assert f"needs llvm-sdk {VERSION}, which is not beside it; put that wheel there, too" in line
    dataclasses.replace(site.llvm, tag="py3-none-win32").write(site.wheels)
    assert "py3-none-win32.whl is for py3-none-win32" in site.refusal(site.mlir.write(site.wheels))


@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
def test_cut_short(site: Site, keep: float) -> None:
    path = site.mlir.write(site.wheels)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    assert "is not a whole wheel" in site.refusal(path)


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same wheel, with another content and the old RECORD."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    change(content)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda it: it.update({"mlir_sdk/lib/libMLIRIR.a": b"other"}),
            "libMLIRIR.a is not what its RECORD says",
        ),
        (lambda it: it.pop("mlir_sdk/lib/libMLIRIR.a"), "libMLIRIR.a is in its RECORD, but not there"),
        (lambda it: it.update({"mlir_sdk/more": b""}), "mlir_sdk/more is not in its RECORD"),
        # Only the wheel's own RECORD is not in it.
        (lambda it: it.update({"mlir_sdk/RECORD": b""}), "mlir_sdk/RECORD is not in its RECORD"),
        (
            lambda it: it.pop(f"mlir_sdk-{VERSION}.dist-info/RECORD"),
            "is not whole: its RECORD cannot be read",
        ),
        (lambda it: it.pop(f"mlir_sdk-{VERSION}.dist-info/METADATA"), "is not a whole wheel"),
        (lambda it: it.pop("mlir_sdk/release.json"), "it has 0 files PACKAGE/release.json"),
    ],
)
def test_not_what_was_packed(site: Site, change: Callable[[dict[str, bytes]], None], complaint: str) -> None:
    assert complaint in site.refusal(rewritten(site.mlir.write(site.wheels), change))


def test_a_file_that_leads_out(site: Site) -> None:
    evil = dataclasses.replace(site.mlir, files={**site.mlir.files, "../../evil": b""})
    assert "../../evil leads out of the wheel" in site.refusal(evil.write(site.wheels))
    assert not list(site.folder.rglob("evil"))


@pytest.mark.parametrize(
    "missing", ["lib/cmake/mlir/MLIRConfig.cmake", "bin/mlir-tblgen", "lib/libMLIRCAPIIR.a"]
)
def test_not_an_sdk(site: Site, missing: str) -> None:
    files = {name: data for name, data in site.mlir.files.items() if name != f"mlir_sdk/{missing}"}
    path = dataclasses.replace(site.mlir, files=files).write(site.wheels)
    with pytest.raises(UserError, match="is not an SDK: ") as caught:
        site.obtain(path)
    assert Path(missing).stem.removeprefix("lib") in str(caught.value)


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_what_was_unpacked_is_not_trusted_blindly(site: Site, harm: str) -> None:
    path = site.mlir.write(site.wheels)
    library = site.obtain(path).library_dir / "libMLIRIR.a"
    library.unlink() if harm == "remove" else library.write_text("other")
    with pytest.raises(
        UserError, match=r"was changed since it was made: .*libMLIRIR\.a; delete it to have it made again"
    ):
        site.obtain(path)


# Each example writes, reads and unpacks files.
@settings(max_examples=40)
@given(data=st.data())
def test_no_damage_is_a_traceback(
    pristine: Site, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    site = pristine.copy(tmp_path_factory.mktemp("damaged") / "site")
    path = site.mlir.write(site.wheels)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        found = site.obtain(path)
    except UserError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 -- either outcome is right
    else:
        assert (found.library_dir / "libMLIRIR.a").read_text() == "!<arch>\n"


def test_the_record_that_the_tests_write_is_pips() -> None:
    assert record({"a": b""}, "x") == "a,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nx/RECORD,,\n"
