"""What the target answers: made by a grammar, by quirks laid over it, and by mutation. All of it comes from a seed.

A Plan is what one attempt of a call gets: an Answer for each request that belongs to it (redirects, and what is sent again). An
Answer is bytes, where they are split, and what becomes of the connection.
"""
import random
from dataclasses import asdict, dataclass, field

import mutation
import quirks
import reading
from builder import Builder

MUTATED = 0.25      # of all answers
SPLIT = 0.4
REDIRECTED = 0.2
HANGS_STAY = 0.12   # of those that would keep a client waiting for bytes that never come


@dataclass
class Answer:
    """pieces: (ms to wait before, bytes)s. late: likewise, sent behind the whole answer, without being asked. end: what becomes of
    the connection: keep, close, reset, cut (TLS: closed without close_notify). eager: sent before the request's body is read."""
    pieces: list
    end: str = "keep"
    late: list = field(default_factory=list)
    eager: bool = False
    label: str = ""

    @property
    def data(self):
        return b"".join(piece for _, piece in self.pieces)

    @property
    def waits_ms(self):
        return sum(wait for wait, _ in self.pieces)

    def to_json(self):
        made = asdict(self)
        for name in ("pieces", "late"):
            made[name] = [[wait, piece.decode("latin-1")] for wait, piece in made[name]]
        return made

    @classmethod
    def from_json(cls, made):
        made = dict(made)
        for name in ("pieces", "late"):
            made[name] = [(wait, piece.encode("latin-1")) for wait, piece in made[name]]
        return cls(**made)


@dataclass
class Setting:
    """What the grammar has to know of the call: its method, whether it is made over TLS, the number of redirects that it follows,
    and where redirects may lead."""
    method: str
    tls: bool
    redirects: int
    places: dict  # name → "http://host:port"


class Grammar:
    def __init__(self, seed, without=(), only=()):
        self.seed = seed
        self.quirks = [(name, weight, make) for name, weight, make in quirks.ALL
                       if name not in without and (not only or name in only)]
        self.redirects = "redirect" not in without
        self.mutates = "mutation" not in without

    def plan(self, job, number, setting):
        """The answers of a job's attempt of that number: always the same ones for one seed."""
        rng = random.Random(f"{self.seed}:{job}:{number}")
        hops = []
        if self.redirects and rng.random() < REDIRECTED:
            hops = [self.answer(rng, f"j{job}k{number}h{hop}", setting, redirect=True) for hop in range(rng.choice((1, 1, 1, 2, 3)))]
        return [*hops, self.answer(rng, f"j{job}k{number}h{len(hops)}", setting)]

    def answer(self, rng, tag, setting, redirect=False):
        made = Builder(rng, tag, setting)
        labels = [made.redirect()] if redirect else [made.plain()]
        for _ in range(rng.choices((0, 1, 2, 3), (30, 45, 18, 7))[0]):
            name, _, quirk = rng.choices(self.quirks, [weight for _, weight, _ in self.quirks])[0]
            quirk(made)
            labels.append(name)
        data = made.bytes()
        if self.mutates and rng.random() < MUTATED:
            data, how = mutation.mutate(rng, data)
            labels.append(how)
        return self.finish(rng, made, data, "+".join(labels), setting)

    def finish(self, rng, made, data, label, setting):
        end = made.end
        if not setting.tls and end == "cut":
            end = "close"
        if end == "keep" and reading.read(data, end, setting.method).timeout and rng.random() > HANGS_STAY:
            end = rng.choice(("close", "close", "reset"))
        return Answer(split(rng, data), end, made.late if end == "keep" else [], made.eager, label)


def split(rng, data):
    """Cut it at odd places, with pauses between the pieces."""
    if rng.random() > SPLIT or len(data) < 2:
        return [(0, data)]
    if len(data) < 300 and rng.random() < 0.15:
        return [(0, data[i:i + 1]) for i in range(len(data))]
    cuts = sorted({rng.randrange(1, len(data)) for _ in range(rng.randrange(1, 6))})
    return [(rng.choice((0, 0, 1, 2, 5)), data[a:b]) for a, b in zip([0, *cuts], [*cuts, len(data)])]
