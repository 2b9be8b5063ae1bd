"""One module a revision, each after the one it names."""
