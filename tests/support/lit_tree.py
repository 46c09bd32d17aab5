"""A tree with upstream's templates for lit, and a stand-in for lit itself."""

from __future__ import annotations

import sys
from pathlib import Path

import samples
from mlir_release import lit_site
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


def small_setting(tmp_path: Path) -> lit_site.Setting:
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
