"""A fresh Debian with a systemd of its own: debootstrap makes it, systemd-nspawn boots it.

It has a network of its own (a loopback, nothing else), so its ports are free. Commands that install packages use the host's network.
"""
import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("DRONC_MACHINES") or ROOT / "build" / "machines")
# The smallest system that boots. The page asks for git and make: the machine gets the clone by copying.
PACKAGES = "systemd,systemd-sysv,dbus,git,make"


def wait_for(predicate, timeout, what):
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        time.sleep(0.1)
    return value


def run(*argv, **options):
    return subprocess.run([str(arg) for arg in argv], check=True, text=True, **options)


def bootstrap(suite):
    """A pristine tree of the suite; debootstrap makes it once, also for tests that run side by side."""
    tree = HOME / suite
    HOME.mkdir(parents=True, exist_ok=True)
    with open(HOME / f"{suite}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (tree / "done").exists():
            shutil.rmtree(tree, ignore_errors=True)
            tree.mkdir()
            with open(HOME / f"{suite}.log", "w", encoding="utf-8") as log:
                run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, tree / "root", stdout=log, stderr=log)
            (tree / "done").touch()
    return tree / "root"


class Machine:
    def __init__(self, suite):
        self.name = f"dronc-{suite}-{os.getpid()}"
        self.root = HOME / self.name
        self.log = HOME / f"{self.name}.log"
        run("cp", "-a", "--reflink=auto", bootstrap(suite), self.root)
        self.leader = self.nspawn = None

    def clone(self):
        """Copy the work tree as it is to /root/dronc."""
        folder = self.root / "root" / "dronc"
        folder.mkdir()
        files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["cp", "--parents", "-a", "-t", folder, *(f for f in files.stdout.decode().split("\0") if f and (ROOT / f).exists())], cwd=ROOT, check=True)

    def boot(self):
        argv = ["systemd-nspawn", "--quiet", "-D", self.root, f"--machine={self.name[-60:]}", "--register=no", "--keep-unit", "--private-network",
                "--console=read-only", "-b"]
        with open(self.log, "w", encoding="utf-8") as log:
            # Debian 13 boots where there is the new kind of control groups alone; 12 does, too.
            self.nspawn = subprocess.Popen([str(arg) for arg in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                           env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})
        self.wait_until_up()
        return self

    def wait_until_up(self):
        def is_up():
            assert self.nspawn.poll() is None, f"systemd-nspawn ended: this sandbox cannot boot a machine\n{self.log.read_text(errors='replace')}"
            self.leader = self._find_leader()
            return self.leader and self.run("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded")
        wait_for(is_up, 90, f"a machine that is up; see {self.log}")

    def _find_leader(self):
        with open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children", encoding="ascii") as children:
            pids = children.read().split()
        return next((pid for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd"), None)

    def run(self, script, network=False, check=True, timeout=600):
        """Run a script as root, in /root/dronc. network: use the host's network instead of the machine's."""
        spaces = ["--mount", "--uts", "--ipc", "--pid", "--cgroup"] + ([] if network else ["--net"])
        argv = ["nsenter", "--target", self.leader, *spaces, "--", "/usr/bin/env", "-i", "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "/bin/bash", "-c", "cd /root/dronc 2>/dev/null; " + script]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=timeout, stdin=subprocess.DEVNULL, check=False)
        assert not check or done.returncode == 0, f"status {done.returncode} of:\n{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    def read(self, script, **options):
        return self.run(script, **options).stdout.strip()

    def reboot(self):
        """systemd-nspawn exits with its machine, and its caller has to start it again."""
        self.run("systemctl reboot", check=False)
        self.nspawn.wait(60)
        self.boot()

    def stop(self):
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.send_signal(signal.SIGTERM)
            try:
                self.nspawn.wait(60)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        run("rm", "-rf", "--one-file-system", self.root)
