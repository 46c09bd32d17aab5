"""Upstream's real lit, as it is run here, on tests that are made in a moment."""

from __future__ import annotations

import sys
from pathlib import Path

import samples
from mlir_release import lit, lit_site
from mlir_release.source import SourceTree
from mlir_release.toolchain import Toolchain
from real_trees import LLVM_22, bring
from session_project import write

SITE = 'lit_config.load_config(config, "@MLIR_SOURCE_DIR@/test/lit.cfg.py")\n'
CONFIG = """\
import os, lit.formats
config.name = "MLIR"
config.suffixes = [".py"]
config.test_format = lit.formats.ShTest()
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.test_source_root, "out")
"""


def test_one_test_is_left_out_and_not_others_of_its_name(tmp_path: Path) -> None:
    tree = bring(LLVM_22, ["llvm/utils/lit/lit/**/*.py"], tmp_path / "llvm-project")
    tests = tree / "mlir/test"
    write(tests / "lit.cfg.py", CONFIG)
    write(tree / "mlir/CMakeLists.txt", "")
    for part in ("", "Unit/"):
        write(tests / part / "lit.site.cfg.py.in", SITE)
    for name in ("a.py", "ir/a.py", "ir/b.py", "dialects/a.py"):
        write(tests / name, "# RUN: true\n")
    write(tmp_path / "prefix/bin/llvm-config", "#!/bin/sh\n", 0o755)
    write(tmp_path / "prefix/lib/cmake/llvm/LLVMConfig.cmake", "")
    setting = lit_site.Setting(
        tree=SourceTree(path=tree, commit=None, version="22.1.8", origin="git", patches=(), key="k"),
        sdk=samples.sdk(tmp_path / "prefix"),
        python=Path(sys.executable),
        library_dir=tmp_path,
        toolchain=Toolchain(cc=Path("cc"), cxx=Path("c++"), name="clang", linker=None, key={}),
        bindings=True,
    )
    some = lit_site.write_site(setting, tmp_path / "some", exclude=["ir/a.py", "a.py"])
    others = lit_site.write_site(setting, tmp_path / "others")
    paths = [some / "ir", some / "dialects", others / "a.py"]
    found = lit.run_tests(setting, paths, output=tmp_path / "results", name="x", expected={})
    assert sorted(found.codes) == ["MLIR :: a.py", "MLIR :: dialects/a.py", "MLIR :: ir/b.py"]
    assert set(found.codes.values()) == {"PASS"}
