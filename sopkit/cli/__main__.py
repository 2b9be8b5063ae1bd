"""So that `python -m sopkit.cli` is the command too."""

from sopkit.cli import main

main()
