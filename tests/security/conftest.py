"""The fixtures of the system tests, for tests that attack."""
import importlib.util
import sys
from pathlib import Path

import pytest

SYSTEM = Path(__file__).resolve().parent.parent / "system"
sys.path.insert(0, str(SYSTEM))
from door import Door  # noqa: E402

_spec = importlib.util.spec_from_file_location("system_fixtures", SYSTEM / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)
globals().update({name: value for name, value in vars(_fixtures).items() if not name.startswith("_")})


@pytest.fixture
def door(home, handler):
    """The API behind an nginx of the test's own."""
    door = Door(home, handler)
    yield door
    door.stop()
