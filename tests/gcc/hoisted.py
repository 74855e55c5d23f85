# SPDX-License-Identifier: MIT
"""Part of an overflow whose operation GCC has taken out of the loop: the inspector stopped the compiler."""
import keelback as kb


@kb.kernel
def nest1(A: kb.f64[:], B: kb.f64[:, ::1], C: kb.f64[::1], at: kb.i64[:], n: int, m: int, k: int) -> tuple[float, int]:
    s1 = 1.0
    s2 = 0
    for i in range(A.shape[0]):
        s3 = 1.0
        for j in range(at.shape[0]):
            C[j] += B[i, j] * B[B.shape[0] - 1 - i, 2 * i + 2]
        C[i] += s3
    for i in range(1, C.shape[0]):
        s4 = 1
        for j in range(C.shape[0]):
            s1 += B[j, i]
        for j in range(1, B.shape[1] - 1):
            if 3.0 > s1:
                continue
            if at[j] > j:
                continue
    return s1, s2
