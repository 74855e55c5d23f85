# SPDX-License-Identifier: MIT
"""kbops.h against CPython's arithmetic, over edge values and values of every magnitude; with both compilers."""
import math
import os
import random
import shutil
import struct
import subprocess

import kbtest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = 2**63
EDGES = [0, 1, -1, 2, -2, 3, 7, 10, TOP - 1, -TOP, -TOP + 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**53 - 1, 2**62]
FLOATS = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, 1e308, -1e308, 2.5, 0.1, -0.1, 3.0, 0.5, 1.5, -2.5,
          2.0**63, -(2.0**63), 2.0**53]
rng = random.Random(1)
lines, wanted = [], []


def wrap(i):
    return (i + TOP) % (2 * TOP) - TOP


def single(x):
    try:
        return struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def some_int():
    if rng.random() < 0.25:
        return rng.choice(EDGES)
    return wrap(rng.choice([-1, 1]) * rng.getrandbits(rng.randint(1, 63)))


def some_float():
    k = rng.random()
    if k < 0.3:
        return rng.choice(FLOATS)
    if k < 0.7:
        return rng.choice([rng.uniform(-100, 100), float(rng.randint(-50, 50))])
    return rng.choice([-1, 1]) * rng.random() * 2.0 ** rng.randint(-1000, 1000)


def case(name, want, a, b=0, c=0):
    lines.append(" ".join([name] + [v.hex() if isinstance(v, float) else str(v) for v in (a, b, c)]))
    wanted.append((name, want))


def checked(i):
    return i if -TOP <= i < TOP else "leaves"


def single_mod(x, y):
    m = math.fmod(x, y)
    if m == 0.0:
        return math.copysign(0.0, y)
    return single(m + y) if (m < 0) != (y < 0) else m


def single_floordiv(x, y):
    m = math.fmod(x, y)
    q = single(single(x - m) / y)
    if m and (m < 0) != (y < 0):
        q = single(q - 1.0)
    if q == 0.0:
        return math.copysign(0.0, x / y)
    w = float(math.floor(q)) if math.isfinite(q) else q
    return single(w + 1.0) if q - w > 0.5 else w


def ints():
    a, b, c = some_int(), some_int(), some_int()
    for name, i in (("iadd", a + b), ("isub", a - b), ("imul", a * b)):
        case(name, wrap(i), a, b)
    case("imin", min(a, b), a, b)
    case("imax", max(a, b), a, b)
    case("inorm", a + TOP // 2 if a < 0 else a, a, TOP // 2)
    if b:
        case("ifloordiv", wrap(a // b), a, b)
        case("imod", a % b, a, b)
        case("itruediv", a / b, a, b)
    if math.gcd(a, b) < TOP:
        case("igcd", math.gcd(a, b), a, b)
    n = abs(a) % TOP
    for i in (n, math.isqrt(n) ** 2, max(math.isqrt(n) ** 2 - 1, 0)):
        case("iisqrt", math.isqrt(i), i)
    if c:
        e = abs(b) % 10 ** rng.randint(1, 18)
        case("ipowmod", pow(a, e, c), a, e, c)
        case("irangelen", min(max(0, (b - a + c - (1 if c > 0 else -1)) // c), TOP - 1), a, b, c)
        case("irangeleft", int(a < b if c > 0 else a > b), a, b, c)
    e, s = rng.choice([0, 1, 2, 3, 5, 10, 31, 39, 40, 62, 63, 64, 65, 200]), rng.choice([a, rng.randint(-12, 12)])
    case("ishl", wrap(s << e), s, e)
    case("ishr", s >> e, s, e)
    case("ishlo", checked(s << e), s, e)
    case("ipowo", checked(s**e), s, e)
    case("ipow", wrap(s**e), s, e)
    u, v = rng.getrandbits(rng.randint(1, 64)), rng.getrandbits(rng.randint(1, 64))
    case("ushl", (u << e) % 2**64, u, e)
    case("ushr", u >> e, u, e)
    case("upow", pow(u, e, 2**64), u, e)
    if v:
        case("utruediv", u / v, u, v)


def mixed(a, x):
    near = float(a)
    for y in (x, near, math.nextafter(near, math.inf), math.nextafter(near, -math.inf)):
        for name, is_so in (("iflt", a < y), ("ifle", a <= y), ("ifeq", a == y), ("ifne", a != y), ("ifgt", a > y), ("ifge", a >= y)):
            case(name, int(is_so), a, y)


def complex_power(x, y):
    return x < 0 and math.isfinite(x) and math.isfinite(y) and y != math.floor(y)


def floats():
    x, y, z = some_float(), some_float(), some_float()
    if y:
        case("fmod", x % y, x, y)
        case("ffloordiv", x // y, x, y)
    case("fisnan", int(math.isnan(x)), x)
    case("fisinf", int(math.isinf(x)), x)
    case("fisfinite", int(math.isfinite(x)), x)
    case("frint", float(round(x)) if math.isfinite(x) and round(x) else math.copysign(0.0, x) if math.isfinite(x) else x, x)
    case("fpowz", int(x == 0 and y < 0 and math.isfinite(y)), x, y)
    case("fpowc", int(complex_power(x, y)), x, y)
    case("mnan1", int(math.isnan(x) and not math.isnan(y)), x, y)
    case("minf1", int(math.isinf(x) and math.isfinite(y)), x, y)
    case("mnan2", int(math.isnan(x) and not math.isnan(y) and not math.isnan(z)), x, y, z)
    case("minf2", int(math.isinf(x) and math.isfinite(y) and math.isfinite(z)), x, y, z)
    s, t = single(x), single(y)
    if t and math.isfinite(s):
        case("smod", single_mod(s, t), s, t)
        case("sfloordiv", single_floordiv(s, t), s, t)


def same(want, got):
    if isinstance(want, float):
        got = math.nan if got == "nan" else float.fromhex(got)
        return (math.isnan(want) and math.isnan(got)) or (want == got and math.copysign(1, want) == math.copysign(1, got))
    return str(want) == got


def compare(compiler, flags):
    program = os.path.join(kbtest.folder, "ops")
    include = os.path.join(HERE, "..", "..", "include")
    source = os.path.join(HERE, "..", "emit", "ops.c")
    stack = kbtest.write("stack.c", "#include \"kbabi.h\"\n__thread kb_thread_state kb_thread;\n")
    made = subprocess.run([compiler, *flags, "-I", include, source, stack, "-o", program, "-lm"], capture_output=True, text=True, check=False)
    if not kbtest.ok(made.returncode == 0 and not made.stderr, f"{compiler} {' '.join(flags)}: compiles", made.stderr):
        return
    out = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False).stdout.split("\n")
    wrong = [f"{line}: {got}, not {want}" for line, (_, want), got in zip(lines, wanted, out) if not same(want, got)]
    kbtest.ok(len(out) == len(lines) + 1 and not wrong, f"{compiler} {' '.join(flags)}: {len(lines)} cases", "\n".join(wrong[:20]))


for _ in range(2000):
    ints()
    mixed(some_int(), some_float())
    floats()
kbtest.equal({name for name, _ in wanted} >= {"iisqrt", "sfloordiv"}, True, "all are tried")
compare("gcc", ["-O3", "-Wall", "-Wextra", "-Wconversion"])
if shutil.which("clang"):
    compare("clang", ["-O1", "-march=native"])
kbtest.done()
