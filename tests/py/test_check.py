# SPDX-License-Identifier: MIT
"""keelback check passes what is right, and fails on every kind of wrong engine with the smallest input."""

import re
import sys

from kbtest import done, equal, has, keelback, lacks, ok, run, write

write("good.py", '''import math
import keelback as kb

print("what the file prints is no part of the report")

@kb.kernel
def saxpy(a: float, x: kb.f32[:], y: kb.f32[:]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]

@kb.kernel(check={"n": range(0, 200)})
def collatz(n: int) -> int:
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps

@kb.kernel
def parts(x: float) -> tuple[int, float]:
    return math.floor(x), x - math.floor(x)
''')  # fmt: skip


def check(*args, **env):
    r = run([sys.executable, "-m", "keelback.check", *args], **env)
    return r.returncode, r.stdout, r.stderr


# -- The command, on what is right ---------------------------------------------------------------------------

r = keelback("check", "good.py")
ok(r.returncode == 0, "right kernels pass", r.stdout, r.stderr)
equal(len(re.findall(r"^ok \d+ - ", r.stdout, re.M)), 3, "one line a kernel", r.stdout)
has(r.stdout, "1..3", "a plan")
lacks(r.stdout, "what the file prints", "the file's own output is not in the report")
m = re.search(r"ok 1 - saxpy: (\d+) inputs: (\d+) returned, (\d+) raised", r.stdout)
ok(m and int(m[1]) == 200 and int(m[2]) > 50 and int(m[3]) > 5, "inputs that return and inputs that raise", r.stdout)
again = keelback("check", "good.py")
equal(again.stdout, r.stdout, "the same seed gives the same report")
one = keelback("check", "good.py:collatz", "-n", "50", "--seed", "7")
ok(one.returncode == 0 and one.stdout.startswith("1..1\nok 1 - collatz: 50 inputs"), "one kernel, -n, --seed", one.stdout, one.stderr)
equal(keelback("check", "missing.py").returncode, 2, "a missing file is a usage error")
equal(keelback("check").returncode, 2, "no file is a usage error")

# -- What cannot be checked fails -----------------------------------------------------------------------------

write("never.py", '''import keelback as kb
@kb.kernel
def picky(n: int) -> int:
    if n != 12345:
        raise ValueError("no")
    return n
''')  # fmt: skip
code, out, _ = check("never.py", "--engine", "self")
ok(code == 1 and "not ok 1 - picky" in out and "fewer than 10" in out, "fewer than 10 normal returns fail", out)
write("endless.py", '''import keelback as kb
@kb.kernel
def endless(n: int) -> int:
    while n != 3:
        n ^= 1
    return n
''')  # fmt: skip
code, out, _ = check("endless.py", "--engine", "self", "-n", "60", "--budget", "2000")
ok(re.search(r"\d+ over budget", out), "a step budget ends the reference, and skips are counted", out)
write("none.py", "x = 1\n")
code, out, _ = check("none.py")
ok(code == 1 and "Bail out!" in out, "a file without kernels fails", out)
write("unbuildable.py", "import keelback as kb\n@kb.kernel\ndef f(x: float) -> float:\n    return [x]\n")
r = keelback("check", "unbuildable.py")
ok(r.returncode == 1 and "Bail out!" in r.stdout and "a list is not supported" in r.stdout, "an error of the build is shown", r.stdout)

# -- Wrong engines ----------------------------------------------------------------------------------------------

write("targets.py", '''import keelback as kb

@kb.kernel
def shift(x: kb.f64[:], y: kb.f64[:]) -> int:
    for i in range(len(x)):
        y[i] = x[i] + 1.0
    return len(x)

@kb.kernel
def number(n: int) -> int:
    if n > 1000:
        raise ValueError("too large")
    return n & 1023
''')  # fmt: skip
code, out, err = check("targets.py", "--engine", "self")
equal(code, 0, "the reference agrees with itself", out, err)
for kind, said in [("value", "CPython returns"), ("type", "CPython returns"), ("message", "raises ValueError: too large!"),
                   ("lazy", "raises OverflowError"), ("crash", "crashed: SIGABRT"), ("hang", "no answer within")]:
    code, out, err = check("targets.py:number", "--engine", "broken:" + kind, "--time-out", "1")
    ok(code == 1 and "not ok 1 - number" in out and said in out, f"a wrong {kind} is found", out, err)
    if kind in ("value", "type", "lazy", "crash"):
        ok("print(number(3))" in out or "print(number(n=3))" in out, f"{kind}: the input is as small as it can be", out)
code, out, err = check("targets.py:shift", "--engine", "broken:memory")
ok(code == 1 and "in CPython" in out and "with the compiled kernel" in out, "a wrong element is found", out, err)
ok(len(re.search(r"y = np\.array\(\[(.*)\]|x = np\.array\(\[(.*)\]|array\('d', \[(.*)\]", out)[0].split(",")) <= 5,
   "memory: the arrays are as small as they can be", out)

# The printed input is a program.
code, out, _ = check("targets.py:shift", "--engine", "broken:value")
lines = [line[6:] for line in out.splitlines() if line.startswith("#     ")]
ok(lines and lines[-1].startswith("print(shift("), "the smallest input is printed", out)
write("snippet.py", "\n".join(lines).replace("from targets import shift", "from targets import shift; shift = shift.py_func") + "\n")
r = run([sys.executable, "snippet.py"])
ok(r.returncode == 0 or "IndexError" in r.stderr, "it can be run", "\n".join(lines), r.stderr)

# -- Inputs that the user gives -----------------------------------------------------------------------------------

write("given.py", '''import itertools
import keelback as kb

def lengths():
    yield from itertools.cycle([1, 2, 3])

@kb.kernel(check={"n": range(5, 9), "x": [0.5, 0.25], "shapes": {"x": "n"}})
def ranges(n: int, x: kb.f64[:]) -> float:
    if not 5 <= n < 9 or len(x) != n or x[0] > 0.5 or x[-1] < 0.25:
        raise RuntimeError("an input that was not asked for")
    return x[n - 1]

@kb.kernel(check={"a": lambda rng: rng.choice([2, 4]), "b": lengths()})
def drawn(a: int, b: int) -> int:
    if a != 2 and a != 4 or not 1 <= b <= 3:
        raise RuntimeError("an input that was not asked for")
    return a * b

@kb.kernel(check={"args": lambda rng: (2, [[1.0, 2.0], [3.0, 4.0 + rng.randrange(3)]])})
def whole(k: int, m: kb.f64[:, :]) -> float:
    if k != 2 or m.shape[0] != 2 or m.shape[1] != 2 or m[0, 1] != 2.0:
        raise RuntimeError("an input that was not asked for")
    return m[1, 1] * k

@kb.kernel(check={"x": range(1, 100), "rtol": 1e-6})
def near(x: kb.f64[:]) -> float:
    s = 0.0
    for v in x:
        s += v * 0.1
    return s

@kb.kernel(check={"y": range(3)})
def wrong_name(x: int) -> int:
    return x
''')  # fmt: skip
code, out, err = check("given.py", "--engine", "self")
equal(re.findall(r"^(ok|not ok) \d+ - (\w+)", out, re.M),
      [("ok", "ranges"), ("ok", "drawn"), ("ok", "whole"), ("ok", "near"), ("not ok", "wrong_name")], "check={...} chooses the inputs", out, err)
lacks(out.split("wrong_name")[0], " raised, 0 returned", "nothing else came")
ok(re.search(r"ranges: 200 inputs: 200 returned", out), "a range, elements, a shape", out)
ok(re.search(r"drawn: 200 inputs: 200 returned", out), "a function, a generator", out)
has(out, "'y' is no parameter", "a name that is no parameter is an error")
code, out, err = check("given.py:near", "--engine", "broken:value")
equal(code, 0, "rtol forgives the last bit", out, err)

# -- Without NumPy ---------------------------------------------------------------------------------------------------

write("nonumpy/numpy.py", "raise ImportError('no NumPy here')\n")
import os  # noqa: E402

path = os.path.abspath("nonumpy") + os.pathsep + os.environ.get("PYTHONPATH", "")
code, out, err = check("good.py", "--engine", "self", PYTHONPATH=path)
equal(code, 0, "arrays without NumPy", out, err)
code, out, err = check("targets.py:shift", "--engine", "broken:value", PYTHONPATH=path)
ok(code == 1 and "memoryview(array('d'" in out, "and printed without NumPy", out, err)
done()
