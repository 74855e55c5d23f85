# SPDX-License-Identifier: MIT
"""make bench-poll: kernels with polls against the same without, in turns, best of many and of several layouts; then the time from a SIGINT to
KeyboardInterrupt. Fails when polls cost more than 5 % on the whole, or a KeyboardInterrupt takes more than 50 ms."""
import math
import os
import signal
import sys
import threading
import time

import numpy as np
import poll_with1 as a
import poll_with2
import poll_with3
import poll_without1
import poll_without2
import poll_without3

WITH, WITHOUT = (a, poll_with2, poll_with3), (poll_without1, poll_without2, poll_without3)

ROUNDS = 10
MOST, LATEST = 1.05, 0.050

rng = np.random.default_rng(1)
x, y = rng.random(1 << 16), rng.random(1 << 16)
f, g = x.astype(np.float32), y.astype(np.float32)
m, v = rng.random((200, 200)), rng.random(200)
ints = rng.integers(0, 1 << 40, 1 << 16)
CASES = [
    ("dot", (x, y)), ("saxpy", (np.float32(1.5), f, g)), ("isum", (ints,)), ("ssum", (100000,)), ("lsearch", (ints, -1)),
    ("gemv", (m, v, v.copy())), ("gemm", (m[:80, :80].copy(), m[:80, :80].copy(), m[:80, :80].copy())),
    ("jacobi", (m, m.copy())), ("collatz", (3000,)), ("mandel", (60, 40, 100)), ("sieve", (np.zeros(60000, np.uint8),)),
    ("primes", (2000,)), ("bits", (20000,)), ("gcdsum", (100,)), ("heavy", (20000,)),
]


def once(k, args):
    if k.__name__ == "sieve":
        args[0][:] = 0
    start = time.perf_counter()
    r = k(*args)
    return time.perf_counter() - start, r


def cost():
    logs = []
    print(f"{'kernel':10} {'without':>10} {'with':>10}")
    for name, args in CASES:
        kernels = [[getattr(m, name) for m in ms] for ms in (WITHOUT, WITH)]
        if len({once(k, args)[1] for ks in kernels for k in ks}) != 1:
            sys.exit(f"{name}: results differ")
        reps = max(1, int(2e-3 / max(once(kernels[0][0], args)[0], 1e-7)))
        best = [math.inf, math.inf]
        for _ in range(ROUNDS):
            for ks in zip(*kernels):
                for i, k in enumerate(ks):
                    best[i] = min(best[i], sum(once(k, args)[0] for _ in range(reps)))
        logs.append(math.log(best[1] / best[0]))
        print(f"{name:10} {best[0] / reps * 1e6:8.2f} us {best[1] / reps * 1e6:8.2f} us {(best[1] / best[0] - 1) * 100:+6.1f} %")
    return math.exp(sum(logs) / len(logs))


def latency(k, *args):
    worst = 0.0
    for i in range(12):
        sent = []

        def send():
            sent.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)
        timer = threading.Timer(0.03 + 0.007 * i, send)
        timer.start()
        try:
            k(*args)
            sys.exit("the kernel came to its end")
        except KeyboardInterrupt:
            worst = max(worst, time.perf_counter() - sent[0])
        timer.join()
    return worst


signal.signal(signal.SIGINT, signal.default_int_handler)
mean = cost()
late = {}
for name, args in (("for_ever", (x[:100].copy(), 1 << 50)), ("ssum", (1 << 32,)), ("collatz", (1 << 40,)), ("heavy", (1 << 50,)),
                   ("primes", (1 << 40,))):
    late[name] = latency(getattr(a, name), *args)
    print(f"KeyboardInterrupt in {name}: within {late[name] * 1000:.1f} ms")
worst = max(late.values())
print(f"polls cost {(mean - 1) * 100:+.1f} % (at most {(MOST - 1) * 100:.0f} %); Ctrl-C within {worst * 1000:.1f} ms "
      f"(at most {LATEST * 1000:.0f} ms)")
sys.exit(mean > MOST or worst > LATEST)
