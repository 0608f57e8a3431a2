# ruff: noqa: INP001 - a script, no part of a package
"""Write the golden vectors and the tables of SPEC and REGISTRY, or `--check` that they are true.

The cases themselves are in `facewire.tools.wire`, where linters and types see them.
"""

import sys

from facewire.tools.wire.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
