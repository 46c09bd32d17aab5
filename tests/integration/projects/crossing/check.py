"""Run in an environment that has the wheel: everything crosses, whichever extension comes first."""

from __future__ import annotations

import importlib
import sys


def check(name: str) -> None:
    module = importlib.import_module(f"crossing.{name}")
    for _ in range(1000):
        assert module.caught("x" * 100) == "out of range: " + "x" * 100
        assert module.caught("") == "out of range: "
        assert module.caught_own() == "own"
        assert module.caught_python(lambda: dict[str, int]()["absent"]) == "KeyError"
        assert module.caught_python(lambda: 0) == "nothing"
        assert module.is_square()
        try:
            module.translated()
        except IndexError as error:
            assert str(error) == "to Python"  # noqa: PT017 -- there is no pytest here
        else:
            raise AssertionError("nothing was raised")
    assert module.randomized()
    assert module.written(1.5).split()[0] == "1.5"
    module.printed()


for extension in sys.argv[1:]:
    check(extension)
