# SPDX-License-Identifier: MIT
"""Generic IR of dynamic functions: what may stay in values, what has to be memory or a cell, and what is not taken."""

import re

import kbtest
from keelback import _keelback as compiler


def total(xs):
    s = 0
    for x in xs:
        s += x * 2
    return s


def caught(xs):
    good = bad = 0
    for x in xs:
        y = x + 1
        try:
            good += 10 // y
        except ZeroDivisionError:
            bad = bad + 1
    return good, bad


def kept(a):
    x = 1
    try:
        x = 2
        y = 1 // a
        z = y
    except ZeroDivisionError:
        return x
    return z


def after_with(m):
    with m as v:
        r = v
    return r


def counter(n):
    def more():
        nonlocal n
        n += 1

    k = [n + i for i in range(3)]
    return more, k


def deleted(a):
    b = a
    del b
    return a


def comp(xs, k):
    return [x + k for x in xs], [lambda: x for x in xs]


def ir(function):
    return compiler.dynamic_ir(function)


def variables(text):
    found = re.search(r"vars\((.*?)\)", text)
    return sorted(re.findall(r'"(.*?)"', found.group(1))) if found else []


text = ir(total)
kbtest.equal(variables(text), [], "a loop without handlers has no memory")
kbtest.lacks(text, "obj.bound", "s is always bound")
kbtest.has(text, "phi [@entry: int:0]", "the sum is a phi")
kbtest.equal(variables(ir(caught)), ["good"], "only what a handler reads and the body assigns is memory")
kbtest.equal(variables(ir(kept)), ["x", "y", "z"], "what a protected body assigns is memory")
kbtest.equal(variables(ir(after_with)), ["r", "v"], "__exit__ may swallow: v and r are memory")
kbtest.has(ir(after_with), "obj.withleave", "an exception is shown to __exit__")
text = ir(counter)
kbtest.equal(text.count("obj.cell %"), 1, "one cell, for n")
kbtest.equal(variables(text), [], "k is a value")
kbtest.equal(variables(ir(deleted)), ["b"], "what is deleted lets go at once")
text = ir(comp)
kbtest.equal(text.count("obj.cell undef"), 1, "a cell for the captured variable of a comprehension alone")
kbtest.lacks(text, "obj.cellget", "which nobody reads here")
kbtest.equal(ir(lambda x: x + 1).count("obj.add"), 1, "a lambda")

namespace = {}
exec("def made(x): return x", namespace)
kbtest.ok("dynamic" not in ir(namespace["made"]), "a function without a source", ir(namespace["made"]))


def frame():
    import sys

    return sys._getframe()


def gen():
    yield 1


kbtest.has(ir(frame), "_getframe", "who looks at frames is told apart")
kbtest.equal(ir(gen), "it is a generator", "a generator")
image, pool, info = compiler.dynamic(caught)
kbtest.equal((image[:4], pool, info["loops"] > 0), (b"KBIM", (), True), "image, pool, info")
kbtest.equal(compiler.dynamic(caught)[0], image, "the same function gives the same image")
try:
    compiler.dynamic(5)
except TypeError as error:
    kbtest.has(str(error), "function", "no function")
kbtest.done()
