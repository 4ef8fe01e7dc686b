"""What tests of secrets and signatures start with: the files of keys, and programs that have them."""
import json
import subprocess
import sys

import pytest

from harness import DIST, ROOT, environment, wait_for

PYPI = ROOT / "build" / "pypi"  # what scripts/deps test gets from there


def admin(*words, stdin="", check=True, **settings):
    """What dronc-admin says on standard output; its exit status must be 0."""
    done = subprocess.run([DIST / "dronc-admin", *map(str, words)], input=stdin, env=environment(**settings), capture_output=True,
                          text=True, timeout=60, check=False)
    assert not check or done.returncode == 0, done
    return done.stdout if check else done


class Keys:
    """The two files."""

    def __init__(self, folder):
        self.private, self.public = folder / "seal.key", folder / "seal.key.pub"
        admin("seal-key", "new", self.private)

    @property
    def settings(self):
        """For either program: it knows its own."""
        return {"SECRETS_KEY": self.private, "SECRETS_PUBLIC_KEY": self.public}


@pytest.fixture
def keys(home):
    return Keys(home)


@pytest.fixture
def handler(make_handler, keys):
    return make_handler(**keys.settings)


@pytest.fixture
def runner(make_runner, keys):
    return make_runner(**keys.settings)


def put_secret(handler, name, value, *hosts, **more):
    answer = handler.request("PUT", f"/v1/secrets/{name}", json.dumps({"value": value, "hosts": hosts, **more}),
                             {"content_type": "application/json"})
    assert answer.status in (200, 201), answer
    return answer.json


def make_key(handler, name, **body):
    """A new signing key, as the answer to POST shows it."""
    answer = handler.request("POST", f"/v1/signing/{name}", json.dumps(body), {"content_type": "application/json"})
    assert answer.status == 201, answer
    return answer.json


def webhook(key):
    """The official library's verifier for a key "whsec_…"."""
    if str(PYPI) not in sys.path:
        sys.path.insert(0, str(PYPI))
    from standardwebhooks import Webhook
    return Webhook(key)


def ended(handler, job_id, count=1, timeout=15):
    """The executions of a job, oldest first, once there are so many."""
    return wait_for(lambda: (lambda found: len(found) >= count and found)(handler.executions(job_id=job_id)[::-1]), timeout,
                    f"{count} executions of {job_id}")
