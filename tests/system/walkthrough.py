"""Runs the commands of a page as they stand there, and compares each answer with the comment below the command.

    curl http://127.0.0.1:8080/v1/jobs/$job
    # 200, ETag: "1"
    # {"job_id":"capi:31749f5d…6495", …,"version":1}

`…` matches anything. Ids, cursors, instants and durations differ from run to run: the first answer that shows one binds the page's value to the
real one, and later commands use the real one. Calls to https://example.com go to a target of the test. A variable lives to the end of the page.
"""
import os
import re
import subprocess

from harness import DIST, SCALE, environment

HEX = r"(?:[0-9a-f]{64}|[0-9a-f]{8}…[0-9a-f]{4})"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
# What differs from run to run: how a page shows it, and what a real answer has. A bound value has a named group.
DIFFERS = [
    (rf"(?P<job>(?:capi|dead):{HEX})(?P<instant>:\d{{13}})?(?!:)", None),
    (rf"(?P<execution>exec:{HEX}:\d{{13}}):(?P<attempt>\d+)", None),
    (r'"next_cursor":"(?P<cursor>[^"]+)"', r'"next_cursor":"([^"]+)"'),
    (r'"(?P<tag>[0-9a-f]{16})"', r'"([0-9a-f]{16})"'),
    (TIME, TIME),
    (r"\b1[78]\d{8}\b", r"\\d{10}"),
    (r"\b1[78]\d{11}\b", r"\\d{13}"),
    (r'"timings_us":\{[^}]*\}', r'"timings_us":\\{[^}]*\\}'),
    (r'"(?P<duration>time_taken_ms|lateness_ms|response_bytes)":\d+', None),
    (r'"runner":"[^"]*"', r'"runner":"[^"]*"'),
    ("…", ".*?"),
]
SHOWN = re.compile("|".join(shown for shown, _ in DIFFERS))
NAMES = re.compile(rf"(?:capi|dead|exec):{HEX}(?::\d{{13}})?(?::\d+)?|(?<=cursor=)[\w.-]+|\"[0-9a-f]{{16}}\"")

CURL = """#!/bin/sh
exec /usr/bin/curl --silent --show-error --max-time 20 --dump-header "$HEADERS/$(date +%s%N)" "$@"
"""


def short(name):
    return re.sub("([0-9a-f]{8})[0-9a-f]{52}([0-9a-f]{4})", r"\1…\2", name)


def pattern_of(shown):
    """The regular expression for the real answer, and the page's values that its groups bind."""
    pattern, names, end = "", [], 0
    for match in SHOWN.finditer(shown):
        pattern += re.escape(shown[end:match.start()])
        end = match.end()
        if match["job"]:
            pattern += rf"({match['job'][:5]}[0-9a-f]{{64}}{match['instant'] and ':[0-9]{13}' or ''})"
            names.append(match[0])
        elif match["execution"]:
            pattern += rf"(exec:[0-9a-f]{{64}}:[0-9]{{13}}:{match['attempt']})"
            names.append(match[0])
        elif match["cursor"]:
            pattern += r'"next_cursor":"([^"]+)"'
            names.append(match["cursor"])
        elif match["tag"]:
            pattern += r'("[0-9a-f]{16}")'
            names.append(match[0])
        elif match["duration"]:
            pattern += rf'"{match["duration"]}":\d+'
        else:
            pattern += next(comes for shows, comes in DIFFERS if re.fullmatch(shows, match[0])).replace("\\\\", "\\")
    return pattern + re.escape(shown[end:]), names


def steps_of(block):
    """[(commands, [lines of the comment below them])]"""
    steps, commands, comment = [], [], []
    for line in block.splitlines():
        if line.startswith("# "):
            comment.append(line[2:])
            continue
        if comment:
            steps.append(("\n".join(commands), comment))
            commands, comment = [], []
        commands.append(line)
    return [*steps, ("\n".join(commands), comment)]


def answers_of(comment):
    """[(status or None, {header: value}, body)]: one for each status that the comment shows."""
    answers = []
    for line in comment:
        status = re.match(r"(\d{3})((?:, [\w-]+: [^,{ ]+)*)(?: |$)(.*)", line)
        if status:
            headers = dict(part.split(": ", 1) for part in status[2].split(", ")[1:])
            answers.append((int(status[1]), headers, status[3]))
        else:
            last = answers.pop() if answers else (None, {}, "")
            answers.append((*last[:2], last[2] + line.strip()))
    return [(status, headers, re.sub(r" ?… ?", "…", body)) for status, headers, body in answers]


class Walkthrough:
    def __init__(self, stack, home, **hosts):
        """hosts: a host name of the page, with _ for each dot → the URL of its stand-in."""
        self.stack, self.home, self.variables, self.known = stack, home, [], {}
        self.hosts = {name.replace("_", "."): place for name, place in hosts.items()}
        self.headers, self.tools, self.files = home / "headers", home / "tools", home / "files"
        for folder in (self.headers, self.tools, self.files):
            folder.mkdir()
        (self.tools / "curl").write_text(CURL)
        (self.tools / "curl").chmod(0o755)
        (self.files / "dist").symlink_to(DIST)
        settings = {"HEADERS": self.headers, "REDIS_SOCKET": stack.data / "run" / "redis.sock"}
        self.env = {**environment(**settings), "PATH": f"{self.tools}:{DIST}:{os.environ['PATH']}"}

    def translated(self, text):
        """The page's text with the real ports, hosts and ids."""
        for name, place in self.hosts.items():
            text = text.replace(f"https://{name}", place)
        text = re.sub(r"(localhost|127\.0\.0\.1):8080", rf"\1:{self.stack.port}", text)
        return NAMES.sub(lambda match: self.known.get(short(match[0]), match[0]), text)

    def shown(self, text):
        """Real output with the page's ports and hosts."""
        for name, place in self.hosts.items():
            text = text.replace(place, f"https://{name}")
        return text.replace(f":{self.stack.port}", ":8080")

    def run(self, commands):
        """Run commands; returns their output, and the heads of all answers that curl received."""
        for old in self.headers.iterdir():
            old.unlink()
        script = self.translated("\n".join(["set -e", *self.variables, commands]))
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=self.files,
                              env=self.env, timeout=60 * SCALE, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, (script, done)
        self.variables += re.findall(r"^[a-z]+=\S+$", commands, re.M)
        heads = [path.read_text().strip().splitlines() for path in sorted(self.headers.iterdir())]
        return self.shown(done.stdout), [(int(head[0].split()[1]), dict(line.split(": ", 1) for line in head[1:])) for head in heads if head]

    def play(self, block):
        for commands, comment in steps_of(block.text):
            printed, heads = self.run(commands)
            answers = answers_of(comment)
            assert all(status < 400 for status, _ in heads[:-1]), (commands, printed)
            assert answers and answers[0][0] or not heads or heads[-1][0] < 400, (commands, printed)
            if answers:
                self.compare(commands, printed, heads, answers)

    def compare(self, commands, printed, heads, answers):
        status, headers = heads[-1] if heads else (None, {})
        answer = next((answer for answer in answers if answer[0] in (None, status)), None)
        assert answer, f"{commands}\nwas answered {status} {printed}"
        for name, value in answer[1].items():
            pattern, names = pattern_of(value)
            match = re.fullmatch(pattern, headers.get(name, ""))
            assert match, f"{commands}\n{name}: {headers.get(name)}, not {value}"
            self.known.update(zip(map(short, names), match.groups()))
        self.compare_body(commands, "".join(printed.splitlines()), answer[2])

    def compare_body(self, commands, printed, shown):
        if "from=" in commands:
            pattern, names = re.escape(shown), []
        else:
            pattern, names = pattern_of(shown)
        match = re.fullmatch(pattern, printed, re.S)
        assert not shown or match, f"{commands}\nprinted\n{printed}\nnot\n{shown}"
        if shown:
            self.known.update(zip(map(short, names), match.groups()))
