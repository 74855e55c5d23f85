# SPDX-License-Identifier: MIT
"""The two halves of bench/frontend.sh in Python: a file of n kernels, and the verdict over the counts."""
import os
import platform
import resource
import statistics
import subprocess
import sys

KERNELS = [
    """@kb.kernel
def saxpy{i}(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]
""",
    """@kb.kernel
def dot{i}(x: kb.f32[:], y: kb.f32[:]) -> kb.f32:
    s = kb.f32(0)
    for i in range(len(x)):
        s += x[i] * y[i]
    return s
""",
    """@kb.kernel
def gemv{i}(a: kb.f64[:, :], x: kb.f64[:], y: kb.f64[:]) -> None:
    n, m = a.shape
    for i in range(n):
        s = 0.0
        for j in range(m):
            s += a[i, j] * x[j]
        y[i] = s
""",
    """@kb.kernel
def collatz{i}(n: int) -> int:
    k = 0
    while n != 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        k += 1
    return k
""",
    """@kb.kernel
def jacobi{i}(a: kb.f64[:, :], b: kb.f64[:, :]) -> float:
    n, m = a.shape
    d = 0.0
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            v = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
            d = max(d, abs(v - a[i, j]))
            b[i, j] = v
    return d
""",
]


def cpu(command):
    """CPU milliseconds of a command, children included: median of nine."""
    times = []
    for _ in range(9):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return 1e3 * statistics.median(times)


def report(where, keelback, cc):
    front = dict(map(int, line.split()) for line in open(f"{where}/front"))
    gcc = (int(open(f"{where}/gcc100").read()) - int(open(f"{where}/gcc1").read())) / 99
    own = {n: (front[n] - front[1]) / (n - 1) for n in front if n > 1}
    print(f"machine: {platform.machine()}, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}; "
          + subprocess.run([*cc.split(), "--version"], capture_output=True, text=True).stdout.split("\n")[0])
    print(f"{'kernels':>8} {'instructions each':>18} {'of gcc -O3':>11}")
    for n, x in own.items():
        print(f"{n:8} {x:18,.0f} {100 * x / gcc:10.1f}%")
    print(f"gcc -O3  {gcc:18,.0f} a kernel")
    start = cpu([sys.executable, "-c", "pass"])
    one = cpu([keelback, "emit", f"{where}/k1.py", "-o", f"{where}/x.c"])
    share, growth, extra = own[1000] / gcc, own[1000] / own[100], one - start
    bad = share > 0.10 or growth > 1.25 or extra > 20
    print(f"one kernel: {one:.1f} ms CPU, Python's start {start:.1f} ms: {extra:.1f} ms more (at most 20)")
    print(f"bench-frontend: {'too slow' if bad else 'ok'}: {100 * share:.1f}% of gcc -O3 on 1,000 kernels (at most 10), "
          f"per kernel {growth:.2f}x from 100 to 1,000 (at most 1.25)")
    return bad


if sys.argv[1] == "kernels":
    print("import keelback as kb\n")
    for i in range(int(sys.argv[2])):
        print(KERNELS[i % len(KERNELS)].format(i=i))
else:
    sys.exit(report(*sys.argv[2:5]))
