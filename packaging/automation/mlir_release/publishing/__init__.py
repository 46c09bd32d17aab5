"""How a release reaches its users: the set of its files, and the places that it is published to.

A release set is a folder that holds the files of one release and a manifest of them (``manifest``). It
is made and proven complete by ``release_set``; what publishes, indexes or verifies reads it from there.
"""
