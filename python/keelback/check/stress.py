# SPDX-License-Identifier: MIT
"""A kernel whose guards fail on demand: what it computes must not change.

The module is built with --stress. An input runs once to see which guards it executes, and how often; then again for
each of them with the first, a middle and the last execution failing, so that the interpreter goes on from there.
"""
import pickle
import random
import sys
import time

SAMPLE = 4  # forced exits for each input, when there is a seed


class Stressed:
    """The engine of a native kernel; its outcome is the first forced one that differs, else the plain one."""

    def __init__(self, native, seed, seconds):
        self.native, self.seed, self.seconds = native, seed, seconds
        self.told = 0

    def open(self):
        self.native.open()
        self.control = getattr(sys.modules[self.native.kernel.__module__], "__keelback_stress__")
        self.random = random.Random(self.seed)

    def _choices(self):
        """What to force: (site, execution, its name)."""
        some = []
        for site, hits, function, line, guard in self.control():
            for n in sorted({1, (hits + 1) // 2, hits} - {0}):
                some.append((site, n, f"{function}, line {line}, {guard}, execution {n} of {hits}"))
        if self.seed >= 0 and len(some) > SAMPLE:
            some = self.random.sample(some, SAMPLE)
        return some

    def __call__(self, inp):
        self.control("count")
        plain = self.native(inp)
        same = pickle.dumps(plain, -1)
        end = time.monotonic() + self.seconds / 4
        for site, n, name in self._choices():
            self.control("force", site, n)
            forced = self.native(inp)
            if pickle.dumps(forced, -1) != same:
                if not self.told:
                    print(f"# forced exit: {name}", file=sys.stderr, flush=True)
                self.told += 1
                self.control("count")
                return forced
            if time.monotonic() > end:
                break
        self.control("count")
        return plain
