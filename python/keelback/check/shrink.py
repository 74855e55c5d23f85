# SPDX-License-Identifier: MIT
"""Makes a failing input smaller: fewer elements, plainer views, smaller numbers."""
import time

from ..ref.scalars import round_f32


def _smaller_numbers(v, f32=False):
    if isinstance(v, bool):
        return [False] if v else []
    if isinstance(v, int):
        c = [0, 1, v // 2 if v > 0 else -(-v // 2), v - 1 if v > 0 else v + 1] + [-1] * (v < 0)  # unsigned ones stay so
        return [x for x in dict.fromkeys(c) if abs(x) < abs(v) or (x > 0 > v and x == -v)]
    if v != v:
        return [0.0, 1.0]
    c = [0.0, 1.0, -1.0, 2.0]
    if abs(v) < 1e15:
        c += [float(int(v)), float(int(v / 2)), v / 2]
    c = [round_f32(x) for x in c] if f32 else c
    return [x for x in dict.fromkeys(c) if abs(x) < abs(v) and len(repr(x)) <= len(repr(v))]


def _cut(base, axis, n):
    """The base with extent n on the axis (its first elements)."""
    inner = 1
    for k in base.shape[axis + 1:]:
        inner *= k
    old = base.shape[axis]
    outer = len(base.values) // (old * inner) if old * inner else 0
    base.values = [base.values[(o * old + i) * inner + j] for o in range(outer) for i in range(n) for j in range(inner)]
    base.shape = base.shape[:axis] + (n,) + base.shape[axis + 1:]


def _scalars(inp):
    return [a for a in list(inp.args) + list(inp.keywords.values()) if a.base is None]


def _sizes(inp):
    """All extents of one size at once, with ints of that size and without; then single axes."""
    sizes = sorted({n for b in inp.bases for n in b.shape if n}, reverse=True)
    for n in sizes:
        for m in dict.fromkeys((0, 1, n // 2, n - 1)):
            if m >= n:
                continue
            for along in (True, False):
                new = inp.copy()
                for b in new.bases:
                    for axis, k in enumerate(b.shape):
                        if k == n:
                            _cut(b, axis, m)
                touched = False
                for a in _scalars(new):
                    if along and type(a.value) is int and a.value == n:
                        a.value, touched = m, True
                if touched or not along:
                    yield new
    for k, b in enumerate(inp.bases):
        for axis, n in enumerate(b.shape):
            for m in dict.fromkeys((n // 2, n - 1)):
                if 0 <= m < n:
                    new = inp.copy()
                    _cut(new.bases[k], axis, m)
                    yield new
    # drop one element in the middle of one axis of a vector
    for k, b in enumerate(inp.bases):
        if len(b.shape) == 1 and 1 < b.shape[0] <= 16:
            for i in range(b.shape[0] - 1):
                new = inp.copy()
                del new.bases[k].values[i]
                new.bases[k].shape = (b.shape[0] - 1,)
                yield new


def _views(inp):
    args = list(inp.args) + list(inp.keywords.values())
    for k, a in enumerate(args):
        if a.base is not None and (a.slices or a.transposed):
            new = inp.copy()
            b = (list(new.args) + list(new.keywords.values()))[k]
            b.slices, b.transposed = None, False
            yield new


def _numbers(inp):
    for k, a in enumerate(_scalars(inp)):
        for v in _smaller_numbers(a.value):
            new = inp.copy()
            _scalars(new)[k].value = v
            yield new
    for k, b in enumerate(inp.bases):
        zero = type(b.values[0])(0) if b.values else 0
        if any(v != zero for v in b.values):
            for fill in (zero, type(zero)(1)):
                new = inp.copy()
                new.bases[k].values = [fill] * len(b.values)
                if new.bases[k].values != b.values and fill in (zero,) or any(v not in (zero, fill) for v in b.values):
                    yield new
    for k, b in enumerate(inp.bases):
        for i, v in enumerate(b.values[:40]):
            for w in _smaller_numbers(v, b.dtype == "f32"):
                if b.dtype[0] == "u" and w < 0:
                    continue
                new = inp.copy()
                new.bases[k].values[i] = w
                yield new


def shrink(inp, first_failure, seconds=20.0):
    """first_failure(inputs) gives the index of the first failing one and what is wrong, or None."""
    what, end = None, time.monotonic() + seconds
    progress = True
    while progress and time.monotonic() < end:
        progress = False
        for stage in (_sizes, _views, _numbers):
            candidates = []
            for c in stage(inp):
                candidates.append(c)
                if len(candidates) == 120:
                    break
            hit = first_failure(candidates) if candidates else None
            if hit is not None:
                inp, what, progress = candidates[hit[0]], hit[1], True
                break
    return inp, what
