"""The package index of all releases: static files, which GitHub Pages or any other web server serves.

It holds no wheel: its links lead to the files of the releases. ``collect`` finds the releases and their
manifests, ``model`` is what an index says of them, ``simple`` writes that for installers, ``folder`` puts it
on disk, and ``session`` is ``nox -s index``. The page for people beside it is made in ``publishing.page``.

How to install from it safely
-----------------------------
The bindings need NumPy, which this index has not got. Two indexes at once (``--extra-index-url``) would let
pip take whatever file of ours' names either one offers, and what PEP 708 has against that no installer knows
yet. Safe with today's, as ``tests/integration/test_index_installers.py`` proves, are:

- by name: alone from this index, without what it needs (pip's ``--no-deps --index-url``, uv's ``--no-deps
  --default-index``); if that succeeded, the same version again from the usual index. It is there already, so
  only what it needs is taken. What needs nothing but files of ours (``mlir-sdk``): the first half, with deps.
- by URL: ``NAME @ URL#sha256=...`` names the file with its hash, in one command, whatever else pip is
  configured with. All files of ours that belong together must be named (``mlir-sdk`` and ``llvm-sdk``).

uv's ``--index`` with this index, in one command, is not: uv takes a project from the first index that has
it, but should this one answer "not found" one day, from the next. And what pip's own configuration adds
(``pip config list``: ``extra-index-url``, ``find-links``) no option on its command line takes away: where
there is such a thing, only the URL is safe.
"""
