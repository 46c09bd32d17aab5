from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import samples
from mlir_release import lit, lit_site
from mlir_release.errors import ToolFailed, UserError
from mlir_release.source import SourceTree
from mlir_release.toolchain import Toolchain

TEMPLATE = """\
@LIT_SITE_CFG_IN_HEADER@

import sys

config.target_triple = "@LLVM_TARGET_TRIPLE@"
config.llvm_tools_dir = lit_config.substitute("@LLVM_TOOLS_DIR@")
config.lit_tools_dir = "@LLVM_LIT_TOOLS_DIR@"
config.llvm_shlib_dir = lit_config.substitute(path(r"@SHLIBDIR@"))
config.python_executable = "@Python3_EXECUTABLE@"
config.enable_assertions = @ENABLE_ASSERTIONS@
config.native_target = "@LLVM_NATIVE_ARCH@"
config.host_os = "@HOST_OS@"
config.host_cc = "@HOST_CC@"
config.host_cxx = "@HOST_CXX@"
config.mlir_obj_root = "@MLIR_BINARY_DIR@"
config.run_nvptx_tests = @LLVM_HAS_NVPTX_TARGET@
config.run_rocm_tests = @MLIR_ENABLE_ROCM_CONVERSIONS@
config.run_xevm_tests = @MLIR_ENABLE_XEVM_CONVERSIONS@
config.run_amdgpu_tests = @LLVM_HAS_AMDGPU_TARGET@
config.enable_bindings_python = @MLIR_ENABLE_BINDINGS_PYTHON@
config.stable_abi = @MLIR_ENABLE_PYTHON_STABLE_ABI@
config.a_switch_of_a_newer_release = @MLIR_ENABLE_SOMETHING_NEW@
config.a_text_of_a_newer_release = "@MLIR_SOMETHING_NEW@"
if config.enable_assertions:
    config.available_features.add("asserts")

lit_config.load_config(config, "@MLIR_SOURCE_DIR@/test/lit.cfg.py")
"""
# Each release has some such switches of its own.
MLIR_CMAKE = """\
if ("AMDGPU" IN_LIST LLVM_TARGETS_TO_BUILD)
  set(MLIR_ENABLE_ROCM_CONVERSIONS 1)
else()
  set(MLIR_ENABLE_ROCM_CONVERSIONS 0)
endif()
if ("SPIRV" IN_LIST LLVM_TARGETS_TO_BUILD)
  set(MLIR_ENABLE_XEVM_CONVERSIONS 1)
endif()
"""
UNIT_TEMPLATE = """\
@LIT_SITE_CFG_IN_HEADER@
config.mlir_obj_root = "@MLIR_BINARY_DIR@"
lit_config.load_config(config, "@MLIR_SOURCE_DIR@/test/Unit/lit.cfg.py")
"""
LLVM_CONFIG = """\
#!/bin/sh
case "$1" in
  --host-target) echo x86_64-pc-linux-gnu;;
  --targets-built) echo X86 NVPTX SPIRV;;
  --assertion-mode) echo ON;;
esac
"""
# A lit that says it was run with, and gives the results in the file RESULTS beside it.
LIT = """\
import json, os, pathlib, sys
def main(builtin_parameters):
    here = pathlib.Path(__file__).parent
    words = sys.argv[1:]
    options = {key: words[words.index(key) + 1] for key in ("--xfail", "--output", "--xunit-xml-output")}
    (here / "CALLED").write_text(json.dumps({"words": words, "parameters": builtin_parameters, **options}))
    (here / "ENVIRONMENT").write_text(json.dumps(dict(os.environ)))
    if not (here / "RESULTS").is_file():
        sys.exit("lit: fatal: unable to load the configuration")
    pathlib.Path(options["--output"]).write_text((here / "RESULTS").read_text())
    print("FAIL: MLIR :: b.mlir (1 of 2)")
    sys.exit(1)
"""


def write(path: Path, text: str, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def setting(tmp_path: Path) -> lit_site.Setting:
    """A tree with upstream's templates and a stand-in for lit, and an SDK with llvm-config alone."""
    tree, prefix = tmp_path / "llvm-project", tmp_path / "prefix"
    write(tree / "mlir/test/lit.site.cfg.py.in", TEMPLATE)
    write(tree / "mlir/test/Unit/lit.site.cfg.py.in", UNIT_TEMPLATE)
    write(tree / "mlir/CMakeLists.txt", MLIR_CMAKE)
    write(tree / "llvm/utils/lit/lit/main.py", LIT)
    write(tree / "llvm/utils/lit/lit/discovery.py", "def find_tests_for_inputs(): ...\n")
    write(prefix / "bin/llvm-config", LLVM_CONFIG, 0o755)
    write(prefix / "lib/cmake/llvm/LLVMConfig.cmake", "# x\nset(LLVM_NATIVE_ARCH X86)\n")
    return lit_site.Setting(
        tree=SourceTree(path=tree, commit=None, version="22.1.8", origin="git", patches=(), key="k"),
        sdk=samples.sdk(prefix),
        python=Path(sys.executable),
        library_dir=tmp_path / "runtime libraries",
        toolchain=Toolchain(cc=Path("/x/cc"), cxx=Path("/x/c++"), name="clang 22", linker=None, key={}),
        bindings=True,
    )


def loaded(site: Path) -> tuple[dict[str, Any], list[str]]:
    """What a site configuration sets, and the configurations that it goes on to."""
    gone_on: list[str] = []
    config = SimpleNamespace(available_features=set())
    lit_config = SimpleNamespace(
        substitute=lambda text: text, load_config=lambda _, path: gone_on.append(path)
    )
    exec(compile(site.read_text(), site, "exec"), {"config": config, "lit_config": lit_config})
    return vars(config), gone_on


def test_site_says_what_is_known_and_the_rest_is_off(setting: lit_site.Setting, tmp_path: Path) -> None:
    site = lit_site.write_site(setting, tmp_path / "site")
    assert site == tmp_path / "site/test"
    values, gone_on = loaded(site / "lit.site.cfg.py")
    assert gone_on == [f"{setting.tree.path}/mlir/test/lit.cfg.py"]
    assert values.pop("available_features") == {"asserts"}
    assert values == {
        "target_triple": "x86_64-pc-linux-gnu",
        "llvm_tools_dir": str(tmp_path / "site/tools"),
        "lit_tools_dir": "",
        "llvm_shlib_dir": str(setting.library_dir),
        "python_executable": sys.executable,
        "enable_assertions": 1,
        "native_target": "X86",
        "host_os": platform.system(),
        "host_cc": "/x/cc",
        "host_cxx": "/x/c++",
        "mlir_obj_root": str(tmp_path / "site"),
        "run_nvptx_tests": 1,
        "run_rocm_tests": 0,
        "run_xevm_tests": 1,
        "run_amdgpu_tests": 0,
        "stable_abi": 0,
        "enable_bindings_python": 1,
        "a_switch_of_a_newer_release": 0,
        "a_text_of_a_newer_release": "",
    }


def test_a_build_with_the_stable_abi_is_told(setting: lit_site.Setting, tmp_path: Path) -> None:
    site = lit_site.write_site(replace(setting, stable_abi=True), tmp_path / "site")
    assert loaded(site / "lit.site.cfg.py")[0]["stable_abi"] == 1


def test_programs_under_test_come_first_and_tests_own_programs_last(
    setting: lit_site.Setting, tmp_path: Path
) -> None:
    programs, under_test = tmp_path / "programs", tmp_path / "installed"
    write(setting.sdk.tools_dir / "mlir-opt", "the SDK's")
    write(setting.sdk.tools_dir / "mlir-cat", "the SDK's")
    write(under_test / "mlir-opt", "under test")
    write(programs / "bin/mlir-cat", "the tests'")
    write(programs / "bin/mlir-capi-ir-test", "the tests'")
    write(programs / "unittests/IR/MLIRIRTests", "the tests'", 0o755)
    sdk = replace(setting.sdk, test_programs=programs)
    site = lit_site.write_site(replace(setting, sdk=sdk, tools=under_test), tmp_path / "site")
    tools = Path(loaded(site / "lit.site.cfg.py")[0]["llvm_tools_dir"])
    assert {path.name: path.read_text() for path in tools.iterdir() if path.name != "llvm-config"} == {
        "mlir-opt": "under test",
        "mlir-cat": "the SDK's",
        "mlir-capi-ir-test": "the tests'",
    }
    # They write beside themselves, and the SDK's folder is not theirs.
    copy = tmp_path / "site/unittests/IR/MLIRIRTests"
    assert os.access(copy, os.X_OK)
    assert not copy.is_symlink()
    assert copy.resolve().is_relative_to(tmp_path / "site")


def test_unit_tests_have_a_site_and_a_folder(setting: lit_site.Setting, tmp_path: Path) -> None:
    site = lit_site.write_site(setting, tmp_path / "site")
    values, gone_on = loaded(site / "Unit/lit.site.cfg.py")
    assert gone_on == [f"{setting.tree.path}/mlir/test/Unit/lit.cfg.py"]
    assert (Path(values["mlir_obj_root"]) / "unittests").is_dir()


@pytest.mark.parametrize("there", [True, False])
def test_what_needs_an_interpreter_is_left_out_where_there_is_none(
    setting: lit_site.Setting, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, there: bool
) -> None:
    tests = setting.tree.path / "mlir/test/Integration/CPU"
    tests.mkdir(parents=True)
    (tests / "run.mlir").write_text("// RUN: mlir-opt %s | %lli --entry-function=f\n")
    (tests / "only-said.mlir").write_text("// RUN: mlir-opt %s | FileCheck %s\n// lli is not run.\n")
    if there:
        (setting.sdk.tools_dir / "lli").touch()
    values, _ = loaded(lit_site.write_site(setting, tmp_path / "site") / "lit.site.cfg.py")
    assert values.get("left_out") == (None if there else ["Integration/CPU/run.mlir"])
    assert ("left out: 1 tests that need lli" in capsys.readouterr().out) is not there


def test_a_site_replaces_the_last_ones_output(setting: lit_site.Setting, tmp_path: Path) -> None:
    write(tmp_path / "site/test/python/Output/old.tmp", "old")
    lit_site.write_site(setting, tmp_path / "site")
    assert not (tmp_path / "site/test/python").exists()


def run(
    setting: lit_site.Setting, tmp_path: Path, codes: dict[str, str] | None, expected: dict[str, str]
) -> lit.Results:
    if codes is not None:
        tests = [{"name": name, "code": code, "elapsed": 0.1} for name, code in codes.items()]
        write(setting.tree.path / "llvm/utils/lit/lit/RESULTS", json.dumps({"tests": tests}))
    site = lit_site.write_site(setting, tmp_path / "site")
    return lit.run_tests(setting, [site], output=tmp_path / "out", name="x", expected=expected)


CODES = {
    "MLIR :: a.mlir": "PASS",
    "MLIR :: b.mlir": "FAIL",
    "MLIR :: c.mlir": "XFAIL",
    "MLIR :: d.mlir": "XPASS",
    "MLIR :: e.mlir": "UNSUPPORTED",
    "MLIR :: f.mlir": "UNRESOLVED",
    "MLIR :: g.mlir": "FLAKYPASS",
    "MLIR :: h.mlir": "TIMEOUT",
    "MLIR :: i.mlir": "EXCLUDED",
}


def test_results_are_lits(setting: lit_site.Setting, tmp_path: Path) -> None:
    results = run(setting, tmp_path, CODES, {"MLIR :: c.mlir": "why", "MLIR :: d.mlir": "why"})
    assert results.codes == CODES
    assert results.bad == {f"MLIR :: {name}.mlir": CODES[f"MLIR :: {name}.mlir"] for name in "bdfh"}
    assert results.unsupported == 2
    assert results.closing_line() == "3 passed, 4 failed, 2 skipped"
    assert "FAIL: MLIR :: b.mlir" in results.log.read_text()


def test_what_lit_is_told(setting: lit_site.Setting, tmp_path: Path) -> None:
    results = run(setting, tmp_path, CODES, {"MLIR :: c.mlir": "why", "MLIR :: d.mlir": "why"})
    called = json.loads((setting.tree.path / "llvm/utils/lit/lit/CALLED").read_text())
    assert called["--xfail"] == "MLIR :: c.mlir;MLIR :: d.mlir"
    assert called["--xunit-xml-output"] == str(results.junit)
    assert called["words"][-1] == str(tmp_path / "site/test")
    source = setting.tree.path / "mlir/test/Unit/lit.cfg.py"
    assert called["parameters"]["config_map"] == {
        str(source): str(tmp_path / "site/test/Unit/lit.site.cfg.py")
    }


def test_lit_is_not_told_by_the_users_environment(
    setting: lit_site.Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"LIT_FILTER": "arith", "LIT_OPTS": "--max-tests=2", "FILECHECK_OPTS": "-v", "PYTHONOPTIMIZE": "1"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    run(setting, tmp_path, CODES, {})
    assert (
        not told.keys()
        & json.loads((setting.tree.path / "llvm/utils/lit/lit/ENVIRONMENT").read_text()).keys()
    )


def test_an_expected_failure_that_is_gone_is_named(setting: lit_site.Setting, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^MLIR :: z\.mlir is expected to fail but does not exist"):
        run(setting, tmp_path, CODES, {"MLIR :: z.mlir": "why"})


ALL_PASS = json.dumps({"tests": [{"name": "MLIR :: a.mlir", "code": "PASS"}]})


# The last: lit says that something went wrong, and no test did.
@pytest.mark.parametrize("results", [None, "", "{", "{}", '{"tests": []}', ALL_PASS])
def test_a_lit_that_breaks_off_is_no_success(
    setting: lit_site.Setting, tmp_path: Path, results: str | None
) -> None:
    if results is not None:
        write(setting.tree.path / "llvm/utils/lit/lit/RESULTS", results)
    # What an earlier run left must not be taken for this one's.
    write(tmp_path / "out/x.json", ALL_PASS)
    with pytest.raises(ToolFailed, match=r"^lit failed with status 1; its whole log is") as caught:
        run(setting, tmp_path, None, {})
    if results is None:
        assert "unable to load the configuration" in caught.value.log.read_text()
        assert "unable to load the configuration" in caught.value.tail[-1]
