"""A million jobs stored and none of them due: what the runner and Redis do all the while."""
import time

from common import Runner, cpu_s, wait_for


def wait_for_heartbeat(million, runner):
    """The runner has done what it does once, at its start, and has just renewed its lease."""
    def lease():
        return million.db.zscore("dronc:runners", runner.name_in_redis)
    before = lease()
    wait_for(lambda: lease() != before, what="a heartbeat")


def run(bench):
    million, measured_s = bench.million(), bench.pick(20, 5)
    runner = Runner(bench.home(), million.redis).wait_until_ready()
    wait_for_heartbeat(million, runner)

    def commands():
        return million.db.info("stats")["total_commands_processed"]
    began, cpu, redis_cpu, asked = time.monotonic(), cpu_s(runner.pid), cpu_s(million.redis.program.pid), commands()
    time.sleep(measured_s)
    asked = commands() - asked - 1  # the first of ours
    took = time.monotonic() - began
    share = (cpu_s(runner.pid) - cpu) / took * 100
    redis_share = (cpu_s(million.redis.program.pid) - redis_cpu) / took * 100
    runner.terminate()
    bench.row("idle", f"{million.count:,} jobs, none due: runner's CPU", f"{share:.2f} % of a core", "", "", "< 0.5 %", share < 0.5)
    bench.row("idle", "Redis' commands, those inside scripts included", f"{asked / took:.1f}/s", f"its CPU {redis_share:.2f} %", "", "< 20/s",
              asked / took < 20)
