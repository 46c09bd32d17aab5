"""The release train: which commit is released, under which tag and version, on which branch.

What it knows is in git and on GitHub, nowhere else. It reads the remote, makes objects that no ref comes
to, and changes the remote in one push, which is taken as a whole or not at all. The user's work tree,
index, HEAD, branches and tags are never touched.
"""
