"""Each program does its work, says its version, and fails as upstream's does."""

from __future__ import annotations

import os
import platform
import stat
from typing import TYPE_CHECKING

import mlir_tools
import pytest
from mlir_tools import release

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Tool

_ADD = """
func.func @add(%a: i32, %b: i32) -> i32 {
  %sum = arith.addi %a, %b : i32
  return %sum : i32
}
"""
_TO_LLVM = ("--convert-arith-to-llvm", "--convert-func-to-llvm", "--reconcile-unrealized-casts")
# These have no --version.
_WITHOUT_VERSION = {"not", "count"}
_ALL = ["FileCheck", "count", "llc", "mlir-lsp-server", "mlir-opt", "mlir-pdll-lsp-server", "mlir-query"]
_ALL += ["mlir-reduce", "mlir-rewrite", "mlir-runner", "mlir-tblgen", "mlir-translate", "not", "opt"]
_ALL += ["split-file", "tblgen-lsp-server"]


def test_all_are_there_but_those_that_upstream_no_longer_has() -> None:
    findings = release.as_dict().get("findings", [])
    gone = [name for name in _ALL if any(f" {name} " in finding for finding in findings)]
    assert mlir_tools.tools() == [name for name in _ALL if name not in gone]


@pytest.mark.parametrize("name", sorted(set(_ALL) - _WITHOUT_VERSION))
def test_version_is_that_of_llvm(tool: Tool, name: str) -> None:
    answer = tool(name, "--version")
    assert answer.returncode == 0
    assert f"LLVM version {release.llvm_version}" in answer.stdout


@pytest.mark.parametrize("name", sorted(set(_ALL) - _WITHOUT_VERSION))
def test_help_and_errors_name_the_program(tool: Tool, name: str) -> None:
    answer = tool(name, "--help")
    assert answer.returncode == 0
    (usage,) = (line for line in answer.stdout.splitlines() if line.startswith("USAGE: "))
    assert usage.split()[1] == name
    refused = tool(name, "--no-such-option")
    assert refused.returncode == 1
    assert f"{name}: Unknown command line argument '--no-such-option'" in refused.stderr.replace(".exe", "")


def test_a_module_goes_down_to_assembly(tool: Tool) -> None:
    lowered = tool("mlir-opt", *_TO_LLVM, input=_ADD)
    assert (lowered.returncode, lowered.stderr) == (0, "")
    llvm_ir = tool("mlir-translate", "--mlir-to-llvmir", input=lowered.stdout)
    assert "define i32 @add(i32 %0, i32 %1)" in llvm_ir.stdout
    optimized = tool("opt", "-S", "-passes=instcombine", input=llvm_ir.stdout)
    assert (optimized.returncode, optimized.stderr) == (0, "")
    assembly = tool("llc", input=optimized.stdout)
    assert (assembly.returncode, assembly.stderr) == (0, "")
    assert "add:" in assembly.stdout


def test_mlir_opt_refuses_a_wrong_module(tool: Tool) -> None:
    answer = tool("mlir-opt", input="func.func @f() -> i32 { return }")
    assert answer.returncode == 1
    assert "'func.return' op has 0 operands, but enclosing function (@f) returns 1" in answer.stderr


def test_mlir_opt_knows_upstreams_test_passes(tool: Tool) -> None:
    shown = tool("mlir-opt", "--show-dialects").stdout
    assert {"test", "transform", "gpu", "linalg"} <= set(shown.partition(": ")[2].strip().split(","))
    answer = tool("mlir-opt", "--test-print-nesting", "--mlir-disable-threading", input=_ADD)
    assert "visiting op: 'builtin.module'" in answer.stdout


def test_mlir_runner_runs_main(tool: Tool) -> None:
    program = "llvm.func @main() -> i32 { %0 = llvm.mlir.constant(42 : i32) : i32 llvm.return %0 : i32 }"
    answer = tool("mlir-runner", "--entry-point-result=i32", input=program)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "42\n", "")


def test_mlir_runner_finds_functions_of_c(tool: Tool) -> None:
    program = """
        llvm.func @llabs(i64) -> i64
        llvm.func @main() -> i64 {
          %0 = llvm.mlir.constant(-7 : i64) : i64
          %1 = llvm.call @llabs(%0) : (i64) -> i64
          llvm.return %1 : i64
        }"""
    answer = tool("mlir-runner", "--entry-point-result=i64", input=program)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "7\n", "")


def test_mlir_query_finds_operations(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "add.mlir").write_text(_ADD, encoding="utf-8")
    answer = tool("mlir-query", "add.mlir", "-c", 'm hasOpName("arith.addi")')
    assert answer.returncode == 0
    assert 'add.mlir:3:10: note: "root" binds here' in answer.stdout + answer.stderr


def test_mlir_query_takes_commands_from_a_pipe(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "add.mlir").write_text(_ADD, encoding="utf-8")
    answer = tool("mlir-query", "add.mlir", input='match hasOpName("func.return")\nquit\n')
    assert answer.returncode == 0
    assert "1 match." in answer.stdout


def test_mlir_rewrite_marks_what_it_parsed(tool: Tool) -> None:
    answer = tool("mlir-rewrite", "--mark-ranges", input="module {\n  // Nothing.\n}\n")
    assert answer.returncode == 0
    assert "{// Nothing.}" in answer.stdout


@pytest.mark.skipif(os.name == "nt", reason="the program that judges is a shell script")
def test_mlir_reduce_leaves_what_matters(tool: Tool, tmp_path: Path) -> None:
    judge = tmp_path / "judge.sh"
    judge.write_text('#!/bin/sh\n! grep -q "test.op_crash" "$1"\n', encoding="utf-8")
    judge.chmod(judge.stat().st_mode | stat.S_IXUSR)
    program = """
        func.func @boring() { return }
        func.func @crashing(%0: i32) { "test.op_crash"(%0) : (i32) -> () return }
        func.func @boring_too() { return }"""
    (tmp_path / "in.mlir").write_text(program, encoding="utf-8")
    answer = tool("mlir-reduce", "in.mlir", "--reduction-tree=traversal-mode=0 test=./judge.sh")
    # On stderr, 23 tells of each attempt that was no valid program.
    assert answer.returncode == 0, answer.stderr
    assert "@crashing" in answer.stdout
    assert "@boring" not in answer.stdout


def test_mlir_tblgen_reads_records(tool: Tool) -> None:
    answer = tool("mlir-tblgen", "--print-records", input="class A<int n> { int value = n; } def B : A<3>;")
    assert answer.returncode == 0
    assert "int value = 3;" in answer.stdout
    assert "dialect" in tool("mlir-tblgen", "--help").stdout


def test_llc_compiles_for_this_machine(tool: Tool) -> None:
    known = tool("llc", "--version").stdout.partition("Registered Targets:")[2]
    names = {"x86_64": "x86-64", "AMD64": "x86-64", "arm64": "aarch64"}
    assert f" {names.get(platform.machine(), platform.machine())} " in known


def test_opt_makes_options_of_its_passes(tool: Tool) -> None:
    # In the other programs, these names are not taken.
    program = "define void @f() {\n  ret void\n}\n"
    answer = tool("opt", "-S", "--print-passes")
    assert "instcombine" in answer.stdout
    legacy = tool("opt", "-S", "--expand-reductions", input=program)
    assert (legacy.returncode, legacy.stderr) == (0, "")
    assert "define void @f()" in legacy.stdout


@pytest.mark.parametrize(
    ("name", "option", "others"),
    [
        ("llc", "--filetype", ["mlir-opt", "mlir-runner"]),
        ("opt", "--filetype", ["mlir-translate"]),
        ("opt", "--disable-output", ["llc", "mlir-opt"]),
        ("mlir-rewrite", "--simple-rename-op-name", ["mlir-opt", "opt"]),
        ("mlir-runner", "--link-nested-modules", ["mlir-opt", "llc"]),
    ],
)
def test_options_are_those_of_the_program(tool: Tool, name: str, option: str, others: list[str]) -> None:
    assert f" {option}" in tool(name, "--help-hidden").stdout
    for other in others:
        assert f" {option}" not in tool(other, "--help-hidden").stdout


def test_filecheck_checks(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "checks").write_text("CHECK: a {{[0-9]+}}\n", encoding="utf-8")
    assert tool("FileCheck", "checks", input="a 12\n").returncode == 0
    failed = tool("FileCheck", "checks", input="b\n")
    assert failed.returncode == 1
    assert "expected string not found in input" in failed.stderr


def test_not_turns_the_status_round(tool: Tool) -> None:
    assert tool("not", "mlir-opt", input="wrong").returncode == 0
    assert tool("not", "mlir-opt", input="module {}").returncode == 1
    assert tool("not", "--crash", "mlir-opt", input="wrong").returncode == 1


def test_count_counts_lines(tool: Tool) -> None:
    assert tool("count", "2", input="a\nb\n").returncode == 0
    assert tool("count", "3", input="a\nb\n").returncode == 1


def test_split_file_splits(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "both").write_text("//--- one.mlir\nmodule {}\n//--- two.txt\ntext\n", encoding="utf-8")
    assert tool("split-file", "both", "parts").returncode == 0
    assert (tmp_path / "parts" / "two.txt").read_text(encoding="utf-8") == "text\n"
