"""Failing answers, kept: saved with the jobs that got them and what was played before, played again one call after the other, and made
as small as they get."""
import asyncio
import copy
import json
import time
from pathlib import Path

import calls
import rig as rigs
from answers import Answer
from player import Player

KEPT = 60  # attempts that are saved of a death: what the runner had under its hands, and what its handles had before


def save(run, finding):
    """The path of a file that says all that is needed to play it again."""
    if finding.attempt is None:
        attempts = list(run.book.latest)[-KEPT:]
    else:
        attempts = [*before(finding), finding.attempt]
    folder = rigs.ROOT / "build" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    case = {"seed": run.options.seed, "kind": finding.kind, "text": finding.text[:4000], "ports": run.ports,
            "jobs": {one.job.number: rigs.definition(one.job) for one in attempts}, "rude": [one.job.number for one in attempts if one.job.rude],
            "plays": [{"job": one.job.number, "number": one.number, "answers": [answer.to_json() for answer in one.plan]} for one in attempts]}
    name = attempts[-1].name if attempts else "none"
    path = folder / f"answers-{finding.kind.replace(' ', '-')}-{run.options.seed}-{name}.json"
    path.write_text(json.dumps(case, indent=1))
    return path.relative_to(rigs.ROOT)


SHRINK_S = 120


def before(finding):
    """The attempts that were answered on the connections of a finding's calls, oldest first."""
    found, waiting = [], [call.before for call in finding.attempt.calls if call.before is not None]
    while waiting and len(found) < KEPT:
        call = waiting.pop()
        if call.attempt is not finding.attempt and call.attempt not in found:
            found.append(call.attempt)
            waiting += [one.before for one in call.attempt.calls if one.before is not None and one is call]
    return sorted(found, key=lambda attempt: attempt.calls[0].at_ms)


def with_ports(text, old, new):
    for name, port in old.items():
        text = text.replace(f":{port}/", f":{new[name]}/").replace(f":{port}?", f":{new[name]}?")
    return text


class Replay:
    """One stack, on which cases are played."""

    def __init__(self):
        self.rig, self.player, self.book = rigs.Rig(), None, None

    async def play(self, case):
        """What was found while the case's answers were played, one call after the other."""
        import fuzz_answers
        rudeness = fuzz_answers.Rudeness(case["seed"])
        self.book = calls.Book([], None)
        self.player = Player(self.book)
        ports = fuzz_answers.listen(self.player, self.rig.pem, rudeness)
        try:
            case = json.loads(with_ports(json.dumps(case), case["ports"], ports))
            jobs = {int(number): rigs.Job(int(number), fields, int(number) in case["rude"]) for number, fields in case["jobs"].items()}
            rudeness.jobs = {job.address: job.number for job in jobs.values() if job.rude}
            self.rig.store(list(jobs.values()))
            self.book.jobs = {job.id: job for job in jobs.values()}
            self.rig.start_runner()
            self.book.waited_ms = self.rig.waited_ms
            list(self.rig.records())
            for play in case["plays"]:
                if not await self.call(jobs[play["job"]], play):
                    break
            await self.end()
        finally:
            self.player.close()
        return self.book.findings

    async def call(self, job, play):
        """One call, to its record. Returns False if the runner is dead."""
        plan = [Answer.from_json(answer) for answer in play["answers"]]
        job.attempts = play["number"]
        self.book.plan = lambda *_: plan
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.rig.handler.run, f"capi:{job.id}")
        deadline, recorded = time.monotonic() + 15, False
        while not recorded and time.monotonic() < deadline and self.rig.runner.running:
            await asyncio.sleep(0.005)
            for record in self.rig.records():
                self.book.record(record)
                recorded = True
        await asyncio.sleep(0.05 + sum(wait for answer in plan for wait, _ in answer.late) / 1000)
        return self.rig.runner.running

    async def end(self):
        runner = self.rig.runner
        if runner.running:
            runner.signal(15)
        while runner.running:
            await asyncio.sleep(0.05)
        if runner.process.returncode != 0:
            self.book.find("death", f"the runner ended with {runner.process.returncode}: {runner.err[-3000:]}")
        for error in self.player.failures:
            self.book.find("the fuzzer's own", repr(error))

    def close(self):
        self.rig.close()


class Shrinker:
    """Leaves out what a case does not need, step by step, as long as what was found is found again."""

    def __init__(self, replay, case):
        self.replay, self.case, self.deadline = replay, case, time.monotonic() + SHRINK_S

    def fails(self, case):
        return any(finding.kind == self.case["kind"] for finding in asyncio.run(self.replay.play(case)))

    def without(self, find_list):
        """Take elements out of the list that find_list(case) is: first many, then one by one."""
        size = max(1, len(find_list(self.case)) // 2)
        while size:
            at = 0
            while at < len(find_list(self.case)) and time.monotonic() < self.deadline:
                tried = copy.deepcopy(self.case)
                del find_list(tried)[at:at + size]
                if find_list(tried) and self.fails(tried):
                    self.case = tried
                else:
                    at += size
            size //= 2

    def shrink(self):
        self.without(lambda case: case["plays"])
        for play in range(len(self.case["plays"])):
            self.without(lambda case, play=play: case["plays"][play]["answers"])
            for answer in range(len(self.case["plays"][play]["answers"])):
                tried = copy.deepcopy(self.case)
                whole = tried["plays"][play]["answers"][answer]
                data = "".join(piece for _, piece in whole["pieces"])
                whole["pieces"] = [[0, line + "\n"] for line in data.split("\n")[:-1]] + [[0, data.split("\n")[-1]]]
                if self.fails(tried):
                    self.case = tried
                    self.without(lambda case, play=play, answer=answer: case["plays"][play]["answers"][answer]["pieces"])
        return self.case


def main(path, smaller=False):
    case, replay = json.loads(Path(path).read_text()), Replay()
    try:
        if smaller:
            case = Shrinker(replay, case).shrink()
            path = Path(path).with_suffix(".small.json")
            path.write_text(json.dumps(case, indent=1))
            print(f"saved as {path}")
        findings = asyncio.run(replay.play(case))
    finally:
        replay.close()
    for attempt in replay.book.attempts.values():
        for call in attempt.calls:
            print(f"{attempt.name} hop {call.hop} connection {call.connection}: {call.method} {call.path} <- {call.answer.label}, "
                  f"then {call.answer.end}\n    {call.answer.data[:400]!r}")
        print(f"    {attempt.record}")
    for finding in findings:
        print(f"FOUND {finding.kind}: {finding.text[:3000]}")
    print(f"{len(case['plays'])} played, {len(findings)} findings")
    return 1 if findings else 0
