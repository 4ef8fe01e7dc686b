#!/usr/bin/python3
"""`make fuzz`: plays the target against the real runner, built with ASan and UBSan, thousands of answers at a time, and judges every record.

    fuzz_answers.py [--seconds 60] [--answers N] [--seed S] [--rate 300] [--without QUIRK,…] [--only QUIRK,…]
    fuzz_answers.py --replay build/fuzz/answers-….json [--smaller]

A run ends at the first death of the runner, or when it has found 20 things; each is saved in build/fuzz, and can be
played again alone, or made as small as it gets. The same seed gives the same jobs and the same answers; only when they meet is not the same.
"""
import argparse
import asyncio
import collections
import json
import random
import signal
import ssl
import sys
import time

import answers
import calls
import replay
import rig as rigs
from player import Player, now_ms

FOUND_MAX = 20
DESCRIPTORS_MAX = 2 * rigs.IN_FLIGHT_MAX + 150
SETTLED_S = 0.5  # so long after a record what the target has seen of its connections is all there
PORTS = {"http": (False, False), "https": (True, False), "rude http": (False, True), "rude https": (True, True)}


def server_context(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def listen(player, pem, opening):
    ports = {name: player.listen(server_context(pem) if tls else None, opening if rude else None) for name, (tls, rude) in PORTS.items()}
    rigs.Job.ports = ports
    return ports


class Rudeness:
    """What is done to connections before anything was asked there."""

    def __init__(self, seed):
        self.seed, self.counts, self.jobs = seed, collections.Counter(), {}

    def __call__(self, connection):
        job = self.jobs[connection.local]
        number = self.counts[job] = self.counts[job] + 1
        rng = random.Random(f"{self.seed}:rude:{job}:{number}")
        tag = f"[j{job}k{number}h0]"
        early = f"HTTP/1.1 200 OK\r\nContent-Length: {len(tag)}\r\n\r\n{tag}".encode()
        data = rng.choice((b"", b"", early, early, early + early, b"\0", b"\r\n", rng.randbytes(30), b"HTTP/1.1 400 No\r\n\r\n", b"\x15\x03\x03\0\2\2\x28",
                           b"\x16\x03\x03\0\x04\2\0\0\0", b"HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 2\r\n\r\nok"))
        how = rng.choice(("go", "go", "close", "reset", "silent" if rng.random() < 0.1 else "close", "encrypted" if connection.tls else "go"))
        return rng.choice((0, 0, 0, 1, 20)), data, how


class Run:
    """The jobs' calls, as they come, until there were enough of them."""

    def __init__(self, options):
        self.options, self.rig, self.usage, self.begun, self.lag = options, rigs.Rig(), [], time.monotonic(), 0
        self.rudeness = Rudeness(options.seed)
        self.untold = collections.deque()  # (when it was read, record)s
        self.grammar = answers.Grammar(options.seed, options.without, options.only)

    def make(self, player):
        self.ports = listen(player, self.rig.pem, self.rudeness)
        self.jobs = rigs.make_jobs(self.options.seed, self.options.rate, self.ports)
        self.rudeness.jobs = {job.address: job.number for job in self.jobs if job.rude}
        self.rig.store(self.jobs)
        self.book.jobs = {job.id: job for job in self.jobs}

    def setting(self, job):
        places = {"http": f"http://127.0.0.2:{self.ports['http']}", "https": f"https://127.0.0.3:{self.ports['https']}",
                  "other": f"http://127.0.0.9:{self.ports['http']}", "own": "{}://{}".format("https" if job.place[0] else "http", job.place[1])}
        if job.rude:
            places.pop("own")
        return answers.Setting(job.method, job.place[0], job.redirects, places)

    def plan(self, job, number):
        return self.grammar.plan(job.number, number, self.setting(job))

    async def play(self):
        self.book = calls.Book([], self.plan)
        self.player = player = Player(self.book)
        try:
            self.make(player)
            self.rig.start_runner()
            self.book.waited_ms = self.rig.waited_ms
            await self.until_enough()
            await self.finish()
        finally:
            player.close()

    def is_enough(self):
        options = self.options
        over = self.book.answers >= options.answers if options.answers else time.monotonic() - self.begun > options.seconds
        too_many = len(self.book.findings) >= FOUND_MAX and not options.go_on
        return over or too_many or self.player.failures or not self.rig.runner.running

    async def until_enough(self):
        told = looked = time.monotonic()
        while not self.is_enough():
            slept = time.monotonic()
            await asyncio.sleep(0.2)
            self.lag = max(self.lag, time.monotonic() - slept - 0.2)
            self.collect()
            now = time.monotonic()
            if now - looked > 2:
                looked = now
                self.book.check_waits(now_ms() - 15000)
                self.usage.append(self.look())
            if now - told > 20:
                told = now
                self.tell()

    def look(self):
        try:
            return self.rig.usage()
        except OSError:
            return self.usage[-1] if self.usage else (0, 0)

    def collect(self, settled_s=SETTLED_S):
        for record in self.rig.records():
            self.untold.append((time.monotonic(), record))
            if record.status == 410 and record.outcome == "f":
                self.rig.handler.resume(f"capi:{record.job}")
        while self.untold and time.monotonic() - self.untold[0][0] >= settled_s:
            self.book.record(self.untold.popleft()[1])

    def tell(self):
        resident, descriptors = self.usage[-1] if self.usage else (0, 0)
        print(f"  {time.monotonic() - self.begun:5.0f} s  {self.book.answers} answers, {len(self.book.findings)} findings, runner: {resident} MiB, "
              f"{descriptors} descriptors; the target was up to {self.lag * 1000:.0f} ms late", flush=True)

    async def finish(self):
        """The runner is asked to end: what is under way is recorded, and LeakSanitizer has its say."""
        runner = self.rig.runner
        if runner.running:
            runner.signal(15)
        deadline = time.monotonic() + 60
        while runner.running and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        code = runner.process.poll()
        await asyncio.sleep(SETTLED_S)
        self.collect(0)
        if code != 0:
            self.book.find("death", f"the runner ended with {code}: {runner.err[-3000:]}")
        for report in self.rig.reports():
            self.book.find("sanitizer", report, sort=report)
        for error in self.player.failures:
            self.book.find("the fuzzer's own", repr(error))
        if code == 0:
            for attempt in self.book.missing(now_ms()):
                self.book.find("no record", f"{attempt.scheduled}, attempt {attempt.attempt}", attempt)
        self.check_usage()

    def check_usage(self):
        """Memory and descriptors stay bounded: no more of these than there may be connections, no more memory in the last third than in
        the one before it."""
        third = len(self.usage) // 3
        descriptors = max((use[1] for use in self.usage), default=0)
        if descriptors > DESCRIPTORS_MAX:
            self.book.find("growth", f"{descriptors} descriptors")
        if third >= 15:
            before, last = (max(use[0] for use in part) for part in (self.usage[third:-third], self.usage[-third:]))
            if last > before + 48:
                self.book.find("growth", f"{before} MiB, then {last}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--answers", type=int, default=0)
    parser.add_argument("--seed", default="")
    parser.add_argument("--rate", type=int, default=300, help="jobs, each called once a second")
    parser.add_argument("--without", default="", help="quirks to leave out; also: redirect, mutation")
    parser.add_argument("--only", default="")
    parser.add_argument("--replay", default="")
    parser.add_argument("--smaller", action="store_true", help="with --replay: leave out what is not needed, and save the rest")
    parser.add_argument("--go-on", action="store_true", help="whatever is found, but the runner's death")
    parser.add_argument("--counts", action="store_true", help="tell of each quirk how often it was played")
    options = parser.parse_args()
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(signum, lambda number, _: sys.exit(128 + number))  # through what stops the programs that were started
    if options.replay:
        return replay.main(options.replay, options.smaller)
    options.seed = options.seed or str(random.SystemRandom().randrange(1 << 32))
    options.without = [word for word in options.without.split(",") if word]
    options.only = [word for word in options.only.split(",") if word]
    print(f"answers: SEED={options.seed}", flush=True)
    run = Run(options)
    try:
        asyncio.run(run.play())
        return conclude(run, options)
    finally:
        run.rig.close()


def conclude(run, options):
    book, spent = run.book, time.monotonic() - run.begun
    run.tell()
    for name, count in sorted(book.counts.items()):
        if not name.startswith("answer ") or options.counts:
            print(f"    {count:8d}  {name}")
    for finding in book.findings[:None if options.go_on else FOUND_MAX]:
        path = replay.save(run, finding)
        print(f"FOUND {finding.kind} ({finding.count}): {finding.text[:1500]}\n      saved as {path}: make fuzz REPLAY={path}", flush=True)
    print(f"answers: {book.answers} in {spent:.0f} s, {len(book.findings)} findings, SEED={options.seed}")
    return 1 if book.findings else 0


if __name__ == "__main__":
    sys.exit(main())
