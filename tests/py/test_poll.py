# SPDX-License-Identifier: MIT
"""Long kernels stay polite: signals reach Python inside compiled loops, other threads run, nogil kernels hold no GIL.

Times are generous: it is tested that things happen at all. `make bench-poll` has the figures.
"""

import os
import signal
import sys
import threading
import time
import traceback

from kbtest import done, equal, has, keelback, load_built, ok, run, write

import numpy as np

LONG = 1 << 50  # turns: for ever
KERNELS = """
import keelback as kb

@kb.kernel
def counted(x: kb.f64[:], n: int) -> float:
    s = 0.0
    for i in range(n):  # counted
        x[0] = s
        s += 1.0
    return s

@kb.kernel
def collatz(n: int) -> int:
    c = 0
    while c >= 0:
        c = (c + n) % 1000003
    return c

@kb.kernel
def nest(x: kb.f64[:], n: int) -> float:
    s = 0.0
    for i in range(n):
        for k in range(len(x)):
            s += x[k]
    return s

@kb.kernel
def callee(x: kb.f64[:], n: int) -> float:
    s = 0.0
    for i in range(n):
        for k in range(len(x)):
            if x[k] > s:
                s = x[k] + s * 0.5
    return s

@kb.kernel
def caller(x: kb.f64[:], n: int) -> float:
    return callee(x, n) + 1.0

@kb.kernel
def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)  # calls

@kb.kernel
def is_even(n: int, k: int) -> bool:
    return is_odd(n - 1, k) or is_odd(n - 2, k) if n > 0 else False

@kb.kernel
def is_odd(n: int, k: int) -> bool:
    for i in range(k):  # short loops that do not poll themselves
        n += i & 0
    return is_even(n - 1, k) if n > 0 else False

@kb.kernel
def many(n: int) -> int:
    c = 0
    for i in range(n):
        c ^= small(i)
    return c

@kb.kernel(inline=False)
def small(n: int) -> int:
    c = 0
    for i in range(n & 15):
        c += i * n & 3
    return c

@kb.kernel(nogil=True)
def free(x: kb.f64[:], n: int) -> float:
    s = 0.0
    for i in range(n):
        for k in range(len(x)):
            s += x[k]
    return s

@kb.kernel(nogil=True)
def free_until(stop: kb.i64[:], n: int) -> int:
    i = 0
    while i < n and stop[0] == 0:
        i += 1
    return i

@kb.kernel(nogil=True)
def free_product(x: kb.i64[:], n: int) -> int:
    p = 1
    for i in range(n):
        p *= x[i % len(x)]
        x[i % len(x)] += 1
    return p

@kb.kernel(nogil=True)
def free_raises(x: kb.f64[:], i: int) -> float:
    return x[i]
"""


def interrupted(what, f, *args, handler=None, expect=KeyboardInterrupt):
    """Calls f, which runs for ever, and sends SIGINT after a while: the exception that ends it."""
    old = signal.signal(signal.SIGINT, handler or signal.default_int_handler)
    sent = []

    def send():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.1, send)
    guard = threading.Timer(30, lambda: os._exit(3))  # no test hangs
    guard.daemon = True
    try:
        guard.start()
        timer.start()
        f(*args)
    except expect as e:
        took = time.monotonic() - sent[0]
        ok(took < 5, f"{what}: {expect.__name__} arrives", f"{took * 1000:.1f} ms")
        return e
    finally:
        timer.cancel()
        guard.cancel()
        signal.signal(signal.SIGINT, old)
    ok(False, f"{what}: {expect.__name__} arrives", "the kernel came to its end")
    return None


def lines_of(e):
    return [(f.name, f.lineno) for f in traceback.extract_tb(e.__traceback__)][1:]


HOST = """
#include "loops.h"
#include <stdio.h>
#include <string.h>
static int asked;
static int stop(void *data) { return ++asked >= *(int *)data; }
int main(void)
{
  double x[4] = { 1, 2, 3, 4 };
  int most = 3;
  kb_poll_set_handler(stop, &most);
  double r = c_nest(kb_cf64x1_from(x, 4), INT64_C(1) << 50);
  const kb_error *e = kb_error_get();
  printf("%g %d %s '%s' %s %d\\n", r, asked, e ? e->type : "none", e ? e->message : "", e ? e->function : "", e ? e->line > 0 : 0);
  kb_error_clear();
  kb_poll_set_handler(NULL, NULL);
  printf("%g\\n", c_nest(kb_cf64x1_from(x, 4), 1000000));
  return kb_error_get() != NULL;
}
"""


def in_c():
    """A C program sets a handler, which ends a kernel."""
    write("loops.py", KERNELS)
    write("host.c", HOST)
    flags = [keelback("config", f).stdout.split() for f in ("--cflags", "--libs")]
    made = keelback("emit", "loops.py", "-o", "loops.c", "--header", "loops.h", "--prefix", "c_")
    cc = os.environ.get("CC", "gcc").split()
    r = run([*cc, "-O1", *os.environ.get("KB_TEST_CFLAGS", "").split(), "-I.", *flags[0], "host.c", "loops.c", "-o", "host", *flags[1]])
    if ok(made.returncode == 0 and r.returncode == 0, "a C program is built", made.stderr, r.stderr):
        r = run(["./host"])
        equal(r.stdout, "0 3 KeyboardInterrupt '' nest 1\n1e+07\n", "its handler ends a kernel", r.stderr)
        equal(r.returncode, 0, "without one the kernel comes to its end")


def main():
    write("polite.py", KERNELS)
    built = keelback("build", "polite.py", "-o", "polite.so")
    if not ok(built.returncode == 0, "the kernels build", built.stderr):
        done()
    m = load_built("polite", "polite.so")
    x = np.arange(100.0)

    # -- with the GIL
    e = interrupted("a counted loop", m.counted, x, LONG)
    ok(x[0] > 0, "what was stored stays stored", x[0])
    if e is not None:
        line = next(i for i, s in enumerate(KERNELS.splitlines(), 1) if "# counted" in s)
        names = lines_of(e)
        ok(names and names[-1][0] == "counted" and line <= names[-1][1] <= line + 2, "its traceback ends in the loop", names)
    interrupted("a loop that counts nothing", m.collatz, 3)
    interrupted("a nest", m.nest, x, LONG)
    interrupted("short loops in calls", m.many, LONG)
    e = interrupted("recursion", m.fib, 90)
    ok(e and len(lines_of(e)) > 10 and {n for n, _ in lines_of(e)} == {"fib"}, "its traceback has all calls", e and lines_of(e))
    interrupted("recursion of two kernels, with loops", m.is_even, 200, 1000)
    equal(m.fib(20), 6765, "recursion goes on as before")
    e = interrupted("a kernel that a kernel calls", m.caller, x, LONG)
    if e is not None:
        equal([n for n, _ in lines_of(e)][-2:], ["caller", "callee"], "its traceback has both")

    class Stop(Exception):
        pass

    def handler(signum, frame):
        raise Stop("own words")

    e = interrupted("a handler of one's own", m.nest, x, LONG, handler=handler, expect=Stop)
    equal(str(e), "own words", "its exception is passed on")
    seen = []
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
    signal.signal(signal.SIGUSR1, lambda *a: seen.append(m.nest(x, 2)))
    timer.start()
    n = 1000
    while not seen and n < 1 << 24:
        m.nest(x, n)
        n *= 2
    equal(seen, [m.nest(x, 2)], "a handler may call the kernel that it interrupts")

    def others_run(what, f, *args):
        """Another thread gets on while f runs for ever; it ends f by a signal."""
        count = [0]
        stop = threading.Event()

        def work():
            while not stop.is_set():
                count[0] += 1
                time.sleep(0.001)

        t = threading.Thread(target=work)
        t.start()
        before = count[0]
        interrupted(what, f, *args)
        got = count[0] - before
        stop.set()
        t.join()
        ok(got >= 2, f"{what}: another thread gets its turns", got)

    others_run("with the GIL", m.nest, x, LONG)

    # -- nogil
    interrupted("nogil", m.free, x, LONG)
    flag = np.zeros(1, dtype=np.int64)
    result = []
    t = threading.Thread(target=lambda: result.append(m.free_until(flag, LONG)))
    t.start()
    spins = 0
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        spins += 1
    ok(t.is_alive() and spins > 1000, "nogil: Python runs while the kernel does", spins)
    flag[0] = 1
    t.join(30)
    ok(not t.is_alive() and result and result[0] > 0, "nogil: the kernel sees what Python stores", result)

    def product(x, n):
        p = 1
        for i in range(n):
            p *= x[i % len(x)]
            x[i % len(x)] += 1
        return p

    want = [3, 5, 7]
    expected = product(want, 60)
    got = np.array([3, 5, 7])
    equal(m.free_product(got, 60), expected, "nogil: goes on past 64 bits")
    equal(got.tolist(), want, "nogil: what is stored there")
    results = []
    ts = [threading.Thread(target=lambda: results.append(m.free_product(np.array([3, 5, 7]), 60))) for _ in range(8)]
    for t in ts:
        t.start()
    for t in ts:
        t.join(60)
    equal(results, [expected] * 8, "nogil: past 64 bits in threads")
    for i in (5, -6):
        try:
            m.free_raises(np.zeros(5), i)
            ok(False, "nogil: IndexError")
        except IndexError as e:
            equal(str(e), f"index {i} is out of bounds for axis 0 with size 5", "nogil: IndexError")
            equal(lines_of(e)[-1][0], "free_raises", "nogil: its traceback")
    equal(m.free_raises(np.arange(5.0), -1), 4.0, "nogil: a result")
    e = []

    def failing():
        try:
            m.free_raises(np.zeros(5), 9)
        except IndexError as x:
            e.append(str(x))

    ts = [threading.Thread(target=failing) for _ in range(8)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    equal(len(e), 8, "nogil: exceptions in threads")
    in_c()
    done()


main()
