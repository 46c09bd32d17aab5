"""What the SDK's wheels carry of an installed LLVM and MLIR, and what their CMake files then say."""

from __future__ import annotations

from typing import Any

import pytest

from sdk_exports import LLVM, MLIR, Exported, code, decide, parsed

cmake_file, exports, plan, rules = map(code, ("cmake_file", "exports", "plan", "rules"))
UnknownForm = cmake_file.UnknownForm

# A distribution's: everything links to shared libraries, one of which has no package here.
SHARED = Exported(name="LLVM", kind="SHARED", files=["lib/libLLVM.so.1"])
DISTRIBUTION = [
    Exported(
        name="LLVMSupport",
        links=["rt", "/usr/lib/x86_64-linux-gnu/libz3.so", "ZLIB::ZLIB"],
        files=["lib/libLLVMSupport.a"],
    ),
    Exported(name="LLVMLineEditor", links=["LibEdit::LibEdit"], files=["lib/libLLVMLineEditor.a"]),
    Exported(name="LLVMExtensions", links=["LLVMSupport", "Polly"], files=["lib/libLLVMExtensions.a"]),
    Exported(name="Polly", links=["LLVMExtensions"], files=["lib/libPolly.a"]),
    SHARED,
]


def names(file: Any) -> set[str]:
    return set(exports.targets([file]))


def test_tests_programs_and_shared_libraries_of_programs_are_left_out_with_their_reasons() -> None:
    made = decide(LLVM, MLIR)

    assert set(made.left_out) == {"LLVMDiff", "opt", "LTO", "mlir-opt", "MLIRTestDialect", "MLIRMlirOptMain"}
    assert made.left_out["MLIRTestDialect"] == "a library of tests"
    assert not made.stand_ins


def test_the_written_files_name_nothing_that_is_left_out() -> None:
    made = decide(LLVM, MLIR)

    for file in parsed("MLIRTargets", MLIR):
        text = exports.filtered(file, made).text()
        for name in made.left_out:
            assert name not in text
        assert "MLIRIR" in text

    main, _ = parsed("MLIRTargets", MLIR)
    assert names(exports.filtered(main, made)) == {"mlir-tblgen", "MLIRIR", "MLIRRunner"}


def test_what_stays_is_written_as_it_was() -> None:
    only = [target for target in MLIR if target.name in {"mlir-tblgen", "MLIRIR", "MLIRRunner"}]
    main, details = parsed("MLIRTargets", only)
    made = decide(LLVM, only)

    assert exports.filtered(details, made).text() == details.text()
    assert exports.filtered(main, made).text() == main.text()


def test_new_targets_are_created_once_and_expected() -> None:
    main, _ = parsed("MLIRTargets", MLIR)

    written = exports.filtered(
        main, decide(LLVM, MLIR), added="\n\nadd_library(obj.A OBJECT IMPORTED)", new=["obj.A"]
    )

    assert written.text().count("add_library(obj.A") == 1
    assert "obj.A)" in written.text()
    assert written.text().index("add_library(obj.A") < written.text().index("file(GLOB")


def test_a_library_that_links_to_what_is_left_out_is_a_mistake_in_the_rules() -> None:
    odd = [*MLIR, Exported(name="MLIROdd", links=["MLIRTestDialect"], files=["lib/libMLIROdd.a"])]
    main, _ = parsed("MLIRTargets", odd)

    with pytest.raises(UnknownForm, match="MLIRTestDialect is left out"):
        exports.filtered(main, decide(LLVM, odd))


def test_a_library_that_nobody_has_is_a_mistake_in_the_rules() -> None:
    odd = [*MLIR, Exported(name="MLIROdd", links=["LLVMNowhere"], files=["lib/libMLIROdd.a"])]

    with pytest.raises(UnknownForm, match="MLIROdd links to LLVMNowhere"):
        decide(LLVM, odd)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ('export(TARGETS MLIRIR FILE "a.cmake")', "no export file has had"),
        ("set(some_list MLIRIR;MLIRTestDialect)", "MLIRTestDialect is left out, but named by"),
    ],
)
def test_a_command_of_an_unknown_form_is_named(command: str, said: str) -> None:
    main, _ = parsed("MLIRTargets", MLIR)
    changed = cmake_file.parse(main.text() + command + "\n")

    with pytest.raises(UnknownForm, match=said):
        exports.filtered(changed, decide(LLVM, MLIR))


def test_shared_llvm_stands_for_the_static_libraries_that_need_nothing_else() -> None:
    mlir = [Exported(name="MLIRIR", links=["LLVM"], files=["lib/libMLIRIR.a"])]
    made = decide(DISTRIBUTION, mlir, missing=("lib/libPolly.a",))
    main, details = parsed("LLVMExports", DISTRIBUTION, prefix="/usr/lib/llvm-22")

    assert made.stand_ins == {"LLVM": ["LLVMSupport", "LLVMExtensions"]}
    written = exports.filtered(main, made)
    assert exports.targets([written])["LLVM"].kind == "INTERFACE"
    assert exports.targets([written])["LLVM"].links == ("LLVMSupport", "LLVMExtensions")
    assert "libLLVM.so" not in exports.filtered(details, made).text()


def test_a_distributions_file_names_no_folder_of_the_machine_afterwards() -> None:
    made = decide(DISTRIBUTION, [], missing=("lib/libPolly.a",))
    main, _ = parsed("LLVMExports", DISTRIBUTION, prefix="/usr/lib/llvm-22")

    written = exports.filtered(main, made)

    assert "/usr" not in written.text()
    assert exports.targets([written])["LLVMSupport"].links == ("rt", "z3", "ZLIB::ZLIB")


def test_a_library_that_is_not_installed_is_not_linked_to() -> None:
    made = decide(DISTRIBUTION, [], missing=("lib/libPolly.a",))
    main, _ = parsed("LLVMExports", DISTRIBUTION)

    assert made.left_out["Polly"] == rules.NOT_INSTALLED
    assert exports.targets([exports.filtered(main, made)])["LLVMExtensions"].links == ("LLVMSupport",)


def test_a_generator_that_needs_the_shared_llvm_stays_a_target_and_is_compiled() -> None:
    made = decide(LLVM, MLIR, linked=("bin/mlir-tblgen", "lib/libMLIRRunner.so"))
    _, details = parsed("MLIRTargets", MLIR)

    assert "mlir-tblgen" in made.compiled
    assert "MLIRRunner" in made.left_out
    text = exports.filtered(details, made).text()
    # Where it will be is said; that it is there cannot be asked for before it is compiled.
    assert "${_IMPORT_PREFIX}/bin/mlir-tblgen" in text
    assert "_cmake_import_check_files_for_mlir-tblgen" not in text


def test_object_files_are_wanted_for_those_that_name_them_and_lack_them() -> None:
    def capi(name: str) -> Exported:
        return Exported(
            name=name, files=[f"lib/lib{name}.a"], properties={rules.OBJECT_LIBRARY: f"obj.{name}"}
        )

    present = Exported(
        name="obj.MLIRCAPIB", kind="OBJECT", files=["lib/objects-Release/obj.MLIRCAPIB/B.cpp.o"]
    )
    mlir = [*MLIR, capi("MLIRCAPIA"), capi("MLIRCAPIB"), present]
    members = exports.targets(parsed("MLIRTargets", mlir))

    assert list(plan.aggregate_objects(members, decide(LLVM, mlir))) == ["obj.MLIRCAPIA"]
    assert members["obj.MLIRCAPIB"].files == present.files or members["obj.MLIRCAPIB"].files == tuple(
        present.files
    )


def test_an_expression_that_names_what_is_left_out_is_refused() -> None:
    odd = Exported(
        name="MLIROdd",
        files=["lib/libMLIROdd.a"],
        properties={"SOME_PROPERTY": r"\$<TARGET_FILE:MLIRTestDialect>"},
    )
    main, _ = parsed("MLIRTargets", [*MLIR, odd])

    with pytest.raises(UnknownForm, match="MLIRTestDialect is left out, but named by"):
        exports.filtered(main, decide(LLVM, [*MLIR, odd]))
