# SPDX-License-Identifier: MIT
"""make bench-guards: sorting, searching and dynamic programming."""
import keelback as kb


@kb.kernel
def insertion_sort(x: kb.f64[::1]) -> None:
    for i in range(1, len(x)):
        v = x[i]
        j = i - 1
        while j >= 0 and x[j] > v:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = v


@kb.kernel
def shell_sort(x: kb.i32[::1]) -> None:
    n = len(x)
    gap = n // 2
    while gap > 0:
        for i in range(gap, n):
            v = x[i]
            j = i
            while j >= gap and x[j - gap] > v:
                x[j] = x[j - gap]
                j -= gap
            x[j] = v
        gap //= 2


@kb.kernel
def heap_sort(x: kb.i64[::1]) -> None:
    n = len(x)
    start = n // 2
    end = n
    while end > 1:
        if start > 0:
            start -= 1
        else:
            end -= 1
            t = x[end]
            x[end] = x[0]
            x[0] = t
        root = start
        while 2 * root + 1 < end:
            child = 2 * root + 1
            if child + 1 < end and x[child] < x[child + 1]:
                child += 1
            if x[root] < x[child]:
                t = x[root]
                x[root] = x[child]
                x[child] = t
                root = child
            else:
                break


@kb.kernel
def merge_runs(x: kb.i32[::1], y: kb.i32[::1], z: kb.i32[::1]) -> None:
    n = len(x)
    m = len(y)
    i = 0
    j = 0
    k = 0
    while i < n and j < m:
        if x[i] <= y[j]:
            z[k] = x[i]
            i += 1
        else:
            z[k] = y[j]
            j += 1
        k += 1
    while i < n:
        z[k] = x[i]
        i += 1
        k += 1
    while j < m:
        z[k] = y[j]
        j += 1
        k += 1


@kb.kernel
def bisect(x: kb.i64[::1], q: kb.i64[::1], out: kb.i64[::1]) -> None:
    for i in range(len(q)):
        v = q[i]
        lo = 0
        hi = len(x)
        while lo < hi:
            mid = (lo + hi) // 2
            if x[mid] < v:
                lo = mid + 1
            else:
                hi = mid
        out[i] = lo


@kb.kernel
def argmin(x: kb.f64[::1]) -> int:
    best = 0
    for i in range(1, len(x)):
        if x[i] < x[best]:
            best = i
    return best


@kb.kernel
def lcs(a: kb.u8[::1], b: kb.u8[::1], t: kb.i32[:, ::1]) -> int:
    for i in range(len(a)):
        for j in range(len(b)):
            if a[i] == b[j]:
                t[i + 1, j + 1] = t[i, j] + 1
            else:
                t[i + 1, j + 1] = max(t[i, j + 1], t[i + 1, j])
    return int(t[len(a), len(b)])


@kb.kernel
def edit_distance(a: kb.u8[::1], b: kb.u8[::1], row: kb.i64[::1]) -> int:
    for j in range(len(b) + 1):
        row[j] = j
    for i in range(len(a)):
        diag = int(row[0])
        row[0] = i + 1
        for j in range(len(b)):
            up = int(row[j + 1])
            cost = diag if a[i] == b[j] else diag + 1
            row[j + 1] = min(cost, up + 1, int(row[j]) + 1)
            diag = up
    return int(row[len(b)])


@kb.kernel
def knapsack(weight: kb.i32[::1], value: kb.i64[::1], best: kb.i64[::1]) -> int:
    for i in range(len(weight)):
        w = int(weight[i])
        v = int(value[i])
        for j in range(len(best) - 1, w - 1, -1):
            best[j] = max(int(best[j]), int(best[j - w]) + v)
    return int(best[len(best) - 1])
