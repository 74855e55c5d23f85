# SPDX-License-Identifier: MIT
"""Engines that need no compiler: the reference once more, whole ("self") or with a fault ("broken:KIND").

They prove that a set of inputs is sane, and that `keelback check` can fail: tests/py/test_check.py.
"""
import math
import os
import time

from .compare import as_declared

KINDS = ("value", "type", "message", "memory", "crash", "hang", "lazy")


class Self:
    def __init__(self, reference, result, name):
        self.reference, self.result = reference, result
        head, _, kind = name.partition(":")
        if head not in ("self", "broken") or (head == "broken" and (kind or "value") not in KINDS):
            raise ValueError(f"no engine {name!r}")
        self.fault = (kind or "value") if head == "broken" else None

    def open(self):
        pass

    def __call__(self, inp):
        how, value, memory = self.reference(inp)
        if how == "return":
            try:
                value = as_declared(value, self.result)
            except OverflowError as e:
                how, value = "raise", ("OverflowError", str(e))
        if self.fault and self._strikes(inp):
            return self._wrong(how, value, memory)
        return how, value, memory

    @staticmethod
    def _strikes(inp):
        """The fault shows from three elements on, or from the number three on where there is no array."""
        if inp.bases:
            return any(len(b.values) >= 3 for b in inp.bases)
        return any(abs(a.value) >= 3 for a in inp.args)

    def _wrong(self, how, value, memory):
        if self.fault == "crash":
            os.abort()
        if self.fault == "hang":
            time.sleep(1000)
        if self.fault == "lazy":
            return "raise", ("OverflowError", "int result does not fit 64 bits"), memory
        if self.fault == "message" and how == "raise":
            return how, (value[0], value[1] + "!"), memory
        if self.fault == "memory" and memory and memory[0]:
            return how, value, [bytes([memory[0][0] ^ 1]) + memory[0][1:]] + memory[1:]
        if how == "return" and self.fault == "value":
            value = _off(value)
        if how == "return" and self.fault == "type":
            value = float(value) if isinstance(value, int) else 0
        return how, value, memory


def _off(v):
    if isinstance(v, bool):
        return not v
    if isinstance(v, int):
        return v + 1
    if isinstance(v, float):
        return math.nextafter(v, math.inf) if v == v and v != math.inf else 0.0
    return tuple(map(_off, v)) if isinstance(v, tuple) else v
