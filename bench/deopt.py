# SPDX-License-Identifier: MIT
"""Times calls that deopt against the same calls that do not, as deopt.sh built them; exits with 1 above 5 microseconds.

Each call that deopts also makes its big int, as CPython would. A kernel that deopts all the time is soon interpreted
from the start (f.stats says so), so calls that deopt are mixed with calls that do not.
"""
import statistics
import sys
import time
from array import array

import deopt_built

LIMIT_NS = 5000
BIG = 2**40


def timed(f, args, n):
    start = time.perf_counter_ns()
    for _ in range(n):
        f(*args)
    return (time.perf_counter_ns() - start) / n


def main():
    x = array("q", [BIG, 3])
    cases = [
        ("times", (BIG, BIG), (3, 5), BIG * BIG),
        ("element", (x, x, 0), (x, x, 1), BIG * BIG),
        ("nested", (BIG, 2), (3, 2), BIG * BIG - 4),
    ]
    failed = False
    print(f"Python {sys.version.split()[0]}; ns a call, median of 200 rounds")
    for name, leaves, stays, want in cases:
        f = getattr(deopt_built, name)
        assert f(*leaves) == want
        deopts, plain = [], []
        for _ in range(200):
            plain.append(timed(f, stays, 20))
            deopts.append(timed(f, leaves, 1))
        cost = statistics.median(deopts) - statistics.median(plain)
        failed |= cost > LIMIT_NS
        print(f"{name:10} with a deopt {statistics.median(deopts):7.0f}  without {statistics.median(plain):6.0f}   {f.stats}")
        print(f"bench-deopt: {name}: a deopt costs {cost / 1000:.2f} us (at most {LIMIT_NS / 1000:.0f}{', MISSED' if cost > LIMIT_NS else ''})")
    return failed


if __name__ == "__main__":
    sys.exit(main())
