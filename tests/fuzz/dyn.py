# SPDX-License-Identifier: MIT
"""dyn.py [-T SECONDS] [--seed N]: random Python functions under kb.jit against CPython: results, types, exceptions with
their texts, causes and lines, what was logged, arguments afterwards. A failure is reduced and printed.

KEELBACK_INTERPRET=1 has all of them interpreted; without it kb.jit chooses. Runs in children, as crashes are failures too.
"""
import argparse
import ast
import copy
import os
import pickle
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import dyngen  # noqa: E402
import shorter  # noqa: E402

warnings.simplefilter("ignore")  # of the compiler, about odd constants


def describe(v, depth=3):
    """A value as text that tells types, NaN and signs of zero apart; addresses do not show."""
    try:
        return _describe(v, depth)
    except Exception as e:  # a __repr__ that fails
        return f"<{type(e).__name__}>"


def _describe(v, depth):
    if isinstance(v, (list, tuple, set, frozenset)) and depth:
        items = [_describe(x, depth - 1) for x in v]
        return f"{type(v).__name__}({', '.join(sorted(items) if isinstance(v, (set, frozenset)) else items)})"
    if isinstance(v, dict) and depth:
        return "dict(" + ", ".join(f"{_describe(k, depth - 1)}: {_describe(x, depth - 1)}" for k, x in v.items()) + ")"
    if isinstance(v, BaseException):
        return f"{type(v).__name__}{v.args!r}"
    if type(v).__module__ in ("builtins", "dyn_module") and not callable(v) and " at 0x" not in repr(v):
        return f"{type(v).__name__} {v!r}"[:300]
    return f"<{type(v).__name__}>"


def chain(e, name, depth=4):
    """An exception, the lines of the function in its traceback, its cause and context."""
    lines = [f.lineno for f in traceback.extract_tb(e.__traceback__) if f.name == name]
    if isinstance(e, UnboundLocalError) and sys.version_info < (3, 13):
        lines = []  # before, it was the line of a store just before the read, once the two had become one instruction
    out = [type(e).__name__, str(e).split(" at 0x")[0], lines[:1]]
    if depth:
        out += [chain(x, name, depth - 1) if x is not None else None for x in (e.__cause__, e.__context__)]
    return out + [e.__suppress_context__]


def outcome(module, f, name, arguments, fuel=400):
    module.LOG.clear()
    module.Thing.kind = "thing"
    module.FUEL[0] = fuel
    args = eval(arguments, module.__dict__)
    try:
        how = ["return", describe(f(*args[0], **args[1]))]
    except Exception as e:
        how = ["raise", chain(e, name)]
    if sys.exc_info()[0] is not None:
        how.append("exception left behind")
    return how, list(module.LOG), describe(list(args[0]) + list(args[1].values())), fuel - module.FUEL[0] >= 0


def load(path, text):
    import linecache
    import types

    module = types.ModuleType("dyn_module")
    module.__file__ = path
    module.FUEL = [0]
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    linecache.checkcache(path)
    sys.modules["dyn_module"] = module
    exec(compile(text, path, "exec"), module.__dict__)
    return module


def compare(path, text, names, calls):
    """[(name, arguments, CPython's outcome, ours)] of the first difference of each function; and counts. In a child."""
    import keelback as kb

    module = load(path, text)
    out, count = [], Counter()
    for name in names:
        plain = getattr(module, name)
        f = kb.jit(plain)
        for arguments in calls:
            want = outcome(module, plain, name, arguments)
            again = outcome(module, plain, name, arguments)
            if want != again:
                continue  # depends on something that is not an argument
            got = outcome(module, f, name, arguments)
            count["calls"] += 1
            count[want[0][0]] += 1
            if got != want:
                out.append((name, arguments, want, got))
                break
        count[getattr(f, "stats", {}).get("tier", "?")] += 1
    return out, count


def in_child(*args, seconds=120):
    """compare(*args), or the signal or time-out that ended it."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(r)
            signal.alarm(seconds)
            data = pickle.dumps(compare(*args))
            with os.fdopen(w, "wb") as f:
                f.write(data)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        data = f.read()
    status = os.waitpid(pid, 0)[1]
    return pickle.loads(data) if status == 0 and data else f"child ended with status {status}"


def reduce(path, source, name, arguments, crashed, seconds=60):
    """A smaller function that still fails on these arguments, in the same manner."""
    end = time.monotonic() + seconds
    best, progress = source, True
    while progress and time.monotonic() < end:
        progress = False
        tree = ast.parse(best).body[0]
        for edits in (shorter._statement_edits, shorter._expression_edits):
            for new in edits(tree):
                try:
                    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(new))) + "\n"
                except ValueError:  # half an f-string
                    continue
                if len(text) >= len(best) or time.monotonic() > end:
                    continue
                try:
                    compile(text, "x", "exec")
                except (SyntaxError, ValueError):
                    continue
                found = in_child(path, dyngen.HELPERS + "\n" + text, [name], [arguments], seconds=20)
                found = isinstance(found, str) if crashed else found
                if found if crashed else not isinstance(found, str) and found[0]:
                    best, progress = text, True
                    break
            if progress:
                break
    return best


def calls(rng, n):
    pick = lambda: rng.choice(dyngen.ARGUMENTS)
    return [f"(({pick()}, {pick()}), {{{repr('c') + ': ' + pick() if rng.random() < 0.6 else ''}}})" for _ in range(n)]


def round_(folder, seed, functions, inputs, total):
    rng = random.Random(seed)
    sources, names = {}, []
    while len(names) < functions:
        name = f"f{len(names)}"
        text = dyngen.function(rng, name)
        try:
            compile(text, "x", "exec")
        except SyntaxError:
            total["not Python"] += 1
            continue
        sources[name] = text
        names.append(name)
    given = calls(rng, inputs)
    path = os.path.join(folder, f"dyn{seed}.py")
    text = dyngen.HELPERS + "\n" + "\n\n".join(sources.values())
    found = in_child(path, text, names, given)
    if isinstance(found, str):  # which one?
        found = [], Counter()
        for name in names:
            one = in_child(path, dyngen.HELPERS + "\n" + sources[name], [name], given, seconds=30)
            if isinstance(one, str):
                found[0].append((name, next((c for c in given if isinstance(in_child(
                    path, dyngen.HELPERS + "\n" + sources[name], [name], [c], seconds=20), str)), given[0]), None, one))
    total.update(found[1])
    total["functions"] += len(names)
    total["failures"] += len(found[0])
    for name, arguments, want, got in found[0][:3]:
        small = reduce(path, sources[name], name, arguments, want is None)
        print(f"not ok: seed {seed}, {name}, called with {arguments}")
        for line in small.splitlines():
            print("    " + line)
        again = in_child(path, dyngen.HELPERS + "\n" + small, [name], [arguments], seconds=20)
        if not isinstance(again, str) and again[0]:
            want, got = again[0][0][2:]
        print(f"    # CPython {want}\n    # kb.jit  {got}", flush=True)


def main():
    p = argparse.ArgumentParser(description="Random Python functions under kb.jit against CPython.")
    p.add_argument("-T", type=float, default=60, metavar="SECONDS", help="how long; 0: one round (60)")
    p.add_argument("--seed", type=int, default=None, help="of the first round; the next one has the next (the time)")
    p.add_argument("--functions", type=int, default=40, help="a round (40)")
    p.add_argument("--inputs", type=int, default=25, help="for each function (25)")
    o = p.parse_args()
    seed = int(time.time()) if o.seed is None else o.seed
    end, rounds, total = time.monotonic() + o.T, 0, Counter()
    with tempfile.TemporaryDirectory(prefix="keelback-dyn-") as folder:
        while rounds == 0 or time.monotonic() < end:
            round_(folder, seed + rounds, o.functions, o.inputs, total)
            rounds += 1
    print(f"fuzz dyn: {rounds} rounds from seed {seed}: " + ", ".join(f"{n} {k}" for k, n in total.items()))
    sys.exit(1 if total["failures"] else 0)


if __name__ == "__main__":
    main()
