"""What the targets of an SDK link to: expressions that are evaluated, and libraries that it must not name."""

from __future__ import annotations

from typing import Any

import pytest

from sdk_exports import Exported, code, main_file

cmake_file, exports, foreign, link_lists = map(code, ("cmake_file", "exports", "foreign", "link_lists"))
UnknownForm = cmake_file.UnknownForm

COMPILED = [Exported(name="LLVMSupport", links=["rt", "dl", "-framework Foundation", "m"])]
DISTRIBUTION = [
    Exported(name="LLVMSupport", links=["rt", "/usr/lib/x86_64-linux-gnu/libz3.so", "ZLIB::ZLIB"]),
    Exported(name="LLVMLineEditor", links=["LLVMSupport", "LibEdit::LibEdit"]),
]
MLIR = [Exported(name="MLIRIR", links=["LLVMSupport", r"\$<LINK_ONLY:m>"])]


def targets(exported: list[Exported]) -> Any:
    return exports.targets([cmake_file.parse(main_file("Targets", exported))])


def linked_by(links: list[str], **properties: str) -> list[str]:
    """What MLIRUser then links to; MLIRBase beside it has these properties, and links to some libraries."""
    base = Exported(name="MLIRBase", links=["MLIRIR", "LLVMSupport"], properties=properties)
    main = cmake_file.parse(main_file("MLIRTargets", [base, Exported(name="MLIRUser", links=links)]))
    return list(exports.targets(link_lists.evaluated([main]))["MLIRUser"].links)


@pytest.mark.parametrize(
    ("link", "libraries"),
    [
        (r"\$<TARGET_PROPERTY:MLIRBase,INTERFACE_LINK_LIBRARIES>", ["MLIRIR", "LLVMSupport"]),
        (r"\$<LINK_ONLY:\$<TARGET_PROPERTY:MLIRBase,INTERFACE_LINK_LIBRARIES>>", ["MLIRIR", "LLVMSupport"]),
        (r"\$<TARGET_PROPERTY:MLIRBase,NEVER_SET>", []),
        (r"\$<\$<BOOL:\$<TARGET_PROPERTY:MLIRBase,SWITCH>>:LLVMCore>", ["LLVMCore"]),
        (r"\$<\$<NOT:\$<BOOL:\$<TARGET_PROPERTY:MLIRBase,SWITCH>>>:\$<TARGET_NAME:MLIRNowhere>>", []),
        (r"\$<IF:\$<STREQUAL:a,b>,LLVMCore,\$<TARGET_NAME:MLIRBase>>", ["MLIRBase"]),
        (r"\$<\$<AND:1,\$<OR:0,1>>:LLVMCore;LLVMSupport>", ["LLVMCore", "LLVMSupport"]),
    ],
)
def test_expressions_that_ask_the_export_set_are_evaluated(link: str, libraries: list[str]) -> None:
    assert linked_by([link, "MLIRPass"], SWITCH="ON") == [*libraries, "MLIRPass"]


@pytest.mark.parametrize(
    "link",
    [
        r"\$<CONFIG:Debug>",
        r"\$<TARGET_PROPERTY:MLIRNowhere,INTERFACE_LINK_LIBRARIES>",
        r"\$<TARGET_PROPERTY:INTERFACE_LINK_LIBRARIES>",
        r"\$<TARGET_PROPERTY:MLIRUser,INTERFACE_LINK_LIBRARIES>",
        r"\$<BOOL:ON",
    ],
)
def test_an_expression_without_an_answer_is_named_with_file_and_target(link: str) -> None:
    user = Exported(name="MLIRUser", links=[link])
    main = cmake_file.parse(main_file("MLIRTargets", [user]), "MLIRTargets.cmake")

    with pytest.raises(UnknownForm, match=r"^MLIRTargets.cmake: MLIRUser: .*\$<[^\n]*$"):
        link_lists.evaluated([main])


def test_libraries_of_the_machine_are_named_with_who_links_to_them() -> None:
    named = foreign.libraries(targets(DISTRIBUTION))

    assert named == [
        "LLVMSupport links to z3",
        "LLVMSupport links to ZLIB::ZLIB",
        "LLVMLineEditor links to LibEdit::LibEdit",
    ]
    assert foreign.libraries(targets(COMPILED)) == []
    assert foreign.libraries(targets(MLIR), ["LLVMSupport"]) == []


def test_packages_that_a_config_looks_for_are_named_unless_it_says_that_it_does_not() -> None:
    text = "set(LLVM_ENABLE_{0} {1})\nif(LLVM_ENABLE_{0})\n  find_package({0})\nendif()\n"
    switches = {"ZLIB": "0", "LZMA": "1", "FFI": "OFF", "CURL": "TRUE", "DIA": "X-NOTFOUND", "Threads": "1"}
    config_file = "".join(text.format(name, value) for name, value in switches.items())

    named = foreign.packages(cmake_file.parse(config_file, "LLVMConfig.cmake"))

    assert named == ["LLVMConfig.cmake looks for LZMA", "LLVMConfig.cmake looks for CURL"]
