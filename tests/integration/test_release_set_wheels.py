"""What a release set refuses a wheel for: small real wheels, with the real checkers."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from mlir_release.publishing.manifest import TestRun
from release_world import BINDINGS, HERE, PASSED, SDK, TAG, VERSION, ReleaseWorld

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseWorld:
    return ReleaseWorld.make(tmp_path / "world", monkeypatch)


def rewrite(wheel: Path, change: dict[str, bytes | None], *, twice: str | None = None) -> None:
    """Replace, add or remove members of a wheel, without its RECORD knowing."""
    with zipfile.ZipFile(wheel) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in (content | change).items():
            if data is not None:
                archive.writestr(name, data)
        if twice:
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr(twice, b"again")


class TestWheels:
    def test_two_of_a_kind(self, release: ReleaseWorld) -> None:
        one, two = release.wheel(), release.wheel(tags="cp311-cp311-manylinux_2_17_x86_64")
        about = "it is not the only one of the-bindings for cp311 on linux-x86_64: there is "
        assert release.refused() == {one.name: [about + two.name], two.name: [about + one.name]}

    def test_what_no_release_has(self, release: ReleaseWorld) -> None:
        odd = release.wheel(tags="cp36-cp36-win_amd64")
        others = [
            release.wheel(tags="py3-none-any", distribution=SDK),
            release.wheel(tags="cp312-cp313-win_amd64"),
        ]
        about = "its name is not that of a wheel for one interpreter and a system that is known"
        assert release.refused() == {
            odd.name: ["no release has the-bindings for cp36 on windows-amd64"],
            **{it.name: [about] for it in others},
        }

    def test_what_is_for_one_machine_only(self, release: ReleaseWorld) -> None:
        wheel = release.wheel(tags="cp311-cp311-linux_x86_64")
        (problem,) = release.refused()[wheel.name]
        assert problem.startswith("it is for the machine that made it: ")

    def test_of_something_else_than_the_checkout(self, release: ReleaseWorld) -> None:
        wheel = release.wheel(
            version="24.0.0.dev2026112202",
            tags="cp311-cp311-manylinux_2_36_x86_64",
            llvm_commit="0" * 40,
            sdk_provider="system",
            llvm_ref="elsewhere",
        )
        stale = release.wheel(tags="cp310-cp310-win_amd64", patches=[], tag="snapshot-20261122.01")
        found = release.refused()
        new = release.world.newest[:12]
        assert found[wheel.name] == [
            f"it is of version 24.0.0.dev2026112202, not {VERSION}",
            "its platform manylinux_2_36_x86_64 is newer than manylinux_2_28_x86_64",
            f"its llvm-project commit differ from the pin's (000000000000 instead of {new})",
            f"its release.json has the version 24.0.0.dev2026112202, not {VERSION}",
            "its release.json has the llvm_ref elsewhere, not main",
            "its SDK is from the provider system, and only build is released",
        ]
        assert found[stale.name][0].startswith(
            "its patches differ from the pin's (none instead of 0007-main.patch"
        )
        assert found[stale.name][1] == f"its release.json has the tag snapshot-20261122.01, not {TAG}"

    def test_without_all_its_tests(self, release: ReleaseWorld) -> None:
        wheel = release.wheel(tested=False)
        other = release.wheel(tags="cp310-cp310-win_amd64")
        sdk = release.wheel(SDK, "py3-none-win_amd64", tested=False)
        release.passed(sdk, PASSED[SDK][1], TestRun(suite="lit", passed=0, failed=0, skipped=3))
        # The tests were those of other bytes.
        release.wheel(tags="cp310-cp310-win_amd64", tested=False, files={"the_bindings/more.py": b"y = 1\n"})
        about = "it is not recorded that these bytes have passed the tests "
        untested = [about + suite for suite in ("upstream", "wheels", "wheels-lowest")]
        assert release.refused() == {
            wheel.name: untested,
            other.name: untested,
            sdk.name: [f"{about}lit"],
        }

    def test_too_large(self, release: ReleaseWorld) -> None:
        sparse = release.wheelhouse / f"a_sdk-{VERSION}-py3-none-{HERE}.whl"
        sparse.parent.mkdir()
        with sparse.open("wb") as out:
            out.truncate(10**8)
        own = release.wheel(files={"the_bindings/large.py": os.urandom(1_000_001)})
        found = release.refused()
        assert found[sparse.name][0] == "it has 100.0 MB, and must have less than 100 MB"
        assert found[own.name] == ["it has 1.0 MB, and may have 1 MB"]

    def test_without_or_with_a_wrong_sbom(self, release: ReleaseWorld) -> None:
        wheel = release.wheel()
        bom = f"the_bindings-{VERSION}.dist-info/sboms/mlir-py-release.cdx.json"
        rewrite(wheel, {bom: b"{}"})
        assert any("SBOM" in it for it in release.refused()[wheel.name])
        rewrite(wheel, {bom: None})
        assert f"it has no SBOM ({bom})" in release.refused()[wheel.name]


class TestDamage:
    def damaged(self, release: ReleaseWorld, change: dict[str, bytes | None], **more: str) -> list[str]:
        wheel = release.wheel()
        rewrite(wheel, change, **more)
        release.passed(wheel, *PASSED[BINDINGS])
        return release.refused()[wheel.name]

    def test_another_file_than_the_record_says(self, release: ReleaseWorld) -> None:
        found = self.damaged(
            release, {"the_bindings/__init__.py": b"x = 2\n", "the_bindings/new.py": b"z = 1\n"}
        )
        assert "the_bindings/__init__.py is not what its RECORD says" in found
        assert "the_bindings/new.py is not in its RECORD" in found

    def test_a_file_is_gone(self, release: ReleaseWorld) -> None:
        found = self.damaged(release, {"the_bindings/__init__.py": None})
        assert "the_bindings/__init__.py is in its RECORD, but not there" in found

    def test_names_that_installers_read_differently(self, release: ReleaseWorld) -> None:
        found = self.damaged(release, {"../up.py": b"", "other-1.dist-info/METADATA": b""}, twice="../up.py")
        assert f"it has other-1.dist-info beside the_bindings-{VERSION}.dist-info" in found
        assert "it has ../up.py 2 times" in found
        assert "../up.py leads out of the wheel" in found

    def test_metadata_of_another_name_and_tag(self, release: ReleaseWorld) -> None:
        info = f"the_bindings-{VERSION}.dist-info"
        found = self.damaged(
            release,
            {
                f"{info}/METADATA": b"Metadata-Version: 2.1\nName: other\nVersion: 1\n",
                f"{info}/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n",
            },
        )
        assert "its metadata is of other 1" in found
        assert "its WHEEL has the tags py3-none-any, which its name has not" in found
        (twine,) = (it for it in found if it.startswith("twine: "))
        assert twine.startswith("twine: WARNING `long_description_content_type` missing.")
        assert twine.endswith("; WARNING `long_description` missing.")

    def test_what_should_not_be_in_it(self, release: ReleaseWorld) -> None:
        about = "check-wheel-contents:"
        wheel = release.wheel(files={"the_bindings/x.pyc": b"", "other.txt": b""})
        assert release.refused() == {
            wheel.name: [
                f"{about} W001: Wheel contains .pyc/.pyo files: the_bindings/x.pyc",
                f"{about} W003: Wheel contains non-module at library toplevel: other.txt",
                f"{about} W009: Wheel contains multiple toplevel library entries: other.txt, the_bindings/",
            ]
        }

    def test_grafted_libraries_are_no_second_package(self, release: ReleaseWorld) -> None:
        release.wheel(files={"the_bindings.libs/libz-12345678.so.1": b"x", "the_bindings/lib-y.so": b"x"})
        release.session("--rehearse", "--only", "cp311")
        assert release.output.is_dir()

    @pytest.mark.parametrize("length", [0, 100, -30])
    def test_cut_short(self, release: ReleaseWorld, length: int) -> None:
        wheel = release.wheel()
        wheel.write_bytes(wheel.read_bytes()[:length])
        release.passed(wheel, *PASSED[BINDINGS])
        (problem,) = release.refused()[wheel.name]
        assert problem.startswith("it is damaged (")
