"""`python -m facewire` is the `facewire` command."""

from facewire.tools.cli import main

main()
