# SPDX-License-Identifier: MIT
"""Runs a kernel on an input: as CPython would (the reference), or natively in a child process.

An outcome is (how, value, memory): how is "return", "raise" (value: type name, message), "skip" (value: why),
"crash" or "hang"; memory is the contents of every base afterwards.
"""
import gc
import importlib.machinery
import importlib.util
import inspect
import os
import pickle
import select
import signal
import struct
import sys
import types

from .. import _kernel, ref
from ..ref import views
from .compare import as_declared
from .fits import FITS, fitted_code, names
from .inputs import np
from .types import signature

# -- The reference -------------------------------------------------------------------------------------------


class _NumpyShim:
    """Stands for the numpy module in kernels: new arrays are the reference's, all else is NumPy's."""

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        return _NUMPY_MAKERS.get(name) or _casts(getattr(self._module, name))


_NUMPY_MAKERS = {"zeros": ref.zeros, "empty": ref.empty, "ones": ref.ones, "full": ref.full}


def _casts(value):
    """kb.f32 for numpy.float32: called, it converts; as a dtype, it names the type."""
    if np is not None and isinstance(value, type) and issubclass(value, np.generic):
        try:
            return getattr(ref, ref.dtype_name(value))
        except TypeError:
            pass
    return value


def load(path):
    """Executes a file of kernels in plain Python. Returns the Kernel objects in the order of the file."""
    folder = os.path.dirname(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = os.path.splitext(os.path.basename(path))[0]
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, path, loader=loader))
    before = _kernel._noted
    _kernel._noted = noted = []
    out = os.dup(1)
    try:
        sys.stdout.flush()
        os.dup2(2, 1)  # what the file prints is no part of the report
        loader.exec_module(module)
    finally:
        sys.stdout.flush()
        os.dup2(out, 1)
        os.close(out)
        _kernel._noted = before
    own = [k for k in noted if k.py_func.__globals__ is module.__dict__]
    return own, noted


def _callee(kernel, functions):
    """A kernel as other kernels call it: arguments and result take the declared types."""
    sig = inspect.signature(kernel.py_func)
    params, result = signature(kernel.py_func, kernel.options)
    types_ = {p.name: p.type for p in params}

    def call(*args, **keywords):
        bound = sig.bind(*args, **keywords)
        bound.apply_defaults()
        given = [v if types_[n].kind in ("array", "ptr", "any") else _wrap(as_declared(v, types_[n]), types_[n])
                 for n, v in bound.arguments.items()]
        positional = [v for v, p in zip(given, params) if not p.kwonly]
        named = {p.name: v for v, p in zip(given, params) if p.kwonly}
        value = functions[id(kernel)](*positional, **named)
        return value if result.kind == "any" else _wrap(as_declared(value, result), result)
    return call


def plain_functions(noted):
    """Kernel -> function over a copy of its globals, in which NumPy makes the reference's arrays and kernels are plain
    functions that take and return what they are declared to."""
    final, scopes, made = {}, {}, {}
    for k in noted:
        made[id(k)] = made[id(k.py_func)] = _callee(k, final)

    def changed(v):
        if id(v) in made:
            return made[id(v)]
        if isinstance(v, types.ModuleType) and v.__name__ == "numpy":
            return _NumpyShim(v)
        if isinstance(v, types.ModuleType) and any(id(x) in made for x in vars(v).values()):
            return types.SimpleNamespace(**{n: changed(x) if id(x) in made else x for n, x in vars(v).items()})
        if np is not None:
            for name, maker in _NUMPY_MAKERS.items():
                if v is getattr(np, name):
                    return maker
        return _casts(v)
    for k in noted:
        fn = k.py_func
        scope = scopes.get(id(fn.__globals__))
        if scope is None:
            scope = {n: v if n.startswith("__") else changed(v) for n, v in fn.__globals__.items()}
            scopes[id(fn.__globals__)] = scope
        cells = tuple(types.CellType(changed(c.cell_contents)) for c in fn.__closure__ or ())
        code, overflow = fn.__code__, k.options.get("overflow")
        if overflow in FITS:
            scope.update(names(overflow))
            code = fitted_code(fn, overflow)
        new = types.FunctionType(code, scope, fn.__name__, fn.__defaults__, cells or None)
        new.__kwdefaults__ = fn.__kwdefaults__
        final[id(k)] = new
    return final


class OverBudget(BaseException):
    """The reference ran for too long."""


def _codes(code):
    yield code
    for c in code.co_consts:
        if isinstance(c, types.CodeType):
            yield from _codes(c)


class Budget:
    """Stops the reference after so many lines, or so many seconds."""

    def __init__(self, functions, lines, seconds=5):
        self.codes = {c for f in functions for c in _codes(f.__code__)}
        self.lines, self.seconds, self.left = lines, seconds, lines

    def _step(self):
        self.left -= 1
        if self.left < 0:
            raise OverBudget

    def _trace(self, frame, event, arg):
        if frame.f_code not in self.codes:
            return None
        self._step()
        return self._trace

    def _alarm(self, signum, frame):
        raise OverBudget

    def __enter__(self):
        self.left = self.lines
        self.old = signal.signal(signal.SIGALRM, self._alarm)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        mon = getattr(sys, "monitoring", None)
        if mon is None:
            self.tool = None
            sys.settrace(self._trace)
            return self
        self.tool = next(i for i in (4, 3, 1, 2, 0) if mon.get_tool(i) is None)
        mon.use_tool_id(self.tool, "keelback.check")
        events = mon.events.LINE | mon.events.JUMP
        mon.register_callback(self.tool, mon.events.LINE, lambda code, line: self._step())
        mon.register_callback(self.tool, mon.events.JUMP, lambda code, a, b: self._step())
        for c in self.codes:
            mon.set_local_events(self.tool, c, events)
        return self

    def __exit__(self, *exc):
        if self.tool is None:
            sys.settrace(None)
        else:
            for c in self.codes:
                sys.monitoring.set_local_events(self.tool, c, 0)
            sys.monitoring.free_tool_id(self.tool)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.old)


def _wrap(value, ty):
    """A plain value as a kernel sees it. Sized ints only bound what a parameter takes: inside they are ints."""
    if ty.kind == "array":
        return ref.view(value)
    if ty.kind == "ptr":
        return ref.pointer(value)
    if ty.kind == "tuple":
        return tuple(map(_wrap, value, ty.items))
    return getattr(ref, ty.elem)(value) if ty.kind == "sized" and ty.elem in ("f32", "f64") else value


def _plain(value):
    """A result without the reference's classes, but for f32, which compare.py converts."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if isinstance(value, ref.view):
        return ["array", value.dtype, value.shape, value.tolist()]
    return value


def _huge(value):
    """Does it hold an int that is a burden to compute, send and compare?"""
    if isinstance(value, tuple):
        return any(map(_huge, value))
    return isinstance(value, int) and value.bit_length() > 1 << 20


def memory_of(made):
    return [m.tobytes() for m in made]


class Reference:
    """CPython on the kernel's body over keelback.ref."""

    def __init__(self, fn, params, functions, lines):
        self.fn, self.params, self.budget = fn, params, Budget(functions, lines)

    def __call__(self, inp):
        made, args, keywords = inp.make()
        types_ = {p.name: p.type for p in self.params}
        args = [_wrap(a, p.type) for a, p in zip(args, (p for p in self.params if not p.kwonly))]
        keywords = {k: _wrap(v, types_[k]) for k, v in keywords.items()}
        limit, views.MAX_BYTES = views.MAX_BYTES, 1 << 26
        try:
            with self.budget:
                value = _plain(self.fn(*args, **keywords))
            if _huge(value):
                return "skip", "an int of a megabit or more", None
            return "return", value, memory_of(made)
        except OverBudget:
            return "skip", "over budget", None
        except ref.PointerRange:
            return "skip", "pointer out of the test's memory", None
        except MemoryError:
            return "skip", "out of memory", None
        except Exception as e:
            return "raise", (type(e).__name__, str(e)), memory_of(made)
        finally:
            views.MAX_BYTES = limit


# -- The compiled kernel ---------------------------------------------------------------------------------------


class Native:
    """A kernel of a built extension module. `open` runs in the child."""

    def __init__(self, so, name, index, project):
        self.so, self.name, self.index, self.project = so, name, index, project

    def open(self):
        for n in self.project:
            sys.modules.pop(n, None)
        name = os.path.splitext(os.path.basename(self.so))[0]
        loader = importlib.machinery.ExtensionFileLoader(name, self.so)
        module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, self.so, loader=loader))
        sys.modules[name] = module
        loader.exec_module(module)
        self.kernel = getattr(module, self.name)

    def __call__(self, inp):
        made, args, keywords = inp.make()
        try:
            value = self.kernel(*args, **keywords)
            if not isinstance(value, (int, float, bool, tuple, type(None))):
                value = ["array", None, tuple(memoryview(value).shape), memoryview(value).tolist()]
            return "return", value, memory_of(made)
        except Exception as e:
            return "raise", (type(e).__name__, str(e)), memory_of(made)


def _read(fd, n, seconds):
    data = bytearray()
    while len(data) < n:
        if not select.select([fd], [], [], seconds)[0]:
            return None
        part = os.read(fd, n - len(data))
        if not part:
            return b""
        data += part
    return bytes(data)


def _child(engine, inputs, fd):
    try:
        devnull = os.open(os.devnull, os.O_RDWR)
        os.dup2(devnull, 0)
        os.dup2(devnull, 1)  # the module's body prints once more
        engine.open()
        opened = b"K"
    except BaseException as e:
        opened = pickle.dumps(f"{type(e).__name__}: {e}")
    os.write(fd, struct.pack("q", len(opened)) + opened)
    if opened != b"K":
        return
    for inp in inputs:
        data = pickle.dumps(engine(inp), -1)
        data = struct.pack("q", len(data)) + data
        while data:
            data = data[os.write(fd, data):]


class EngineError(Exception):
    """The engine could not be started at all."""


def _message(fd, seconds):
    head = _read(fd, 8, seconds)
    return _read(fd, struct.unpack("q", head)[0], seconds) if head else head


def run_in_child(engine, inputs, seconds):
    """Outcomes of the inputs, in order. The child is started again after a crash, but not after a time-out or
    the fifth crash: the outcomes end there."""
    done, crashes = [], 0
    while len(done) < len(inputs) and crashes < 5 and not (done and done[-1][0] == "hang"):
        sys.stdout.flush()
        sys.stderr.flush()
        r, w = os.pipe()
        gc.disable()  # a child that collects garbage copies memory that it shares
        pid = os.fork()
        if pid == 0:
            os.close(r)
            try:
                _child(engine, inputs[len(done):], w)
            finally:
                os._exit(0)
        gc.enable()
        os.close(w)
        opened = _message(r, 60)
        while opened == b"K" and len(done) < len(inputs):
            data = _message(r, seconds)
            if not data:
                break
            done.append(pickle.loads(data))
            data = b"ok"
        os.close(r)
        stuck = opened is None or (opened == b"K" and len(done) < len(inputs) and data is None)
        if stuck:
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        if opened != b"K":
            raise EngineError(pickle.loads(opened) if opened else "the module crashed while it was imported")
        if len(done) < len(inputs):
            crashes += 1
            if stuck:
                done.append(("hang", f"no answer within {seconds:g} s", None))
            elif os.WIFSIGNALED(status):
                done.append(("crash", signal.Signals(os.WTERMSIG(status)).name, None))
            else:
                done.append(("crash", f"exit status {os.waitstatus_to_exitcode(status)}", None))
    return done
