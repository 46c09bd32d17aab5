"""What is wrong with an SDK, as the sessions say it: in one line, with status 2."""

from __future__ import annotations

import dataclasses
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from samples import make_prefix
from session_project import PATCH, write
from wheels import FACTS, LLVM, SmallWheel, sdk_wheels

if TYPE_CHECKING:
    from pathlib import Path

    from session_project import Project


class TestPrefix:
    def refusal(self, project: Project, sdk: Path) -> str:
        return project.refusal("lit", "--llvm-project", project.checkout, "--sdk", sdk)

    def test_no_mlir(self, project: Project) -> None:
        assert f"{project.root} is not an MLIR prefix" in self.refusal(project, project.root)

    def test_another_version(self, project: Project, tmp_path: Path) -> None:
        line = self.refusal(project, make_prefix(tmp_path / "old", version="21.1.0"))
        assert "is 21.1.0, and 22.1.8 is needed; " in line

    def test_no_c_api(self, project: Project, tmp_path: Path) -> None:
        assert "has no C API" in self.refusal(project, make_prefix(tmp_path / "bare", LLVM, api=""))

    def test_a_checkout_decides_which_version_is_needed(self, project: Project) -> None:
        text = (project.checkout / "cmake/Modules/LLVMVersion.cmake").read_text()
        write(project.checkout / "cmake/Modules/LLVMVersion.cmake", text.replace("MAJOR 22", "MAJOR 23"))
        assert "is 22.1.8, and 23.1.8 is needed; " in self.refusal(project, project.sdk)

    def test_a_moved_one(self, project: Project) -> None:
        project.sdk.rename(project.sdk.with_name("moved"))
        assert f"{project.sdk} does not exist, so no MLIR is installed in it" in self.refusal(
            project, project.sdk
        )

    def test_one_that_is_half_deleted(self, project: Project) -> None:
        (project.sdk / "lib/libMLIRCAPIIR.a").unlink()
        assert "has no complete C API: MLIRCAPIIR is missing" in self.refusal(project, project.sdk)


class TestWheel:
    """The pin is this project's, and the wheels are of it or not."""

    def pinned(self, project: Project, **facts: Any) -> SmallWheel:
        pin = tomllib.loads(project.pin.read_text())
        assert pin["version"] == LLVM
        mlir, llvm, _ = sdk_wheels(project.root.parent / "wheel")
        here = {**FACTS, "llvm_commit": pin["commit"]}
        dataclasses.replace(llvm, facts=here).write(project.root.parent)
        return dataclasses.replace(mlir, facts={**here, **facts})

    def refusal(self, project: Project, choice: Path | str, *options: str) -> str:
        return project.refusal(f"build-{project.series}", "--sdk", choice, *options)

    def test_of_another_commit(self, project: Project) -> None:
        path = self.pinned(project, llvm_commit="b" * 40).write(project.root.parent)
        line = self.refusal(project, path)
        assert line.startswith(f"{path.name} is not of the pinned source: its llvm-project commit differ")

    def test_without_the_patches_of_this_project(self, project: Project) -> None:
        write(project.root / "patches/0001-test.patch", PATCH)
        line = self.refusal(project, self.pinned(project).write(project.root.parent))
        assert "is not of the pinned source: its patches differ from the pin's (none instead of 0001-" in line

    def test_of_another_version(self, project: Project) -> None:
        path = self.pinned(project, llvm_version="21.1.0").write(project.root.parent)
        assert "is of LLVM 21.1.0, and 22.1.8 is needed; " in self.refusal(project, path)

    def test_for_another_machine(self, project: Project) -> None:
        wheel = dataclasses.replace(self.pinned(project), tag="py3-none-win_arm64")
        line = self.refusal(project, wheel.write(project.root.parent))
        assert "py3-none-win_arm64.whl is for py3-none-win_arm64, and this is " in line

    def test_cut_short(self, project: Project) -> None:
        path = self.pinned(project).write(project.root.parent)
        path.write_bytes(path.read_bytes()[:-100])
        assert f"{path} is not a whole wheel (" in self.refusal(project, path)

    def test_corrupt(self, project: Project) -> None:
        path = self.pinned(project).write(project.root.parent)
        whole = path.read_bytes()
        path.write_bytes(whole[:60] + bytes(40) + whole[100:])
        line = self.refusal(project, path)
        assert str(path) in line
        assert "whole" in line

    def test_contradictions(self, project: Project) -> None:
        assert "name its version with --sdk" in self.refusal(project, "system", "--index=http://127.0.0.1:9/")
        assert "say --sdk build" in self.refusal(project, "system", "--assertions")
        assert "--sdk wheel does not say which" in self.refusal(project, "wheel")


def test_the_platforms_wheels_are_missing(project: Project) -> None:
    line = project.refusal("test-sdk", *project.here())
    assert " for py3; run nox -s sdk" in line


@pytest.mark.parametrize("name", ["mlir-python-bindings"])
def test_a_table_with_a_mistake_stops_a_build(project: Project, name: str) -> None:
    file = project.root / "packaging" / name / "pyproject.toml"
    file.write_text(file.read_text().replace('made-per = "interpreter"', 'made-per = "moon"'))
    line = project.refusal(f"build-{project.series}", *project.here())
    assert line.startswith(f"{file}: [tool.mlir-release] made-per is not one of interpreter, platform; ")
