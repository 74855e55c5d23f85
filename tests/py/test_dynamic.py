# SPDX-License-Identifier: MIT
"""Any function, interpreted: each function of tests/dyn behaves as in CPython: result, exception with its causes and the
lines of its tracebacks, output, and what it did to its arguments. One argument names the functions to look at, two the
process for each ("each": a crash is one failed test)."""

import contextlib
import io
import os
import re
import subprocess
import sys
import traceback

import kbtest

os.environ["KEELBACK_INTERPRET"] = "1"
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "dyn")
sys.path.insert(0, folder)
sys.dont_write_bytecode = True

import warnings

warnings.simplefilter("ignore")

import dyntest
import exprs
import flow
import scopes

import keelback as kb

FILES = {os.path.abspath(m.__file__) for m in (exprs, flow, scopes, dyntest)}
INLINE = {"<listcomp>", "<setcomp>", "<dictcomp>"}  # have a frame of their own in CPython 3.11


def lines(error):
    found = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if os.path.abspath(code.co_filename) in FILES and code.co_name not in INLINE:
            found.append((code.co_name, line))
    return found


def chain(error, depth=0):
    if error is None or depth > 8:
        return None
    return (
        type(error).__name__,
        str(error),
        lines(error),
        ("cause", chain(error.__cause__, depth + 1)),
        ("context", chain(error.__context__, depth + 1), error.__suppress_context__),
    )


def describe(x, depth=0):
    """Value and exact types, also of what it holds."""
    if isinstance(x, BaseException):
        return chain(x)
    if depth < 6 and type(x) in (list, tuple, set, frozenset, dict):
        items = x.items() if isinstance(x, dict) else x
        return (type(x).__name__, [describe(i, depth + 1) for i in items])
    text = repr(x)
    return (type(x).__name__, text.split(" at 0x")[0])


def outcome(function, text, namespace):
    taken = []

    def call(*args, **kwargs):
        taken.append((args, kwargs))
        return function(*args, **kwargs)

    out = io.StringIO()
    limit = sys.getrecursionlimit()
    result = error = None
    with contextlib.redirect_stdout(out):
        try:
            result = eval(f"call({text})", {**namespace, "call": call})
        except BaseException as e:
            error = e
    sys.setrecursionlimit(limit)
    return {
        "result": describe(result),
        "exception": chain(error),
        "output": re.sub(" at 0x[0-9a-f]+", "", out.getvalue()),
        "arguments": [describe(list(a)) + describe(k) for a, k in taken],
        "handled": sys.exc_info()[0],
    }


def name_of(function):
    return f"{function.__module__}.{function.__qualname__}"


def check(function, texts):
    import keelback._keelback as compiler

    name = name_of(function)
    made = compiler.dynamic(function)
    if texts is None:
        kbtest.ok(isinstance(made, str), f"{name} is not taken", made)
        return
    if not kbtest.ok(not isinstance(made, str), f"{name} is taken", made):
        return
    f = kb.jit(function)
    for text in texts:
        expected = outcome(function, text, function.__globals__)
        got = outcome(f, text, function.__globals__)
        differences = [f"{k}:\n  expected {v}\n  got      {got[k]}" for k, v in expected.items() if got[k] != v]
        kbtest.ok(not differences, f"{name}({text})", *differences)
    kbtest.equal(f.stats["tier"], "interpreted", f"{name} was interpreted", f.stats)


def each(names):
    """A process for each function."""
    for function, _ in dyntest.TABLE:
        name = name_of(function)
        if names and not any(n in name for n in names):
            continue
        done = subprocess.run([sys.executable, os.path.abspath(__file__), name], capture_output=True, text=True, timeout=60)
        bad = [line for line in done.stdout.splitlines() if line.startswith(("not ok", "# "))]
        if done.returncode < 0:
            bad.append(f"not ok - {name} died of signal {-done.returncode} {done.stderr[-300:]}")
        print("\n".join(bad), end="\n" if bad else "")


if __name__ == "__main__":
    here = os.getcwd()
    os.chdir(folder)
    arguments = sys.argv[1:]
    if arguments[:1] == ["each"]:
        each(arguments[1:])
        sys.exit()
    for function, texts in dyntest.TABLE:
        if not arguments or any(a in name_of(function) for a in arguments):
            check(function, texts)
    os.chdir(here)
    kbtest.done()
