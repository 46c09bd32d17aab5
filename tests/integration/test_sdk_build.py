"""The provider `build`, driving a project that has LLVM's targets and components and is built in seconds."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from child import start, wait_until
from mlir_release.errors import ReleaseError, ToolFailed, UserError
from mlir_release.sdk import CannotServe, build
from mlir_release.sdk.build import Build
from mlir_release.sdk.recipe import Recipe
from mlir_release.source import SourceTree
from mlir_release.store import Store

if TYPE_CHECKING:
    from mlir_release.sdk import Sdk
    from mlir_release.toolchain import Toolchain

PROJECT = Path(__file__).parent / "projects" / "small-llvm"
CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from mlir_release import toolchain
from mlir_release.sdk.build import Build
from mlir_release.sdk.recipe import Recipe
from mlir_release.source import SourceTree
from mlir_release.store import Store
tree = SourceTree(
    path=Path(sys.argv[1]), commit="c" * 40, version="22.1.8", origin="git", patches=(), key="key"
)
compiler = replace(toolchain.find(llvm_major=22), environment={"LAST_STEP_SECONDS": "600"})
builder = Build(tree=lambda: tree, toolchain=lambda: compiler, compiler_launcher="none")
builder.obtain(version="22.1.8", store=Store.open(Path(sys.argv[2])))
"""


@dataclass
class Site:
    """A tree, a store, and what builds one into the other."""

    tree: Path
    store: Store
    builder: Build

    def obtain(self) -> Sdk:
        return self.builder.obtain(version="22.1.8", store=self.store)

    def box(self, sdk: Sdk) -> Path:
        return self.store.root / "sdk" / sdk.key


@pytest.fixture
def site(tmp_path: Path, compiler: Toolchain) -> Site:
    tree = shutil.copytree(PROJECT, tmp_path / "llvm-project")
    quick = replace(compiler, environment={"LAST_STEP_SECONDS": "0"})
    source = SourceTree(path=tree, commit="c" * 40, version="22.1.8", origin="git", patches=(), key="key")
    builder = Build(tree=lambda: source, toolchain=lambda: quick, compiler_launcher="none")
    return Site(tree, Store.open(tmp_path / "store"), builder)


def test_what_was_needed_is_in_the_prefix_and_nothing_else(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.builder.find(version="22.1.8", store=site.store) is None
    sdk = site.obtain()
    names = {path.name for path in sdk.library_dir.glob("*.a")}
    assert names == {"libLLVMSupport.a", "libMLIRIR.a", "libMLIRCAPIIR.a"}
    assert (sdk.prefix / "include/mlir/Version.h").is_file()
    assert os.access(sdk.tools_dir / "mlir-opt", os.X_OK)
    assert not (sdk.tools_dir / "mlir-capi-ir-test").exists()
    assert sdk.test_programs
    assert (sdk.test_programs / "bin/mlir-capi-ir-test").is_file()
    assert (sdk.test_programs / "unittests/IR/MLIRIRTests").is_file()
    assert {path.name for path in site.box(sdk).iterdir()} == {
        "cost.json", "files.json", "manifest.json", "prefix", "programs",
    }  # fmt: skip
    assert not list((site.store.root / "work").iterdir())
    output = capsys.readouterr().out
    for said in ("without a compiler cache", "linking ", "CPU time", "peak memory", "steps"):
        assert said in output
    # The second time it is found, in no time and without a compiler.
    assert site.builder.find(version="22.1.8", store=site.store) == sdk
    assert site.obtain() == sdk
    assert "cmake" not in capsys.readouterr().out


def test_other_processors_or_assertions_are_another_sdk(site: Site) -> None:
    keys = {site.obtain().key}
    for recipe in (Recipe(assertions=True), Recipe(llvm_targets=("X86", "NVPTX"))):
        site.builder = replace(site.builder, recipe=recipe)
        sdk = site.obtain()
        config = (sdk.library_dir / "cmake/llvm/LLVMConfig.cmake").read_text()
        assert f"ASSERTIONS {'ON' if recipe.assertions else 'OFF'}" in config
        assert f"TO_BUILD {';'.join(recipe.llvm_targets)})" in config
        keys.add(sdk.key)
    assert len(keys) == 3


def test_a_killed_build_goes_on_where_it_was(site: Site) -> None:
    log = site.store.root / "logs/sdk.log"
    process = start(CHILD, site.tree, site.store.root)
    wait_until(lambda: any((site.store.root / "work").glob("sdk-*/build/bin/mlir-opt")))
    wait_until(lambda: "mlir-opt.dir" in log.read_text())
    process.kill()
    process.wait()
    assert not (site.store.root / "sdk").exists()
    sdk = site.obtain()
    assert (sdk.tools_dir / "mlir-opt").is_file()
    # What had been compiled was not compiled again.
    assert "mlir-opt.dir" not in log.read_text()


def test_a_changed_file_is_named_and_not_built_again_unasked(site: Site) -> None:
    sdk = site.obtain()
    (sdk.library_dir / "libMLIRIR.a").write_bytes(b"!<arch>\n")
    with pytest.raises(CannotServe, match=r"was changed after it was built: prefix/lib/libMLIRIR\.a; put"):
        site.obtain()
    with pytest.raises(CannotServe, match="delete the folder"):
        site.builder.find(version="22.1.8", store=site.store)
    shutil.rmtree(site.box(sdk))
    assert site.obtain() == sdk


def test_half_a_prefix_is_named(site: Site) -> None:
    sdk = site.obtain()
    shutil.rmtree(sdk.library_dir / "cmake")
    (sdk.library_dir / "libMLIRIR.a").unlink()
    with pytest.raises(CannotServe, match=r"prefix/lib/cmake/llvm/LLVMConfig\.cmake and 4 more"):
        site.obtain()


def test_a_prefix_that_names_its_folder_is_refused(site: Site) -> None:
    file = site.tree / "llvm/CMakeLists.txt"
    file.write_text(file.read_text().replace("# WHERE", "# ${CMAKE_INSTALL_PREFIX}"))
    with pytest.raises(ReleaseError, match=r"MLIRTargets\.cmake names the folder that it was built in"):
        site.obtain()
    assert not (site.store.root / "sdk").exists()


def test_a_failing_compilation_keeps_its_log(site: Site) -> None:
    file = site.tree / "llvm/CMakeLists.txt"
    file.write_text(file.read_text().replace("int main(void) {", "int main(void) { nonsense"))
    with pytest.raises(ToolFailed, match="nonsense") as failure:
        site.obtain()
    assert "nonsense" in failure.value.log.read_text()


def test_too_little_memory_is_said_before_anything_starts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_LINK_MEMORY", dict.fromkeys(("lld", "mold"), 10**15))
    monkeypatch.setattr(build, "_SLOW_LINKER_MEMORY", 10**15)
    with pytest.raises(UserError, match=r"^linking LLVM needs 1000000 GB of memory and .* are free: end"):
        site.obtain()
    assert not (site.store.root / "work").exists()


def test_links_are_limited_by_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    most = psutil.virtual_memory().available * 2 // 3
    monkeypatch.setattr(build, "_LINK_MEMORY", dict.fromkeys(("lld", "mold"), most))
    monkeypatch.setattr(build, "_SLOW_LINKER_MEMORY", most)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(build, "_COMPILE_MEMORY", 1)
    jobs = build.parallel_jobs("lld")
    assert (jobs.links, jobs.all) == (1, 8)


def test_too_little_room_is_said_before_anything_starts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_ROOM", 10**18)
    with pytest.raises(UserError, match=r"^compiling LLVM and MLIR needs 1000000000\.0 GB"):
        site.obtain()
    assert not (site.store.root / "work").exists()
