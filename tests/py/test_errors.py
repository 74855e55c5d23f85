# SPDX-License-Identifier: MIT
"""Every construct that a kernel must not have is refused with file, line, column, caret and what to write instead."""

import os

from kbtest import done, equal, keelback, lacks, ok, write

HEAD = '''\
import array, collections, enum, math
import numpy as np
import keelback as kb
from os.path import nothing
import not_there.at_all as gone

class Plain:
    N = 1

D = {}
XS = [1]
ARR = array.array("d", [1.0])
Z = 1 + 2j

def helper(x):
    return x

@kb.kernel
def other(x: float) -> float:
    return x

'''

# A statement with ^ before the place that the message points at; part of the message; part of the advice.
BODIES = [
    ("v = ^[1]", "a list is not", "kb.zeros"),
    ("v = ^[i for i in range(3)]", "a list comprehension", "fill it in a loop"),
    ("v = ^{i for i in range(3)}", "a set comprehension", "use a loop"),
    ("v = ^{i: i for i in range(3)}", "a dict comprehension", "use a loop"),
    ("v = sum^(i for i in range(3))", "a generator expression", "write the loop out"),
    ("v = ^{1: 2}", "a dict is not", "use arrays"),
    ("v = ^{1, 2}", "a set is not", "use an array"),
    ("v = ^lambda q: q", "a lambda", "write the expression out"),
    ("^def inner(): return 1", "a function inside a function", "a kernel of its own"),
    ("^async def inner(): return 1", "an async function", "a plain kernel"),
    ("^class C: pass", "a class", "separate variables"),
    ("^with helper(1): pass", "with is not", "in the Python caller"),
    ("^try: x = 1.0\n    except ValueError: pass", "try is not", "test the condition with if"),
    ("^try: x = 1.0\n    except* ValueError: pass", "except*", "in the Python caller"),
    ("^yield 3", "yield is not", "array parameter"),
    ("^yield from a", "yield from", "array parameter"),
    ("^global G", "global is not", "pass the value as a parameter"),
    ("^del x", "del is not", "leave it out"),
    ("^import os", "an import", "at the top of the file"),
    ("^from os import path", "an import", "at the top of the file"),
    ("v = (^w := 3)", "an assignment inside an expression", "in a statement of its own"),
    ('v = ^f"{x}"', "an f-string", "a constant string"),
    ("v, ^*w = 1, 2, 3", "a starred expression", "one by one"),
    ("^match n:\n        case 1: pass", "match is not", "if and elif"),
    ("v = ^x in a", "'in' is not", "=="),
    ("v = ^x not in a", "'not in' is not", "!="),
    ("v = ^a @ a", "matrix multiplication", "three loops"),
    ("^a @= a", "matrix multiplication", "three loops"),
    ("v = ^1j", "complex", "two floats"),
    ('v = ^b"x"', "bytes", "kb.u8[:]"),
    ("v = a[^...]", "'...'", "an index for each axis"),
    ("v = ^a[()]", "an empty index", "an index for each axis"),
    ("^raise", "raise without an exception", "name the exception"),
    ('raise ^ConnectionError("x")', "the exception ConnectionError", "a built-in one such as ValueError"),
    ('raise ^helper("x")', "built-in exception classes", 'raise ValueError("...")'),
    ("raise ^x", "anything but a built-in exception", 'raise ValueError("...")'),
    ('raise ValueError(^"%d" % n)', "no constant string", "a fixed text"),
    ('raise ValueError(^f"{n}")', "no constant string", "a fixed text"),
    ('^raise ValueError("x", 3)', "more than a message", 'raise ValueError("...")'),
    ('raise ValueError("x") from ^x', "from", "leave the 'from' part out"),
    ("assert x, ^n", "an assert's message", "a fixed text"),
    ("^print(x)", "'print'", "in the Python caller"),
    ("v = ^sorted(a)", "'sorted'", "in the Python caller"),
    ("v = ^reversed(a)", "'reversed'", "range(n - 1, -1, -1)"),
    ("v = ^map(abs, a)", "'map'", "write the loop out"),
    ("v = ^open(n)", "the function 'open'", "in the Python caller"),
    ("v = ^math.fsum(a)", "'math.fsum'", "in the Python caller"),
    ("v = ^math.gamma(x)", "'math.gamma'", "in the Python caller"),
    ("v = ^np.sqrt(x)", "'np.sqrt'", "math"),
    ("v = ^np.sum(a)", "'np.sum'", "write the loop out"),
    ("v = ^nothing(x)", "cannot import name 'nothing'", "could not be imported"),
    ("v = ^gone.f(x)", "No module named 'not_there'", "could not be imported"),
    ("v = ^helper(x)", "'helper' is a plain Python function", "mark it with @kb.kernel"),
    ("v = ^XS[0]", "'XS' is a list, which can change", "array parameter or make it a tuple"),
    ("v = ^D[1]", "'D' is a dict, which can change", "parameters"),
    ("v = ^ARR[0]", "'ARR' is a array.array, which can change", "array parameter"),
    ("v = ^Z", "'Z' is a complex number", "two floats"),
    ("v = ^Plain.N", "the type 'Plain'", "int, float, bool"),
    ("v = ^math", "'math' is a module", "math.sqrt"),
    ("v = ^math.nope", "'math' has no attribute 'nope'", "nope"),
    ("v = ^nowhere", "name 'nowhere' is not defined", "nowhere"),
    ("v = ^abs", "a function as a value", "call it"),
    ("v = ^other", "a function as a value", "call it"),
    ("v = ^ValueError", "an exception", "raised"),
    ("v = ^x(3)", "calling a local variable", "by its name"),
    ("v = (^lambda: 1)()", "calling the result of an expression", "by its name"),
    ("v = ^math.pi()", "a constant cannot be called", "a function or a type"),
    ("v = ^a.sum()", "the method '.sum()'", "write its loop out"),
    ("v = ^a.T", "the attribute '.T'", ".shape, .size and .ndim"),
    ("^x.real = 3", "assignment to an attribute", "a local variable"),
    ("v = range(^*a)", "a starred expression", "one by one"),
    ("v = other(^**a)", "**arguments in a call", "one by one"),
    ("v = kb.zeros(3, dtype=^'complex64')", "'complex64' is no element type", "kb.f64"),
]
text = HEAD
expected = []
for k, (body, what, advice) in enumerate(BODIES):
    before, after = body.split("^", 1)
    text += f"@kb.kernel\ndef refused_{k}(x: float, a: kb.f64[:], n: int) -> None:\n"
    expected.append((text.count("\n") + 1, 4 + len(before) + 1, (before + after).split("\n")[0], what, advice))
    text += f"    {before + after}\n\n"
write("refused.py", text)
r = keelback("emit", "refused.py", "-o", "refused.c")
equal(r.returncode, 1, "a file with errors has status 1")
lacks(r.stderr, "Traceback", "no Python traceback")
messages = r.stderr.splitlines()
for line, col, first, what, advice in expected:
    found = [i for i, m in enumerate(messages) if m.startswith(f"refused.py:{line}:{col}: error: ") and what in m and advice in m]
    if ok(found, f"{first!r} is refused at {line}:{col}: {what}", *[m for m in messages if m.startswith(f"refused.py:{line}:")]):
        at = found[0]
        shown = messages[at + 1].strip() == first.strip()
        caret = messages[at + 2].find("^") - (len(messages[at + 1]) - len(messages[at + 1].lstrip()))
        ok(shown and caret == col - 5, f"... with its line and a caret at column {col}", *messages[at : at + 3])
ok(not os.path.exists("refused.c"), "nothing is written")

# -- Signatures ------------------------------------------------------------------------------------------

SIGNATURES = [
    ("(^a) -> int", "parameter 'a' has no type", "annotate it"),
    ("(*^a: int) -> int", "*a is not supported", "name each parameter"),
    ("(**^a: int) -> int", "**a is not supported", "name each parameter"),
    ("(^a: list) -> int", "lists are not supported", "kb.f64[:]"),
    ("(^a: list[float]) -> int", "lists are not supported", "kb.f64[:]"),
    ("(^a: np.ndarray) -> int", "numpy.ndarray does not say of what", "kb.f64[:, :]"),
    ("(^a: complex) -> int", "complex numbers", "two floats"),
    ("(^a: tuple) -> int", "the items are missing", "tuple[int, float]"),
    ("(^a: tuple[int, ...]) -> int", "a tuple of any length", "list the items"),
    ("(^a: str) -> int", "str is no type for a kernel", "kb.f64[:]"),
    ("(^a: None) -> int", "None is no type for a parameter", "parameter 'a'"),
    ("(^a: 'nowhere') -> int", "NameError: name 'nowhere' is not defined", "cannot be evaluated"),
    ("(^a: gone.X) -> int", "No module named 'not_there'", "could not be imported"),
    ("(^a: int = None) -> int", "the default of 'a'", "a number or a bool"),
    ("(^a: int = XS) -> int", "the default of 'a' is a list, which can change", "tuple"),
    ("(a: int) -> ^kb.f64[:]", "cannot return an array", "array parameter"),
    ("(a: int) -> ^str", "the result: str is no type", "kb.f64[:]"),
]
text = HEAD
expected = []
for k, (signature, what, advice) in enumerate(SIGNATURES):
    before, after = signature.split("^", 1)
    text += f"@kb.kernel\ndef signature_{k}{before + after}:\n    return 1\n\n"
    expected.append((text.count("\n") - 2, len(f"def signature_{k}") + len(before) + 1, what, advice, before + after))
write("signatures.py", text)
r = keelback("emit", "signatures.py", "-o", "-")
lacks(r.stderr, "Traceback", "no Python traceback for signatures")
for line, col, what, advice, shown in expected:
    mine = [m for m in r.stderr.splitlines() if m.startswith(f"signatures.py:{line}:{col}: error: ")]
    ok(any(what in m and advice in m for m in mine), f"{shown} is refused at {line}:{col}: {what}",
       *[m for m in r.stderr.splitlines() if m.startswith(f"signatures.py:{line}:")])  # fmt: skip
equal(r.stdout, "", "nothing on stdout")

# -- Things that cannot be kernels -------------------------------------------------------------------------

for code, what in [
    ("class C:\n    @kb.kernel\n    def m(self: int) -> int:\n        return 1\n", "4:5: error: a method is not supported"),
    ("f = kb.kernel(lambda x: x)\n", "2:1: error: a lambda cannot be a kernel"),
    ("@kb.kernel\nasync def f(x: int) -> int:\n    return x\n", "3:1: error: an async function"),
    ("exec('@kb.kernel\\ndef f(x: int) -> int:\\n    return x\\n')\n", "no kernels"),
    ("@kb.kernel(fastmat=True)\ndef f(x: int) -> int:\n    return x\n", "has no option 'fastmat'; did you mean 'fastmath'?"),
    ("@kb.kernel(overflow='no')\ndef f(x: int) -> int:\n    return x\n", "overflow must be 'exact' or 'wrap' or 'raise', not 'no'"),
    ("@kb.kernel\n@kb.kernel\ndef f(x: int) -> int:\n    return x\n\nf = kb.kernel(3)\n", "a function was expected, not 3"),
    ("def f(x: int) -> int:\n    return x\na = kb.kernel(f)\nb = kb.kernel(f)\n", "a kernel named 'f' is already there, on line 2"),
]:
    write("strange.py", "import keelback as kb\n" + code)
    r = keelback("emit", "strange.py", "-o", "-")
    ok(r.returncode == 1 and what in r.stderr and "Traceback" not in r.stderr, what, r.stderr)
done()
