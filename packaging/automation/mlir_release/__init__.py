"""The code behind the nox sessions: pin, source, SDK, bindings, repair, tests.

One room per step; none imports nox, and none runs inside a target interpreter.
"""
