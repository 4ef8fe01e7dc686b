"""lib/store/contract.def, read: what scripts are sent, and what stands for what. And the scripts' sources as Redis gets them."""
import re
import subprocess
from collections import namedtuple
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "lib" / "store"
TEXT = (STORE / "contract.def").read_text()

Script = namedtuple("Script", "name keys args group")


SCRIPTS = {name: Script(name, keys.split(), args.split(), (rest or "").split()) for name, keys, args, rest in re.findall(
    r"^SCRIPT\((\w+), KEYS\(([\w ]*)\),\s+ARGS\(([\w ]*)\),\s+(?:NOTHING|(?:EACH|OPTIONAL)\(([\w ]*)\))\)$", TEXT, re.M)}
KEYS = {name: (spelling, scope) for name, spelling, scope in re.findall(r'^KEY\((\w+), "([^"]+)", (\w+)\)$', TEXT, re.M)}
NUMBERS = {name: int(value) for name, value in re.findall(r"^NUMBER\((\w+), (-?\d+),", TEXT, re.M)}
FIELDS = re.findall(r"^FIELD\((\w+)\)$", TEXT, re.M)
STATE_FIELDS = re.findall(r"^STATE_FIELD\((\w+)\)$", TEXT, re.M)
OTHER_FIELDS = re.findall(r"^OTHER_FIELD\((\w+)\)$", TEXT, re.M)
CODES = {(group, name): value for group, name, value in re.findall(r'^CODE\((\w+), (\w+), "([^"]+)",', TEXT, re.M)}
VERDICTS = {name: int(value) for name, value in re.findall(r"^VERDICT\((\w+), (\d+),", TEXT, re.M)}


@cache
def source(name, directory=STORE / "lua"):
    return subprocess.check_output([ROOT / "scripts" / "lua-source", directory, name], text=True)


def key(name, shard, job=b"", runner=b""):
    spelling, scope = KEYS[name]
    if scope == "GLOBAL":
        return spelling.encode()
    tag = b"dronc:{%d}:%s" % (shard, spelling.encode())
    return tag + {"SHARD": b"", "ID": b":" + job, "RUNNER": b":" + runner}[scope]


def arguments(name, shard, each=(), runner=b"", job_id=b"", **values):
    """The keys and the arguments of a script that is about these; each: of each repetition its arguments, in order."""
    script = SCRIPTS[name]
    values |= {"shard": shard, "runner": runner, "job_id": job_id}
    values |= {f"{prefix}_prefix": key(prefix, shard) for prefix in ("job", "history", "claimed")}
    for group in each:
        assert len(group) == len(script.group), f"{name} is sent {script.group}, not {group}"
    return [key(k, shard, job_id, runner) for k in script.keys], [values[a] for a in script.args] + [text for group in each for text in group]
