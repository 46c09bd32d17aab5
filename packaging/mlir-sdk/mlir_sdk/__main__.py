"""Print where MLIR is, for builds that do not find it by themselves."""

from __future__ import annotations

import argparse
import json
from typing import NoReturn

import mlir_sdk


class _Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def main() -> None:
    """Answer one question; a mistake, or a damaged installation, is one line and status 2."""
    parser = _Parser(prog="python -m mlir_sdk", description=__doc__, allow_abbrev=False)
    question = parser.add_mutually_exclusive_group(required=True)
    question.add_argument("--cmake-dir", action="store_true", help="the folder for -DMLIR_DIR=")
    question.add_argument("--prefix", action="store_true", help="the folder with include, lib, bin and src")
    question.add_argument("--version", action="store_true", help="the version of this package")
    question.add_argument("--json", action="store_true", help="everything, as JSON")
    arguments = parser.parse_args()
    try:
        print(_answer(arguments))
    except mlir_sdk.SdkError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def _answer(arguments: argparse.Namespace) -> str:
    if arguments.cmake_dir:
        return str(mlir_sdk.cmake_dir())
    if arguments.prefix:
        return str(mlir_sdk.prefix())
    if arguments.version:
        return mlir_sdk.version()
    return json.dumps(mlir_sdk.describe(), indent=2)


if __name__ == "__main__":
    main()
