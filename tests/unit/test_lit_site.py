from __future__ import annotations

import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lit_tree import small_setting, write
from mlir_release import lit_site


@pytest.fixture
def setting(tmp_path: Path) -> lit_site.Setting:
    return small_setting(tmp_path)


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
