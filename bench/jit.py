# SPDX-License-Identifier: MIT
"""Ordinary functions under kb.jit against CPython: nobody should have to think about which ones to decorate.

A row's figure is our time over CPython's, the median of interleaved rounds; 1.2 at most. Native and interpreted functions
are expected to be below 1; those that stay in CPython cost what it costs to call them through kb.jit.
"""
import itertools
import math
import random
import statistics
import sys
import time
from dataclasses import dataclass

import keelback as kb

ROUNDS, LIMIT = 25, 1.2


@dataclass
class Particle:
    x: float
    v: float
    hits: int = 0


class Counter:
    def __init__(self):
        self.n = 0

    def add(self, k):
        self.n += k
        return self.n


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b


def join_text(n):
    s = ""
    for i in range(n):
        s += str(i) + ","
    return s


def count_words(words):
    d = {}
    for w in words:
        d[w] = d.get(w, 0) + 1
    return d


def count_in(words):
    d = {}
    for w in words:
        if w in d:
            d[w] += 1
        else:
            d[w] = 1
    return d


def read_attributes(ps):
    s = 0.0
    for p in ps:
        s += p.x * p.v
    return s


def store_attributes(ps):
    for p in ps:
        p.x = p.x + p.v * 0.5
        p.hits += 1


def store_only(p, n):
    for i in range(n):
        p.x = i


def slots_both(o, n):
    for i in range(n):
        o.a = o.b + i
    return o.a


def call_method(c, n):
    for i in range(n):
        c.add(i)
    return c.n


def append_all(n):
    out = []
    for i in range(n):
        out.append(i * 2)
    return out


def append_floats(xs):
    out = []
    for x in xs:
        out.append(x * 0.5 + 1.0)
    return out


def bubble(xs):
    xs = list(xs)
    for i in range(len(xs)):
        for j in range(len(xs) - 1 - i):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
    return xs


def sort_by_key(xs):
    return sorted(xs, key=lambda x: -x)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def small(a, b):
    return a if a > b else b


def small_strings(a, b):
    return a + b


def keywords(a, b=2, *, c=3):
    return [a, b, c]


def squares_comp(n):
    return [i * i for i in range(n) if i % 3]


def pipeline(xs):
    return sum(y for y in (x * 2 for x in xs) if y > 3)


def dict_comp(xs):
    return {x: i for i, x in enumerate(xs)}


def set_ops(xs, ys):
    return len(set(xs) & set(ys)), sorted(set(xs) - set(ys))[:3]


def errors(xs):
    n = 0
    for x in xs:
        try:
            n += int(x)
        except ValueError:
            n -= 1
    return n


def no_errors(xs):
    n = 0
    for x in xs:
        try:
            n += x
        except TypeError:
            n -= 1
    return n


def matrix(a, b):
    n = len(a)
    out = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += a[i][k] * b[k][j]
            out[i][j] = s
    return out


def primes(n):
    sieve = [True] * (n + 1)
    for i in range(2, int(n**0.5) + 1):
        if sieve[i]:
            for j in range(i * i, n + 1, i):
                sieve[j] = False
    return [i for i in range(2, n + 1) if sieve[i]]


def closure_calls(n):
    def inner(x):
        return x + n

    s = 0
    for i in range(n):
        s += inner(i)
    return s


def math_calls(xs):
    s = 0.0
    for x in xs:
        s += math.sin(x) + math.sqrt(x)
    return s


def walk(n):
    rng = random.Random(n)
    x = 0
    for _ in range(n):
        x += 1 if rng.random() < 0.5 else -1
    return x


def products(xs):
    return [a * b for a, b in itertools.product(xs, xs)]


def unpack_pairs(ps):
    s = 0
    for a, b in ps:
        s += a * b
    return s


def items(d):
    best, at = -1, None
    for k, v in d.items():
        if v > best:
            best, at = v, k
    return at


def chars(text):
    n = 0
    for c in text:
        if c in "aeiou":
            n += 1
    return n


def split_join(text):
    return " ".join(w.capitalize() for w in text.split())


def f_strings(n):
    out = []
    for i in range(n):
        out.append(f"{i:4d}|{i * 0.5:.2f}")
    return out


def stack_machine(program):
    stack = []
    for op, v in program:
        if op == "push":
            stack.append(v)
        elif op == "add":
            stack.append(stack.pop() + stack.pop())
        else:
            stack.pop()
    return len(stack)


def bfs(graph, start):
    seen, todo = {start}, [start]
    while todo:
        n = todo.pop()
        for m in graph[n]:
            if m not in seen:
                seen.add(m)
                todo.append(m)
    return len(seen)


def with_blocks(n):
    c = Guard()
    for i in range(n):
        with c:
            pass
    return c.n


class Guard:
    n = 0

    def __enter__(self):
        self.n += 1

    def __exit__(self, *args):
        return False


def mandel(w, h):
    n = 0
    for y in range(h):
        for x in range(w):
            c = complex(x / w * 3 - 2, y / h * 2 - 1)
            z = 0j
            for _ in range(20):
                z = z * z + c
                if abs(z) > 2:
                    break
            else:
                n += 1
    return n


def big_total(xs):
    s = 0
    for x in xs:
        s += x
    return s


def slices(xs):
    s = 0
    for i in range(0, len(xs), 4):
        s += sum(xs[i : i + 4])
    return s


def cases():
    rng = random.Random(3)
    words = [rng.choice("abcdefgh") * rng.randint(1, 3) for _ in range(2000)]
    text, floats, ints = " ".join(words), [rng.random() for _ in range(2000)], [rng.randrange(1000) for _ in range(2000)]
    particles = [Particle(rng.random(), 1.0) for _ in range(1000)]
    m = [[rng.random() for _ in range(16)] for _ in range(16)]
    graph = {i: [rng.randrange(500) for _ in range(4)] for i in range(500)}
    program = [("push", 1), ("push", 2), ("add", 0), ("pop", 0)] * 300
    global fib
    plain_fib = fib
    yield join_text, (1000,)
    yield count_words, (words,)
    yield count_in, (words,)
    yield read_attributes, (particles,)
    yield store_attributes, (particles,)
    yield store_only, (Particle(0.0, 1.0), 2000)
    yield slots_both, (Slots(1, 2), 2000)
    yield call_method, (Counter(), 1000)
    yield append_all, (2000,)
    yield append_floats, (floats,)
    yield bubble, (ints[:80],)
    yield sort_by_key, (ints,)
    yield plain_fib, (15,)
    yield small, (3, 4)
    yield small_strings, ("ab", "cd")
    yield keywords, (1,)
    yield squares_comp, (2000,)
    yield pipeline, (ints,)
    yield dict_comp, (words,)
    yield set_ops, (ints, ints[:50])
    yield errors, (["1", "x", "22"] * 300,)
    yield no_errors, (ints,)
    yield matrix, (m, m)
    yield primes, (5000,)
    yield closure_calls, (1000,)
    yield math_calls, (floats,)
    yield walk, (1000,)
    yield products, (ints[:40],)
    yield unpack_pairs, ([(i, i + 1) for i in range(1000)],)
    yield items, ({w: i for i, w in enumerate(words)},)
    yield items, ({i: i * 7 % 1000 for i in range(1000)},)
    yield chars, (text,)
    yield split_join, (text,)
    yield f_strings, (500,)
    yield stack_machine, (program,)
    yield bfs, (graph, 0)
    yield with_blocks, (500,)
    yield mandel, (20, 20)
    yield big_total, ([2**62] * 2000,)
    yield big_total, (ints + floats,)
    yield slices, (ints,)


def timed(f, args, times):
    start = time.perf_counter_ns()
    for _ in range(times):
        f(*args)
    return (time.perf_counter_ns() - start) / times


def main():
    names, slow, first = sys.argv[1:], [], 0.0
    for plain, args in cases():
        if names and plain.__name__ not in names:
            continue
        ours = kb.jit(plain)
        start = time.perf_counter_ns()
        ours(*args)
        first = (time.perf_counter_ns() - start) / 1e6
        for _ in range(5):
            timed(plain, args, 1)
            timed(ours, args, 1)
        times = max(1, int(300_000 / max(1, timed(plain, args, 1))))
        pairs = [(timed(ours, args, times), timed(plain, args, times)) for _ in range(ROUNDS)]
        ratio = statistics.median(a / b for a, b in pairs)
        stats = ours.stats
        mark = ""
        if ratio > LIMIT and min(b for _, b in pairs) > 1000:
            slow.append(plain.__name__)
            mark = "  SLOW"
        reason = stats["reasons"][0].splitlines()[-1][-60:] if stats["reasons"] else ""
        print(f"{plain.__name__:18} {ratio:6.2f}   {min(b for _, b in pairs) / 1e3:9.2f} us   first {first:7.1f} ms   {stats['tier']:12} {reason}{mark}")
    print(f"bench-jit: {len(slow)} slower than {LIMIT}: {', '.join(slow)}")
    return bool(slow)


if __name__ == "__main__":
    sys.exit(main())
