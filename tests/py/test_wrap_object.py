# SPDX-License-Identifier: MIT
"""A built kernel as an object: it stands for its Python function; exceptions, tracebacks, threads, leaks, import."""

import array
import copy
import gc
import inspect
import pickle
import pydoc
import sys
import threading
import traceback
import tracemalloc
import weakref
import os

from kbtest import done, equal, folder, has, keelback, lacks, ok, python, write

write("wrapped.py", '''\
"""The doc of the module ??= "quoted" \\\\ \\u00e4."""
import keelback as kb

CONST = 42

@kb.kernel
def at(x: kb.f64[:], i: int) -> float:
    """The doc.

    More of it.
    """
    return (
        x[i]
    )

@kb.kernel
def opt(a: float, /, b: int = 7, *, c: bool = True) -> float:
    return a + b

@kb.kernel
def down(n: int) -> int:
    if n == 0:
        raise ValueError("bottom")
    return down(
        n - 1)

@kb.kernel
def endless(n: int) -> int:
    return endless(n + 1) + 1

@kb.kernel
def stop(k: int) -> int:
    if k == 1:
        raise KeyError("key")
    if k == 2:
        raise StopIteration
    if k == 3:
        raise AssertionError("{0} {1} %s")
    if k == 4:
        raise ValueError("h\\u00e4\\U0001f600")
    return k

def plain():
    return at([], 1)

class Holder:
    method = opt

    def __float__(self):
        return 3.0

if CONST == 42:
    @kb.kernel
    def chosen(x: int) -> int:
        return x + 1
else:
    @kb.kernel
    def chosen(x: int) -> int:
        return x + 2
''')  # fmt: skip
os.mkdir("build")
r = keelback("build", "wrapped.py", "-o", "build/wrapped.so")
ok(r.returncode == 0, "the kernels build", r.stdout, r.stderr)
sys.path.insert(0, folder + "/build")
import wrapped as k

empty = array.array("d", [])


def raised(call, *args):
    try:
        call(*args)
    except BaseException as e:
        return e


# -- The function that it stands for --------------------------------------------------------------------------

equal((k.CONST, k.__doc__), (42, 'The doc of the module ??= "quoted" \\ \u00e4.'), "the rest of the module is there")
equal((k.at.__name__, k.at.__qualname__, k.at.__module__), ("at", "at", "wrapped"), "names")
equal(k.at.__doc__, k.at.py_func.__doc__, "docstring")
ok(k.at.__wrapped__ is k.at.py_func and inspect.isfunction(k.at.py_func), "__wrapped__, py_func")
equal(str(inspect.signature(k.opt)), "(a: float, /, b: int = 7, *, c: bool = True) -> float", "inspect.signature")
equal((k.opt.__defaults__, k.opt.__kwdefaults__), ((7,), {"c": True}), "defaults")
equal(k.opt.__annotations__, k.opt.py_func.__annotations__, "annotations")
ok(k.opt.__code__ is k.opt.py_func.__code__ and k.opt.__globals__ is vars(k), "code, globals")
equal(repr(k.opt), "<keelback.kernel opt(a: float, /, b: int = ..., *, c: bool = ...) -> float>", "repr")
equal(k.at.signatures, ["(kb.f64[:], int) -> float"], "signatures")
has(k.at.c_source, "at(", "c_source")
has(k.at.ir, "@at", "ir")
lacks(k.at.ir, "@opt", "of this kernel only")
has(pydoc.render_doc(k.at, renderer=pydoc.plaintext), "The doc.", "help()")
ok(inspect.isroutine(k.at) and callable(k.at), "a routine")
for same in (pickle.loads(pickle.dumps(k.at)), copy.copy(k.at), copy.deepcopy(k.at), weakref.ref(k.at)()):
    ok(same is k.at, "pickled, copied, referred to")
k.at.note = 5
equal((k.at.note, k.at.__dict__["note"]), (5, 5), "attributes can be set")
del k.at.note
has(str(raised(type(k.at))), "cannot create", "no others can be made")
ok(isinstance(raised(setattr, type(k.at), "x", 1), TypeError), "the type cannot be changed")
holder = k.Holder()
equal((holder.method(1), k.Holder.method(2.0)), (4.0, 9.0), "as a method")
bound = holder.method
ok(inspect.ismethod(bound) and bound.__self__ is holder and bound() == 10.0, "bound")
equal(k.chosen(1), 2, "the branch that was taken")
equal(k.at.__get__(None, int), k.at, "__get__ without an instance")

# -- Exceptions -------------------------------------------------------------------------------------------------

e = raised(k.at, empty, 5)
equal((type(e), str(e)), (IndexError, "index 5 is out of bounds for axis 0 with size 0"), "an exception")
frames = traceback.extract_tb(e.__traceback__)
equal([(os.path.basename(f.filename), f.name, f.lineno, f.line) for f in frames][1:], [("wrapped.py", "at", 13, "x[i]")], "its traceback")
e = raised(k.plain)
equal([(f.name, f.line) for f in traceback.extract_tb(e.__traceback__)][1:], [("plain", "return at([], 1)")], "through a plain function of the file")
e = raised(k.down, 3)
frames = traceback.extract_tb(e.__traceback__)[1:]
equal([f.lineno for f in frames], [24, 24, 24, 23], "one entry a frame", traceback.format_list(frames))
equal(str(e), "bottom", "and the message")
e = raised(k.down, 999)
equal((len(traceback.extract_tb(e.__traceback__)), str(e)), (49, "bottom"), "of many frames the inner and the outer ones")
equal(getattr(e, "__notes__", None), ["952 frames in the middle of the recursion are not shown"], "with a note")
e = raised(k.endless, 0)
equal(type(e), RecursionError, "endless recursion")
has(str(e), "maximum recursion depth exceeded", "has CPython's message")
seen = []
thread = threading.Thread(target=lambda: seen.append(raised(k.endless, 0)))
thread.start()
thread.join()
equal(type(seen[0]), RecursionError, "also in a thread")
for n, args in [(1, ("key",)), (2, ()), (3, ("{0} {1} %s",)), (4, ("h\u00e4\U0001f600",))]:
    e, expected = raised(k.stop, n), raised(k.stop.py_func, n)
    equal((type(e), e.args), (type(expected), args), f"arguments of {type(expected).__name__}")
    equal(str(e), str(expected), "as CPython's")
before = k.at.stats["exits"]
raised(k.at, empty, 1)
equal(k.at.stats["exits"], before + 1, "exits are counted")

# -- References ---------------------------------------------------------------------------------------------------


def work():
    for args in ((empty, 5), (empty,), ([1.0], 0), (empty, None), (array.array("d", [1]), 0), (memoryview(bytes(9))[1:].cast("d"), 0)):
        raised(k.at, *args)
    raised(k.down, 100)
    raised(k.stop, 4)
    k.opt(1), k.opt(1.0, b=2, c=False), raised(lambda: k.opt(1, z=2)), repr(k.opt), k.opt.signatures, k.opt.stats, k.opt.ir
    holder.method()


def growths():
    """Bytes that each of a few rounds leaves behind, once CPython's free lists are filled with traced blocks."""
    tracemalloc.start()
    size = []
    for calls in (1500, 100, 100, 100, 100):
        for _ in range(calls):
            work()
        gc.collect()
        size.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return [after - before for before, after in zip(size, size[1:])]


watched = (empty, holder, k.at, k.opt.py_func, IndexError)
work()
counts = [sys.getrefcount(o) for o in watched]
grown = growths()
ok(min(grown) < 100 * 20, "no memory is lost", grown)  # a leak shows each time
equal([sys.getrefcount(o) for o in watched], counts, "nor references")

# -- Import ---------------------------------------------------------------------------------------------------------

code = f"import sys; sys.path.insert(0, {folder + '/build'!r})\n"
r = python(code + "import wrapped\nwrapped.at(memoryview(b'').cast('d'), 1)")
has(r.stderr, 'wrapped.py", line 13, in at', "the traceback of a program that ends by it")
has(r.stderr, "IndexError: index 1 is out of bounds for axis 0 with size 0", "and its message")
r = python(code + "import wrapped, gc; at = wrapped.at; del sys.modules['wrapped'], wrapped; gc.collect(); gc.collect()\n"
           "try: at(memoryview(b'').cast('d'), 1)\nexcept IndexError as e: print(e)\n"
           "import wrapped; print(wrapped.at is at, wrapped.opt(1))")  # fmt: skip
equal(r.stdout, "index 1 is out of bounds for axis 0 with size 0\nFalse 8.0\n", "a kernel outlives its module", r.stderr)
r = python(code + "import wrapped; print('linecache' in sys.modules and 'numpy' in sys.modules)")
equal((r.stdout, r.stderr), ("False\n", ""), "the import loads neither NumPy nor linecache")
done()
