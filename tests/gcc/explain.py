# SPDX-License-Identifier: MIT
# What the report says of guards that stay, and that its remedies are remedies. A comment behind a line says how its guard is
# kept, "kept KIND: reason | remedy" (parts of them); a kernel of the same name with _helped has the remedy, and is said to have
# no kept guard of that kind in loops.
import keelback as kb


@kb.kernel
def hashed(x: kb.u8[:]) -> int:
    h = 7
    for i in range(len(x)):
        h = h * 31 + x[i]  # kept overflow: h is multiplied from turn to turn | overflow="wrap"
    return h


@kb.kernel(overflow="wrap")
def hashed_helped(x: kb.u8[:]) -> int:
    h = 7
    for i in range(len(x)):
        h = h * 31 + x[i]
    return h


@kb.kernel
def sums(x: kb.i64[:], y: kb.i64[:]) -> None:
    s = 0
    for i in range(len(x)):
        s += x[i]  # kept overflow: s adds up values from memory | elements of 32 bits
        y[i] = s


@kb.kernel
def sums_helped(x: kb.i32[:], y: kb.i64[:]) -> None:
    s = 0
    for i in range(len(x)):
        s += x[i]
        y[i] = s


@kb.kernel
def chase(x: kb.f64[:], at: kb.i64[:], n: int) -> None:
    j = 0
    for i in range(n):
        j = at[j]  # kept bounds: j comes from memory | min() and max() around the index
        x[i] = j


@kb.kernel
def chase_helped(x: kb.f64[:], at: kb.i64[:], n: int) -> None:
    j = 0
    for i in range(n):
        j = at[min(max(j, 0), len(at) - 1)]
        x[i] = j


@kb.kernel
def halved(x: kb.f64[:], n: int) -> None:
    k = n * 3
    while k != 1:
        x[k] = 1.0  # kept bounds: is divided from turn to turn | min() and max() around the index
        k = k // 2 + 1


@kb.kernel
def halved_helped(x: kb.f64[:], n: int) -> None:
    k = n * 3
    while k != 1:
        x[min(max(k, 0), len(x) - 1)] = 1.0
        k = k // 2 + 1


@kb.kernel
def merged(x: kb.f64[:], y: kb.f64[:], z: kb.f64[:]) -> None:
    i = j = k = 0
    while i < len(x) and j < len(y):
        if x[i] <= y[j]:
            z[k] = x[i]  # kept bounds: k changes in a loop whose turns are not counted | a loop with range()
            i += 1
        else:
            z[k] = y[j]
            j += 1
        k += 1


@kb.kernel
def merged_helped(x: kb.f64[:], y: kb.f64[:], z: kb.f64[:]) -> None:
    i = j = 0
    for k in range(len(x) + len(y)):
        if i >= len(x) or j >= len(y):
            break
        if x[i] <= y[j]:
            z[k] = x[i]
            i += 1
        else:
            z[k] = y[j]
            j += 1


@kb.kernel
def narrow(x: kb.i64[:], at: kb.i32[:], y: kb.i32[:]) -> None:
    for i in range(len(x)):
        y[at[i] & 15] = x[i]  # kept range: the value comes from memory | elements of 64 bits


@kb.kernel
def narrow_helped(x: kb.i64[:], at: kb.i32[:], y: kb.i64[:]) -> None:
    for i in range(len(x)):
        y[at[i] & 15] = x[i]


@kb.kernel
def early(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        if x[i] > 100.0:
            break
        y[i] = 1.0 / x[i]  # kept division: the divisor comes from memory; not looked at ahead: it can be left in the middle | a loop of its own


@kb.kernel
def early_helped(x: kb.f64[:], y: kb.f64[:]) -> None:
    n = 0
    while n < len(x) and x[n] <= 100.0:
        n += 1
    for i in range(n):
        y[i] = 1.0 / x[i]


@kb.kernel
def pointed(x: kb.ptr(kb.f64), y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = 1.0 / x[i]  # kept division: how far the memory behind a raw pointer reaches is not known | an array


@kb.kernel
def pointed_helped(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = 1.0 / x[i]


@kb.kernel(nogil=True)
def threads(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = 1.0 / x[i]  # kept division: other threads may write | a kernel without nogil=True


@kb.kernel
def threads_helped(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = 1.0 / x[i]


@kb.kernel(vectorize=False)
def scalar(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = 1.0 / x[i]  # kept division: the loop is not to be vectorised | no vectorize=False


@kb.kernel
def scalar_helped(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = 1.0 / x[i]


@kb.kernel
def stored(x: kb.f64[::1]) -> None:
    for i in range(1, len(x)):
        x[i] = 1.0 / x[i - 1]  # kept division: depends on what the loop has stored | storing to another array


@kb.kernel
def stored_helped(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(1, len(x)):
        y[i] = 1.0 / x[i - 1]


@kb.kernel
def skipped(x: kb.f64[:], y: kb.f64[:], c: int) -> None:
    for i in range(len(y)):
        if i != c:
            y[i] = 1.0 / x[i]  # kept division: is read in some turns only | reading it in every turn


@kb.kernel
def skipped_helped(x: kb.f64[:], y: kb.f64[:], c: int) -> None:
    for i in range(len(y)):
        d = x[i]
        if i != c:
            y[i] = 1.0 / d


@kb.kernel
def powers(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = x[i] ** 2  # kept range: it calls pow | x * x in place of x ** 2


@kb.kernel
def powers_helped(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = x[i] * x[i]


@kb.kernel(fastmath=True)
def powers2_helped(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        y[i] = x[i] ** 2


@kb.kernel
def outside(x: kb.f64[:], k: int) -> float:
    return x[k]  # kept bounds: in no loop |
