"""These tests run in a network of their own, in which only a loopback exists: whatever address is called, this machine is there, and
nothing leaves it. Each process that runs tests enters one when it starts. That takes root."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest

import network

network.enter()

from system_fixtures import *  # noqa: E402, F403 (pytest finds fixtures by their names here)
from network import Everywhere, Names  # noqa: E402
from door import Door  # noqa: E402


@pytest.fixture(scope="session")
def names():
    """The name server that everything in here asks."""
    server = Names()
    yield server
    server.close()


@pytest.fixture(scope="session")
def everywhere():
    """A web server at port 80 of every address."""
    server = Everywhere()
    yield server
    server.close()


@pytest.fixture
def door(home, handler):
    """The API behind an nginx of the test's own."""
    door = Door(home, handler)
    yield door
    door.stop()
