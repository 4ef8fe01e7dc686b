"""An address of a network: what nginx listens on is a name of the API, and nothing else is."""
import os
import subprocess

import pytest

from harness import RUN, Program, environment, wait_for

ADDRESS, OTHER = "192.0.2.77", "192.0.2.78"  # both of a network of the test's own
BEGIN = f"ip link set lo up && ip addr add {ADDRESS}/32 dev lo && ip addr add {OTHER}/32 dev lo && exec {RUN}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a network")
def test_address_that_nginx_listens_on_is_a_name_of_the_api(home):
    settings = {"HTTP_ADDR": ADDRESS, "API_HOSTS": "dronc.example.com", "API_AUTH": "none", "FCGI_PROCESSES": 1}
    program = Program(home, "run", ["unshare", "--net", "bash", "-c", BEGIN], environment(DATA_DIR=home / "data", **settings))
    try:
        wait_for(lambda: program.events("ready"), 20, "a stack that is ready")

        def status(host):
            curl = ["curl", "-q", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H", f"Host: {host}", f"http://{ADDRESS}:8080/v1/jobs"]
            return int(subprocess.run(["nsenter", "-t", str(program.pid), "-n", *curl], capture_output=True, text=True, check=True).stdout)

        assert [status(host) for host in (ADDRESS, f"{ADDRESS}:8080", "dronc.example.com", "localhost")] == [200] * 4
        assert [status(host) for host in (OTHER, f"{ADDRESS}.evil.com", "0.0.0.0")] == [421] * 3
    finally:
        program.terminate(30)
