# SPDX-License-Identifier: MIT
"""kb.jit: where calls end up when the first choice was none: signatures are tried against CPython, demoted, and say so;
results stay what they are all the while."""

import os
import sys

os.environ.pop("KEELBACK_INTERPRET", None)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kbtest import done, equal, ok  # noqa: E402

import keelback as kb  # noqa: E402


class Thing:
    def __init__(self):
        self.x = 0
        self.seen = []


# -- A signature that leaves native code in every call --


@kb.jit
def product(a, b):
    return a * b


for _ in range(400):
    if product(2**40, 2**40) != 2**80:
        ok(False, "an exact product")
stats = product.stats
ok(stats["deopts"] < 200, "native code that always deopts is given up", stats)
equal((stats["tier"], stats["demotions"]), ("python", 1), "and that can be seen", stats)
ok(any("left again and again" in r for r in stats["reasons"]), "with the reason", stats)
equal(sum(stats["calls"].values()), 400, "each call is counted", stats)
ok(stats["calls"]["native"] < 200, "few were native", stats)
equal(product(3, 4), 12, "it still works")
equal(product(1.5, 2.0), 3.0, "other types have signatures of their own")
equal([s["tier"] for s in product.stats["signatures"]], ["python", "native"], "native ones", product.stats)


@kb.jit
def sometimes(a, b):
    return a * b


for i in range(4000):
    k = 2**40 if i % 64 == 0 else 3
    if sometimes(k, k) != k * k:
        ok(False, "an exact product, sometimes")
equal(sometimes.stats["tier"], "native", "a deopt now and then changes nothing", sometimes.stats)


# -- A total that passes 2**63 in the middle --


@kb.jit
def total(xs):
    s = 0
    for x in xs:
        s += x
    return s


numbers = [2**55 + i for i in range(1000)]
for _ in range(60):
    if total(numbers) != sum(numbers):
        ok(False, "an exact total")
stats = total.stats
ok(stats["tier"] in ("interpreted", "python") and stats["demotions"] <= 1, "a total past 64 bits: interpreted, or tried and left", stats)
small = list(range(1000))
equal(total(small), sum(small), "small numbers after big ones")


# -- An interpreted function that only looks like one that gains --


@kb.jit
def stores(thing, n):
    for i in range(n):
        thing.x = i
    return thing.x


for n in range(100, 160):
    t = Thing()
    if stores(t, n) != n - 1 or t.x != n - 1:
        ok(False, "stores")
stats = stores.stats
ok(stats["tier"] == "interpreted" or stats["demotions"] == 1, "attribute stores: as fast, or demoted", stats)


# -- Trials: effects happen once, exceptions pass --


@kb.jit
def effects(log, n):
    s = 0
    for i in range(n):
        s += i * i
    log.append(s)
    if n % 5 == 0:
        raise ValueError(n)
    return s


log, raised = [], 0
for n in range(1, 51):
    try:
        effects(log, n)
    except ValueError as e:
        raised += e.args == (n,)
equal(log, [sum(i * i for i in range(n)) for n in range(1, 51)], "each call's effects happen once")
equal(raised, 10, "exceptions pass through trials")
equal(sum(effects.stats["calls"].values()), 50, "all calls are counted", effects.stats)


# -- Recursion within trials --


@kb.jit
def depth(xs, k):
    s = 0
    for x in xs:
        s += x
    return s if k == 0 else s + depth(xs, k - 1)


equal([depth([1, 2, 3], k) for k in range(40)], [6 * (k + 1) for k in range(40)], "calls within calls of a trial")

done()
