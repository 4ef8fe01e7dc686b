"""What is done to the stack: one small class per fault. Whatever there is to draw is drawn when it is made (see plan.py)."""
import signal
import threading

import redis as redis_client

from stack import HANDLERS, RUNNERS


class Fault:
    """kind: what it counts as. lasts: from when to when it is healed (s). pause: the lane's rest after it."""
    kind = lane = ""
    weight, lasts, pause = 1, (0, 0), (3, 11)

    def __init__(self, rng):
        """Draws whatever there is to draw, so that the plan alone decides what happens."""

    def inject(self, stack):
        """How often it has happened by that: 0 where it met a part that was down already."""
        raise NotImplementedError

    def heal(self, stack):
        pass

    def __str__(self):
        return self.kind


class OfRunner(Fault):
    def __init__(self, rng):
        self.number = rng.randrange(RUNNERS)

    def __str__(self):
        return f"{self.kind} ({self.number})"


# --- runners ----------------------------------------------------------------------------------------------------------


class KillRunner(OfRunner):
    kind, lane, weight, lasts, pause = "kill -9 of a runner", "kill", 12, (0.5, 2), (2, 10)

    def inject(self, stack):
        return stack.runners[self.number].kill()

    def heal(self, stack):
        stack.runners[self.number].start()


class KillAllRunners(Fault):
    kind, lane, lasts, pause = "kill -9 of all runners", "kill", (0.5, 4), (2, 10)

    def inject(self, stack):
        return sum(part.kill() for part in stack.runners)

    def heal(self, stack):
        for part in stack.runners:
            part.start()


class RestartRunner(OfRunner):
    """SIGTERM, as in an upgrade: it hands back, lets its calls end, and goes. It may be stopped or cut off at that moment."""
    kind, lane, lasts, pause = "SIGTERM of a runner", "restart", (0.5, 8), (10, 40)

    def inject(self, stack):
        return stack.runners[self.number].terminate()

    def heal(self, stack):
        stack.runners[self.number].start()


class StopRunner(OfRunner):
    """Longer than the lease of 5 s: the others take it for dead, and then it wakes up."""
    kind, lane, lasts, pause = "SIGSTOP of a runner past its lease", "stop", (6, 9), (6, 24)

    def inject(self, stack):
        part = stack.runners[self.number]
        with part.lock:
            self.stopped = part.program
            if part.wanted:
                self.stopped.signal(signal.SIGSTOP)
            return part.wanted

    def heal(self, stack):
        self.stopped.signal(signal.SIGCONT)


class Partition(OfRunner):
    kind, lane, lasts, pause = "partition between a runner and Redis", "network", (2, 9), (6, 22)

    def __init__(self, rng):
        super().__init__(rng)
        self.mode = rng.choice(("hold", "hold", "drop", "deaf", "mute"))
        self.how = rng.choice(("resume", "reset"))

    def inject(self, stack):
        stack.proxy.tell("cut", self.number, self.mode)
        return 1

    def heal(self, stack):
        stack.proxy.tell("heal", self.number, self.how)

    def __str__(self):
        return f"{self.kind} ({self.number}, {self.mode}, {self.how})"


# --- Redis ------------------------------------------------------------------------------------------------------------


class KillRedis(Fault):
    kind, lane, weight, lasts, pause = "kill -9 of Redis", "redis", 6, (0.2, 3), (5, 16)

    def inject(self, stack):
        return stack.redis_part.kill()

    def heal(self, stack):
        stack.redis_part.start()


class StopRedis(Fault):
    kind, lane, weight, lasts, pause = "SIGSTOP of Redis", "redis", 3, (2, 9), (5, 16)

    def inject(self, stack):
        stack.redis_part.program.signal(signal.SIGSTOP)
        return 1

    def heal(self, stack):
        stack.redis_part.program.signal(signal.SIGCONT)


class Command(Fault):
    """Something that an administrator may tell Redis; it may be hung or loading at this moment."""
    lane, weight, command = "redis", 2, ()

    def inject(self, stack):
        try:
            with stack.redis.client(socket_timeout=2) as db:
                db.execute_command(*self.command)
            return 1
        except redis_client.RedisError:
            return 0


class FlushScripts(Command):
    kind, command = "SCRIPT FLUSH", ("SCRIPT", "FLUSH")


class KillClients(Command):
    kind, command = "CLIENT KILL TYPE normal", ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


# --- the front --------------------------------------------------------------------------------------------------------


class KillHandler(Fault):
    kind, lane, weight, lasts, pause = "kill -9 of a handler", "front", 5, (0.2, 2), (3, 12)

    def __init__(self, rng):
        self.number = rng.randrange(HANDLERS)

    def inject(self, stack):
        return stack.handlers[self.number].kill()

    def heal(self, stack):
        stack.handlers[self.number].start()


class KillAllHandlers(Fault):
    kind, lane, lasts, pause = "kill -9 of all handlers", "front", (0.2, 6), (3, 12)

    def inject(self, stack):
        return sum(part.kill() for part in stack.handlers)

    def heal(self, stack):
        for part in stack.handlers:
            part.start()


class KillNginx(Fault):
    kind, lane, weight, lasts, pause = "kill -9 of nginx", "front", 3, (0.2, 2), (3, 12)

    def inject(self, stack):
        return stack.nginx.kill()

    def heal(self, stack):
        stack.nginx.start()


# --- clocks -----------------------------------------------------------------------------------------------------------


class StepRunnerClock(OfRunner):
    kind, lane, weight, lasts, pause = "clock step of a runner", "clock", 5, (2, 10), (3, 9)
    sizes = (-3600, 3600, -2, 2)

    def __init__(self, rng):
        super().__init__(rng)
        self.by = rng.choice(self.sizes)

    def clock(self, stack):
        return stack.clocks[self.number]

    def inject(self, stack):
        self.clock(stack).set(self.by)
        return 1

    def heal(self, stack):
        self.clock(stack).set(0)

    def __str__(self):
        return f"{super().__str__()[:-1]}, {self.by:+g} s)"


class DriftRunnerClock(StepRunnerClock):
    """Two seconds away in small steps, and two seconds back at once."""
    kind, weight, sizes = "clock drift of a runner", 2, (-2, 2)

    def inject(self, stack):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.drift, args=(self.clock(stack),))
        self.thread.start()
        return 1

    def drift(self, clock):
        for step in range(1, 21):
            clock.set(self.by * step / 20)
            if self.over.wait(0.4):
                return

    def heal(self, stack):
        self.over.set()
        self.thread.join()
        super().heal(stack)


class StepHandlerClock(StepRunnerClock):
    kind, weight = "clock step of a handler", 2

    def clock(self, stack):
        return stack.handler_clock


class StepRedisClock(Fault):
    """The clock that all runners follow: time itself moves."""
    kind, lane, weight, lasts, pause = "clock step of Redis", "clock", 2, (3, 12), (3, 9)

    def __init__(self, rng):
        self.by = rng.uniform(5, 20)

    def inject(self, stack):
        stack.redis.clock.set(self.by)
        return 1

    def heal(self, stack):
        stack.redis.clock.set(0)

    def __str__(self):
        return f"{self.kind} ({self.by:+.1f} s)"


FAULTS = {"kill-runner": KillRunner, "kill-all-runners": KillAllRunners, "restart-runner": RestartRunner,
          "stop-runner": StopRunner, "partition": Partition, "kill-redis": KillRedis, "stop-redis": StopRedis,
          "flush-scripts": FlushScripts, "kill-clients": KillClients, "kill-handler": KillHandler,
          "kill-all-handlers": KillAllHandlers, "kill-nginx": KillNginx, "step-runner": StepRunnerClock,
          "drift-runner": DriftRunnerClock, "step-handler": StepHandlerClock, "step-redis": StepRedisClock}
