"""scripts/deps, which is what `make deps` ends in, for a user who is not root."""
import os
import subprocess

import pytest

from harness import ROOT, environment

TOOLS = {"dpkg-query": "exit 1", "apt-get": "echo apt-get >>asked", "sudo": 'echo "sudo $*" >>asked; exit 1'}


@pytest.fixture
def asked_of_sudo(home):
    """Run the script where no package is installed and sudo refuses: its result, and what was asked of whom. It is read for the
    user, who may have no business in the directory that it is in."""
    tools = home / "tools"
    tools.mkdir()
    for name, script in TOOLS.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    env, argv = environment(), ["bash", "-s"]
    if os.geteuid() == 0:
        argv = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", *argv]
        os.chown(home, 1000, 1000)
        home.parent.chmod(0o711)
    with open(ROOT / "scripts" / "deps", encoding="utf-8") as script:
        done = subprocess.run(argv, stdin=script, capture_output=True, text=True, cwd=home, check=False,
                              env={**env, "PATH": f"{tools}:{env['PATH']}"})
    return done, (home / "asked").read_text().splitlines()


def test_user_who_is_no_sudoer_is_asked_once_and_told_what_is_missing(asked_of_sudo):
    done, asked = asked_of_sudo
    assert done.returncode == 1
    assert len(asked) == 1 and asked[0].startswith("sudo -- "), asked
    assert "as root: apt-get install gcc" in done.stderr.splitlines()[-1]
