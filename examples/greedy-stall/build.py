"""Builds the greedy stall as its honest twin is built, with the same way of asking for payments."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STALL = HERE.parent / "stall"
sys.path.insert(0, str(STALL))
sys.dont_write_bytecode = True

from build import build  # noqa: E402

build(HERE, "greedy-stall", "greedy", [HERE / "src", STALL / "src"])
