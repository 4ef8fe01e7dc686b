"""scripts/deps, which is what `make deps` ends in, for a user who is not root."""
import subprocess

import pytest

from harness import ROOT, environment

TOOLS = {"dpkg-query": "exit 1", "apt-get": "echo apt-get >>asked", "sudo": 'echo "sudo $*" >>asked; exit 1'}


@pytest.fixture
def asked_of_sudo(home):
    """Run the script where no package is installed and sudo refuses: its result, and what was asked of whom."""
    tools = home / "tools"
    tools.mkdir()
    for name, script in TOOLS.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    env = environment()
    argv = ["unshare", "--user", "--map-user=1000", "--map-group=1000", ROOT / "scripts" / "deps"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=home, env={**env, "PATH": f"{tools}:{env['PATH']}"}, check=False)
    return done, (home / "asked").read_text().splitlines()


def test_user_who_is_no_sudoer_is_asked_once_and_told_what_is_missing(asked_of_sudo):
    done, asked = asked_of_sudo
    assert done.returncode == 1
    assert len(asked) == 1 and asked[0].startswith("sudo -- "), asked
    assert "as root: apt-get install gcc" in done.stderr.splitlines()[-1]
