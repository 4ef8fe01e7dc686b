"""python3-croniter beside the engine's table, for scale: the only cron library with time zones that Debian packages for a language we use
anyway. Prints a note, and nothing else, where it is not installed."""
import time

try:
    from croniter import croniter
except ImportError:
    print("python3-croniter is not installed: no second library to compare with")
    raise SystemExit(0)
from datetime import datetime
from zoneinfo import ZoneInfo

SCHEDULES = ["* * * * *", "*/5 * * * *", "0 * * * *", "30 2 * * *", "0 9 * * 1-5", "0 0 1 * *", "0 0 1 1 *", "0 0 29 2 *"]
START = datetime(2023, 11, 14, tzinfo=ZoneInfo("America/New_York"))

print("python3-croniter, America/New_York: microseconds per next")
for schedule in SCHEDULES:
    it = croniter(schedule, START)
    began, count = time.perf_counter(), 0
    try:
        while time.perf_counter() - began < 0.2:
            it.get_next(float)
            count += 1
    except ValueError as error:  # it runs out of years on leap days
        print(f"{schedule:<20} gives up after {count}: {error}")
        continue
    print(f"{schedule:<20} {(time.perf_counter() - began) / count * 1e6:8.1f}")
