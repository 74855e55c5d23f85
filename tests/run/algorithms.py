# SPDX-License-Identifier: MIT
"""Discrete algorithms: Levenshtein, sieve, Floyd-Warshall, sorts, histogram, search, LCS, life, knapsack."""
import keelback as kb


@kb.kernel(check={"a": range(0, 4), "b": range(0, 4)})
def levenshtein(a: kb.u8[:], b: kb.u8[:]) -> int:
    n, m = len(a), len(b)
    prev = kb.empty(m + 1, kb.i64)
    cur = kb.empty(m + 1, kb.i64)
    for j in range(m + 1):
        prev[j] = j
    for i in range(1, n + 1):
        cur[0] = i
        for j in range(1, m + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            cur[j] = min(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + cost)
        prev, cur = cur, prev
    return prev[m]


@kb.kernel(check={"n": range(0, 300)})
def sieve(n: int) -> int:
    if n < 2:
        return 0
    composite = kb.zeros(n + 1, kb.boolean)
    count = 0
    for i in range(2, n + 1):
        if not composite[i]:
            count += 1
            for j in range(i * i, n + 1, i):
                composite[j] = True
    return count


@kb.kernel(check={"shapes": {"d": "n n"}})
def floyd_warshall(d: kb.f64[:, :]) -> None:
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                t = d[i, k] + d[k, j]
                if t < d[i, j]:
                    d[i, j] = t


@kb.kernel(check={"shapes": {"d": "n n"}, "d": range(0, 1000)})
def floyd_warshall_int(d: kb.i32[:, :]) -> int:
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                d[i, j] = min(d[i, j], d[i, k] + d[k, j])
    return sum(d[0]) if n else 0


@kb.kernel(check={"lo": [0], "hi": [0, 1, 2, 3, 4], "shapes": {"x": "hi+1"}})
def quicksort_range(x: kb.f64[:], lo: int, hi: int) -> None:
    while lo < hi:
        pivot = x[(lo + hi) // 2]
        i, j = lo, hi
        while i <= j:
            while x[i] < pivot:
                i += 1
            while x[j] > pivot:
                j -= 1
            if i <= j:
                x[i], x[j] = x[j], x[i]
                i += 1
                j -= 1
        if j - lo < hi - i:
            quicksort_range(x, lo, j)
            lo = i
        else:
            quicksort_range(x, i, hi)
            hi = j


@kb.kernel
def quicksort(x: kb.f64[:]) -> None:
    quicksort_range(x, 0, len(x) - 1)


@kb.kernel(check={"lo": [0], "hi": [0, 1, 2, 3, 5], "shapes": {"x": "hi+1"}})
def quicksort_ints(x: kb.i32[:], lo: int, hi: int) -> None:
    if lo >= hi:
        return
    pivot = x[hi]
    k = lo
    for i in range(lo, hi):
        if x[i] < pivot:
            x[i], x[k] = x[k], x[i]
            k += 1
    x[k], x[hi] = x[hi], x[k]
    quicksort_ints(x, lo, k - 1)
    quicksort_ints(x, k + 1, hi)


@kb.kernel
def insertion_sort(x: kb.f32[:]) -> None:
    for i in range(1, len(x)):
        v = x[i]
        j = i - 1
        while j >= 0 and x[j] > v:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = v


@kb.kernel
def histogram(x: kb.f64[:], bins: kb.i64[:], lo: float, hi: float) -> int:
    outside = 0
    for v in x:
        if lo <= v < hi:
            bins[int((v - lo) / (hi - lo) * len(bins))] += 1
        else:
            outside += 1
    return outside


@kb.kernel
def histogram_bytes(data: kb.u8[:], counts: kb.i32[:]) -> None:
    for v in data:
        counts[v] += 1


@kb.kernel
def binary_search(x: kb.i64[:], v: int) -> int:
    lo, hi = 0, len(x)
    while lo < hi:
        mid = (lo + hi) // 2
        if x[mid] < v:
            lo = mid + 1
        else:
            hi = mid
    return lo


@kb.kernel(check={"a": range(0, 3), "b": range(0, 3)})
def lcs(a: kb.u8[:], b: kb.u8[:]) -> int:
    t = kb.zeros((len(a) + 1, len(b) + 1), kb.i32)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            t[i + 1, j + 1] = t[i, j] + 1 if x == y else max(t[i, j + 1], t[i + 1, j])
    return t[-1, -1]


@kb.kernel(check={"shapes": {"a": "n m", "b": "n m"}, "a": range(0, 2)})
def life(a: kb.u8[:, :], b: kb.u8[:, :]) -> int:
    n, m = a.shape
    alive = 0
    for i in range(n):
        for j in range(m):
            c = 0
            for di in range(-1, 2):
                for dj in range(-1, 2):
                    if di != 0 or dj != 0:
                        c += a[(i + di) % n, (j + dj) % m]
            b[i, j] = 1 if c == 3 or (c == 2 and a[i, j] == 1) else 0
            alive += b[i, j]
    return alive


@kb.kernel(check={"shapes": {"weight": "n", "value": "n"}, "weight": range(1, 9),
                  "value": range(0, 20), "cap": range(0, 25)})
def knapsack(weight: kb.i32[:], value: kb.i32[:], cap: int) -> int:
    best = kb.zeros(cap + 1, kb.i64)
    for w, v in zip(weight, value):
        for c in range(cap, w - 1, -1):
            best[c] = max(best[c], best[c - w] + v)
    return best[cap]


@kb.kernel
def longest_run(x: kb.i64[:]) -> int:
    best = run = 0
    for i in range(len(x)):
        run = run + 1 if i > 0 and x[i] == x[i - 1] else 1
        best = max(best, run)
    return best


@kb.kernel
def crc32(data: kb.u8[:]) -> int:
    crc = kb.u32(0xffffffff)
    for v in data:
        crc = crc ^ v
        for _ in range(8):
            crc = (crc >> 1) ^ (0xedb88320 if crc & 1 else 0)
    return int(~crc)


@kb.kernel(check={"n": range(0, 7)})
def queens(n: int, row: int = 0, cols: int = 0, left: int = 0, right: int = 0) -> int:
    if row >= n:
        return 1
    count = 0
    for c in range(n):
        bit = 1 << c
        if cols & bit or left & 1 << (row + c) or right & 1 << (row - c + n):
            continue
        count += queens(n, row + 1, cols | bit, left | 1 << (row + c), right | 1 << (row - c + n))
    return count


@kb.kernel
def partition_sums(x: kb.f64[:], parts: kb.u8) -> float:
    if parts == 0:
        raise ValueError("no parts")
    size = len(x) // parts
    best = 0.0
    for p in range(parts):
        s = 0.0
        for i in range(p * size, (p + 1) * size):
            s += x[i]
        best = max(best, s)
    return best


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
