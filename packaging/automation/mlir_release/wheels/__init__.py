"""Wheels for all interpreters of a system with cibuildwheel, which brings interpreters and containers.

``session`` is `nox -s wheels` and starts it; its configuration, in the distribution's pyproject.toml, has it
call ``steps`` for what comes before a build, for the repair and for the tests. A cibuildwheel that somebody
else starts calls the same steps.
"""
