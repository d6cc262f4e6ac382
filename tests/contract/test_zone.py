# SPDX-License-Identifier: Apache-2.0
"""base reads time zones as Python does: every zone, around every change of its clocks and far in both directions."""
import datetime
import json
import random
import subprocess
import zoneinfo

import pytest

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = -5_000_000_000, 8_000_000_000  # the years 1811 to 2223
ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})


@pytest.fixture(scope="module")
def ask(support):
    """Asks the probe about all lines at once; each answer is a list."""

    def ask(question, values):
        lines = "".join(json.dumps({"do": question, "value": value}) + "\n" for value in values)
        done = subprocess.run([support("base-probe")], input=lines.encode(), capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        return [json.loads(line).split(";")[:-1] for line in done.stdout.decode().splitlines()]

    return ask


def offset(zone, at):
    return int((EPOCH + datetime.timedelta(seconds=at)).astimezone(zone).utcoffset().total_seconds())


def changes(zone, low, high, step):
    """Moments at which the clocks change, to the second."""
    found, before = [], offset(zone, low)
    for at in range(low + step, high, step):
        after = offset(zone, at)
        if after != before:
            left, right = at - step, at
            while right - left > 1:
                middle = (left + right) // 2
                left, right = (middle, right) if offset(zone, middle) == before else (left, middle)
            found.append(right)
        before = after
    return found


def shown(zone, at):
    local = (EPOCH + datetime.timedelta(seconds=at)).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {int(local.utcoffset().total_seconds())}"


def moments(source, zone):
    """At random, and a second before, at, and after some changes."""
    yield from (source.randrange(FIRST, LAST) for _ in range(40))
    start = source.randrange(-3_000_000_000, 5_000_000_000)
    for change in changes(zone, start, start + 4 * 366 * 86400, 20 * 86400)[:8]:
        yield from (change - 1, change, change + 1)


def test_clocks_show_what_python_says(ask):
    source = random.Random("zones")
    asked = [[name, *moments(source, zoneinfo.ZoneInfo(name))] for name in ZONES]
    assert len(asked) > 400 and sum(map(len, asked)) > 20000
    for (name, *at), got in zip(asked, ask("civil", asked)):
        zone = zoneinfo.ZoneInfo(name)
        assert got == [shown(zone, moment) for moment in at], name


def first_moment(zone, local):
    """When clocks show that, the first time; after a gap, the moment in which they jump over it."""
    early = local.replace(tzinfo=zone, fold=0)
    at = int((early - EPOCH).total_seconds())
    if (EPOCH + datetime.timedelta(seconds=at)).astimezone(zone).replace(tzinfo=None) == local:
        return at
    around = changes(zone, at - 3 * 86400, at + 3 * 86400, 3600)
    for change in around:
        before = datetime.timedelta(seconds=change + offset(zone, change - 1)) + EPOCH.replace(tzinfo=None)
        after = datetime.timedelta(seconds=change + offset(zone, change)) + EPOCH.replace(tzinfo=None)
        if before <= local < after:
            return change
    raise AssertionError(f"{zone} {local}: no gap found")


def locals_of(source, zone):
    start = source.randrange(-2_000_000_000, 5_000_000_000)
    for change in changes(zone, start, start + 3 * 366 * 86400, 20 * 86400)[:6]:
        around = EPOCH.replace(tzinfo=None) + datetime.timedelta(seconds=change + offset(zone, change - 1))
        yield from (around + datetime.timedelta(seconds=source.randrange(-7200, 7200)) for _ in range(3))
        yield around
    yield EPOCH.replace(tzinfo=None) + datetime.timedelta(seconds=source.randrange(FIRST, LAST))


def test_a_time_of_day_is_the_moment_that_it_names(ask):
    source = random.Random("locals")
    asked = [(name, list(locals_of(source, zoneinfo.ZoneInfo(name)))) for name in source.sample(ZONES, 200)]
    answers = ask("unix", [[name, *([*local.timetuple()][:6] for local in times)] for name, times in asked])
    for (name, times), got in zip(asked, answers):
        zone = zoneinfo.ZoneInfo(name)
        assert [int(at) for at in got] == [first_moment(zone, local) for local in times], name


@pytest.mark.parametrize("local, expected", [
    ((2026, 3, 29, 2, 30, 0), datetime.datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # never shown: on at three
    ((2026, 10, 25, 2, 30, 0), datetime.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # shown twice: the first
    ((2126, 7, 1, 12, 0, 0), datetime.datetime(2126, 7, 1, 10, 0, tzinfo=UTC)),  # by the rule for the years to come
])
def test_berlin(ask, local, expected):
    assert ask("unix", [["Europe/Berlin", local]]) == [[str(int(expected.timestamp()))]]


@pytest.mark.parametrize("name", ["", "Nowhere", "../../etc/passwd", "/etc/localtime", "Europe", "Europe/../UTC", "./UTC",
                                  "tzdata.zi", "Europe//Berlin", "Europe/Berlin/", "europe/berlin ", "x" * 300])
def test_what_is_no_zone_is_refused(ask, name):
    assert ask("civil", [[name, 0]]) == [[]]
