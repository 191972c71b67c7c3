"""`python -m retrospan.cli`: the command where the script is not on the path."""

from __future__ import annotations

from .main import main

main()
