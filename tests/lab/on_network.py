"""`ardoise` as it is, on drives that it rightly refuses elsewhere because they are not in this machine: `python -m tests.lab.on_network ...`.

A drive of the lab takes a second for what takes hours, so it is asked as much more often, and given up as much sooner.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from pathlib import Path

from agent.__main__ import main
from agent.engine.course import Course
from agent.engine.engine import Engine
from agent.host import discover, identity, media
from agent.workflow import sitting

COURSE = Course(poll=0.05, silence=6.0, no_progress=3.0, reappear=8.0, per_estimated_minute=0.0)

_read_device = identity.read_device


def _as_if_built_in(folder: Path, geometry: identity.Geometry, pages: identity.PageReader) -> identity.Reading:
    return replace(_read_device(folder, geometry, pages), network="")


if __name__ == "__main__":
    for module in (identity, discover, media):
        vars(module)["read_device"] = _as_if_built_in
    vars(sitting)["Engine"] = functools.partial(Engine, course=COURSE)
    sys.exit(main())
