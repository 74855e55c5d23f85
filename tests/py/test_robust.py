# SPDX-License-Identifier: MIT
"""Where it goes wrong around exits that go on in the interpreter: images that were changed, Pythons that are not there,
threads, forks, the end of the process, other interpreters, no stack, signals. Never a crash, never a hang."""

import os
import shutil
import subprocess
import sys

from kbtest import done, equal, folder, has, keelback, ok, python, read, write

KERNELS = '''
import keelback as kb

@kb.kernel
def product(n: int, by: int) -> int:
    p = 1
    for i in range(n):
        p = p * by
    return p

@kb.kernel
def item(x: kb.i64[:], i: int) -> int:
    return x[i]

@kb.kernel
def deep(n: int, x: int) -> int:
    """Each level leaves, goes on in the interpreter, and calls native code."""
    y = x * x
    if n == 0:
        return y % 1000
    return deep(n - 1, x) + y % 7

@kb.kernel
def endless(n: int, x: int) -> int:
    y = x * x
    return endless(n + 1, x) + y

@kb.kernel
def lasting(n: int, x: int) -> int:
    """Interpreted for long: past 64 bits from the start, and never small enough to go back."""
    s = x * x
    for i in range(n):
        s = s + (i & 3)
    return s % 1000003

@kb.kernel
def middle(n: int) -> int:
    return n * n // n
'''
write("robust.py", KERNELS)
built = keelback("build", "robust.py", "-o", "robust_built.so")
equal((built.returncode, built.stderr), (0, ""), "build")
shutil.move("robust.py", "robust_source.py")
B = 2**40
PATH = folder + os.pathsep + os.environ.get("PYTHONPATH", "")


def child(code, what, out="fine", how=0, **env):
    """A Python of its own says out, and ends well: in time."""
    try:
        r = python("import sys, os, threading, time\nimport robust_built as m\nB = 2**40\n" + code, **{"PYTHONPATH": PATH, **env})
    except subprocess.TimeoutExpired as e:
        ok(False, what, f"hangs: {e}")
        return None
    shown = f"exit status {r.returncode}\n{r.stdout}\n{r.stderr}"
    ok(out in r.stdout and r.returncode == how, what, shown)
    return r


# -- Images that were changed ---------------------------------------------------------------------------------------
with open("robust_built.so", "rb") as f:
    data = f.read()
where = data.find(b"KBIM")
ok(where > 0, "the module holds images")
size = 300
code = """
import importlib.util, sys
sys.path.insert(0, '')
from kbtest_load import load
bad = 0
for k in range(int(sys.argv[1])):
    m = load("robust_built", f"changed{k}.so")
    for call in (lambda: m.product(3, 2**40), lambda: m.deep(2, 2**40), lambda: m.middle(2**40), lambda: m.lasting(10, 2**40),
                 lambda: m.endless(1, 2**40)):
        try:
            call()
        except SystemError as e:
            bad += 1
            assert "image" in str(e) or "keelback" in str(e), e
        except RecursionError:
            pass
    assert m.product(5, 3) == 243
print(bad > 0, bad)
"""
write("kbtest_load.py", """
import importlib.util

def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    return m
""")
images, at = [], where
while at >= 0:
    images.append(at)
    at = data.find(b"KBIM", at + 1)
variants = 24
for k in range(variants):
    changed = bytearray(data)
    for start in images:
        changed[start + k * 9 % 120] ^= 1 << k % 8
    with open(f"changed{k}.so", "wb") as f:
        f.write(changed)
write("changed.py", code)
r = subprocess.run([sys.executable, "changed.py", str(variants)], capture_output=True, text=True, timeout=300)
equal((r.returncode, r.stdout.split()[:1]), (0, ["True"]), "a changed image is refused with SystemError", r.stdout, r.stderr)
for k in range(variants):
    os.unlink(f"changed{k}.so")

# -- The interpreter is not there -----------------------------------------------------------------------------------
package = next(p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isdir(os.path.join(p, "keelback")))
shutil.copytree(os.path.join(package, "keelback"), "without/keelback", ignore=shutil.ignore_patterns("_interp.*", "__pycache__"))
alone = {"PYTHONPATH": folder + "/without" + os.pathsep + folder, "KEELBACK_LIB": folder}
if not os.path.exists("/usr/local/lib/keelback"):  # where an installed one would be found
    child("""
from array import array
assert m.product(5, 3) == 243
for f, kind, text in ((lambda: m.item(array("q", [1]), 5), IndexError, ""), (lambda: m.endless(0, 3), RecursionError, ""),
                      (lambda: m.product(3, B), OverflowError, "libkeelback-python"),
                      (lambda: m.product(3, 2**70), (OverflowError, RuntimeError), "libkeelback-python")):
    try:
        f()
    except kind as e:
        assert text in str(e), e
    else:
        raise AssertionError(kind)
assert m.product(5, 3) == 243
print("fine")
""", "without libkeelback-python: exceptions as ever, and a clear one where an exit would go on", **alone)
    child("""
import keelback as kb
try:
    @kb.jit
    def f(x):
        return x + 1
    assert f(2) == 3
except (ImportError, RuntimeError) as e:
    assert "_interp" in str(e) or "libkeelback-python" in str(e), e
print("fine")
""", "without libkeelback-python: kb.jit works or says so", **alone)
suffix = subprocess.run([sys.executable, "-c", "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"],
                        capture_output=True, text=True).stdout.strip()
with open(os.path.join("without/keelback", "_interp" + suffix), "wb") as f:
    f.write(b"\x7fELF no library at all")
r = python("import robust_built", **alone)
ok(r.returncode == 1 and "ImportError" in r.stderr and "_interp" in r.stderr, "a broken one is an ImportError", r.stdout, r.stderr)
child("assert m.product(2, B) == B * B\nprint('fine')", "KEELBACK_PYTHON does not matter in a Python", KEELBACK_PYTHON="/nonsense")

# -- Threads --------------------------------------------------------------------------------------------------------
write("foreign.c", """
#include <pthread.h>
#include <stdint.h>
static int64_t (*run)(int64_t);
static void *work(void *p)
{
  int64_t n = *(int64_t *)p, bad = 0;
  for (int64_t i = 0; i < 200; i++) bad += run(n + i) != n + i;
  *(int64_t *)p = bad;
  return NULL;
}
int64_t in_threads(int64_t (*f)(int64_t), int64_t n)
{
  pthread_t t[3];
  int64_t v[3] = { n, n + 1000, n + 2000 };
  run = f;
  for (int i = 0; i < 3; i++)
    if (pthread_create(&t[i], NULL, work, &v[i])) return -1;
  for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
  return v[0] + v[1] + v[2];
}
""")
flags = keelback("config", "--cflags").stdout.split()
libs = keelback("config", "--libs").stdout.split()
extra = os.environ.get("KB_TEST_CFLAGS", "").split()
cc = os.environ.get("CC", "gcc").split()
e = keelback("emit", "robust_source.py", "-o", "robust_c.c", "--header", "robust_c.h")
c = subprocess.run([*cc, *flags, *extra, "-O1", "-fPIC", "-shared", "-I.", "robust_c.c", "foreign.c", "-o", "foreign.so", *libs, "-lpthread"],
                   capture_output=True, text=True)
equal((e.returncode, c.returncode), (0, 0), "a library of kernels", e.stderr, c.stderr)
child("""
import ctypes
lib = ctypes.CDLL(os.path.abspath("foreign.so"))
f, middle = lib.in_threads, lib.middle
f.restype = ctypes.c_int64
f.argtypes = (ctypes.c_void_p, ctypes.c_int64)
assert f(ctypes.cast(middle, ctypes.c_void_p), B) == 0
assert m.middle(B) == B
print("fine")
""", "threads that Python does not know leave kernels")
child("""
bad = []
def work(k):
    for i in range(6):
        if m.lasting(20000 + k, B + i) != m.lasting.py_func(20000 + k, B + i):
            bad.append((k, i))
        if m.middle(B + k) != B + k or m.product(2, B) != B * B:
            bad.append(k)
sys.setswitchinterval(1e-4)
threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(bad or "fine")
""", "exits of several threads at once, the GIL handed over in the middle")

# -- Processes ------------------------------------------------------------------------------------------------------
child("""
import warnings
warnings.simplefilter("ignore")
stop = False
def work():
    while not stop:
        m.lasting(500, B)
threads = [threading.Thread(target=work) for k in range(2)]
[t.start() for t in threads]
bad = 0
for i in range(10):
    pid = os.fork()
    if pid == 0:
        good = m.lasting(1000, B) == m.lasting.py_func(1000, B) and m.product(2, B) == B * B
        os._exit(0 if good else 1)
    bad += os.waitpid(pid, 0)[1] != 0
stop = True
[t.join() for t in threads]
print(bad or "fine")
""", "exits in a child, while threads of the parent were in some")
child("""
import atexit
def last():
    assert m.product(3, B) == B**3 and m.lasting(2000, B) == m.lasting.py_func(2000, B)
    try:
        m.deep(2**40, B)
    except RecursionError:
        print("fine", flush=True)
atexit.register(last)
""", "exits in atexit handlers")
child("""
class Late:
    def __init__(self, m, write=os.write, B=B):
        self.all = m.product, m.deep, m.lasting, m.item, write, B
    def __del__(self):
        product, deep, lasting, item, write, B = self.all
        good = product(3, B) == B**3 and deep(3, B) == deep(3, B) and lasting(3000, B) > 0
        try:
            item([1], 2)
        except Exception:
            write(1, b"fine" if good else b"wrong")
sys.late = Late(m)
late = Late(m)
cycle = Late(m)
cycle.me = cycle
class Type:
    late = Late(m)
""", "exits in the teardown of modules")
child("""
def work():
    while True:
        m.lasting(2000, B)
for k in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
print("fine", flush=True)
""", "daemon threads in the interpreter at the end")
write("finalized.c", """
#include <Python.h>
#include "robust_c.h"
int main(void)
{
  const int64_t n = INT64_C(1) << 40;
  for (int round = 0; round < 2; round++) {
    Py_Initialize();
    int64_t r = middle(n);
    printf("%d %s\\n", r == n, kb_error_get() ? kb_error_get()->type : "none");
    kb_error_clear();
    if (Py_FinalizeEx() < 0) return 1;
    r = middle(n);
    if (kb_error_get()) kb_error_print();
    fflush(stdout);
    kb_error_clear();
    (void)item(kb_ci64x1_from(&r, 1), 3);
    kb_error_print();
    kb_error_clear();
  }
  return 0;
}
""")
py = subprocess.run([sys.executable, "-c", """
import sysconfig as s; v = s.get_config_var
print("-I" + s.get_path("include"))
print("-L%s -Wl,-rpath,%s -lpython%s" % (v("LIBDIR"), v("LIBDIR"), v("LDVERSION")) if v("Py_ENABLE_SHARED") else "")
"""], capture_output=True, text=True).stdout.splitlines()
if len(py) > 1 and py[1]:
    c = subprocess.run([*cc, *flags, *extra, *py[0].split(), "-O1", "-I.", "finalized.c", "robust_c.c", "-o", "finalized", *libs, *py[1].split(),
                        "-lpthread"], capture_output=True, text=True)
    r = subprocess.run(["./finalized"], capture_output=True, text=True, timeout=100) if c.returncode == 0 else c
    ok(r.returncode == 0 and r.stdout.splitlines() == ["1 none", "0 OverflowError"] and "has ended (Py_Finalize)" in r.stderr and r.stderr.count("IndexError") == 2,
       "an exit behind Py_Finalize is an error", r.returncode, r.stdout, r.stderr)

# -- Subinterpreters ------------------------------------------------------------------------------------------------
for name in ("robust_built", "keelback._interp", "keelback._keelback"):
    child(f"""
try:
    import _interpreters as I
except ImportError:
    import _xxsubinterpreters as I
def run(i):
    r = I.run_string(i, '''
import sys
sys.path[:0] = {PATH.split(os.pathsep)!r}
try:
    import {name}
except ImportError as e:
    assert "interpreter" in str(e), e
    print("refused", flush=True)
''')
    assert r is None, r
for legacy in (False, True):
    try:
        i = I.create("legacy" if legacy else "isolated") if hasattr(I, "new_config") else I.create(isolated=not legacy)
    except TypeError:
        i = I.create()
    run(i)
    I.destroy(i)
assert m.product(3, B) == B**3
print("fine")
""", f"{name} in another interpreter is refused", "refused\nrefused\nfine")

# -- Stack ----------------------------------------------------------------------------------------------------------
child("""
sys.setrecursionlimit(200)
assert m.deep(50, B) == m.deep.py_func(50, B)
sys.setrecursionlimit(10**6)
for n in (100, 400):
    assert m.deep(n, B) == (n * (B * B % 7) + B * B % 1000), n
got = []
def overflow():
    for i in range(3):
        try:
            m.endless(0, B)
        except RecursionError as e:
            got.append(1)
overflow()
for kb in (64, 128, 256, 1024, 8192):
    threading.stack_size(kb << 10)
    t = threading.Thread(target=overflow)
    t.start()
    t.join()
print("fine" if len(got) == 18 else got)
""", "native code, exit, interpreter, native code ...: until the stack ends")

# -- Signals --------------------------------------------------------------------------------------------------------
child("""
import linecache, signal  # an import must not be interrupted
class Stop(Exception):
    pass
seen = 0
def handler(*_):
    global seen
    seen += 1
    assert m.product(2, B) == B * B and m.lasting(50, B + 1) == m.lasting.py_func(50, B + 1)
    if seen % 3 == 0:
        raise Stop
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
stopped = bad = 0
end = time.monotonic() + 3
while stopped < 50 and time.monotonic() < end:
    try:
        bad += m.lasting(30000, B) != (B * B + sum(i & 3 for i in range(30000))) % 1000003
        m.deep(30, B)
        m.product(40, 7)
    except Stop:
        stopped += 1
signal.setitimer(signal.ITIMER_REAL, 0)
print(bad or stopped == 0 or "fine")
""", "signals while exits go on, whose handlers leave kernels, and raise")
child("""
import signal
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    m.lasting(2**40, B)
except KeyboardInterrupt:
    print("fine")
""", "Ctrl-C in an interpreted loop")
done()
