"""Which fault comes when: drawn from a seed before the run begins, and carried out whatever comes of it.

Faults are drawn in lanes. Within a lane one is healed before the next begins; lanes know nothing of each other, so that faults meet.
"""
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from faults import FAULTS, Fault


@dataclass
class Planned:
    at: float  # seconds from the beginning of the storm
    until: float
    fault: Fault
    aim: float = None  # not None: wait for this place in a second, counted from the next full one
    injected: int = 0  # when it really was, in ms
    healed: int = 0
    times: int = 0
    trouble: str = ""

    def told(self):
        return {"fault": str(self.fault), "kind": self.fault.kind, "injected": self.injected, "healed": self.healed,
                "times": int(self.times), "trouble": self.trouble}


def draw_aim(rng):
    """Schedules fire at full seconds. Most faults are aimed at what is under way around them: claims are made 150 ms ahead, starts 30 ms
    ahead, answers come some ms later. The others come at any time."""
    return rng.choice((None, rng.uniform(-0.2, 0.05), rng.uniform(-0.04, 0.015)))


def plan_lane(rng, faults, seconds, haste):
    weights, at, planned = [fault.weight for fault in faults], rng.uniform(0, 4 / haste), []
    while True:
        kind = rng.choices(faults, weights)[0]
        until = at + rng.uniform(*kind.lasts)
        if until > seconds:
            return planned
        planned.append(Planned(at, until, kind(rng), draw_aim(rng)))
        at = until + rng.uniform(*kind.pause) / haste


def plan_storm(seed, round_number, seconds, names=tuple(FAULTS), haste=1):
    """The faults of one storm, by lane, of those that are named. haste: so much shorter are the pauses between them."""
    lanes = {}
    for name in names:
        lanes.setdefault(FAULTS[name].lane, []).append(FAULTS[name])
    return {lane: plan_lane(random.Random(f"{seed}/{round_number}/{lane}"), faults, seconds, haste)
            for lane, faults in lanes.items()}


@dataclass
class Injector:
    """Carries plans out, each lane in a thread of its own."""
    stack: object
    done: list = field(default_factory=list)

    def storm(self, lanes):
        threads = [threading.Thread(target=self._lane, args=(planned, time.monotonic())) for planned in lanes.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _lane(self, lane, began):
        for planned in lane:
            self.done.append(planned)
            time.sleep(max(0, began + planned.at - time.monotonic()))
            if planned.aim is not None:
                time.sleep((planned.aim - time.time()) % 1)  # a second at most, so the plan is kept all in all
            self._try(planned, "inject")
            time.sleep(planned.until - planned.at)
            self._try(planned, "heal")

    def _try(self, planned, what):
        try:
            result = getattr(planned.fault, what)(self.stack)
            if what == "inject":
                planned.times = result
        except Exception as error:  # the run goes on, and fails at its end: this is our fault, not Dronc's
            planned.trouble += f"{what}: {error!r} "
        setattr(planned, {"inject": "injected", "heal": "healed"}[what], int(time.time() * 1000))

    def counts(self):
        """How often each kind has happened."""
        counts = Counter()
        for planned in self.done:
            counts[planned.fault.kind] += int(planned.times)
        counts["kill -9 of a runner"] += counts.pop("kill -9 of all runners", 0)
        return counts
