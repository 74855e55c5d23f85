# SPDX-License-Identifier: MIT
"""Compiles a kernel in this process by its first call: front end, C compiler, import."""

import importlib.util
import itertools
import os
import shutil
import tempfile
import threading
import time

from ._kernel import CompileError

try:
    from . import _keelback
except ImportError as error:
    _keelback = None
    _reason = str(error)

_lock = threading.RLock()
_numbers = itertools.count(1)


class Unit:
    """A kernel's native function and what there is to know about it."""

    def __init__(self, function, texts, stats):
        self.function = function
        self.c_source = texts["c"]
        self.c_header = texts.get("header")
        self.ir = texts["ir"]
        self.report = texts.get("report", "")  # of the plugin, as JSON
        self.stats = stats
        self.signatures = function.signatures


def _write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def compile(kernel):
    """The Unit of a Kernel object."""
    if _keelback is None:
        raise CompileError(f"{kernel!r} is not built, and Keelback's compiler is not installed here: {_reason}")
    with _lock:
        return kernel._unit or _compile(kernel)


def _compile(kernel):
    name = f"_keelback_{os.getpid()}_{next(_numbers)}"
    started = time.perf_counter()
    texts = _keelback.compile([kernel], name)
    translated = time.perf_counter()
    module = _load(name, texts)
    native = module.__keelback_kernels__[texts["names"][0]].__keelback_bind__(kernel.py_func)
    return Unit(native, texts, _times(texts, started, translated))


def _load(name, texts):
    """Compiles and imports the texts of a module; no files are left."""
    folder = tempfile.mkdtemp(prefix="keelback-")
    try:
        c, wrapper, so, log = (os.path.join(folder, file) for file in ("kernels.c", "wrapper.c", name + ".so", "log"))
        report = os.path.join(folder, "report.json")
        _write(c, texts["c"])
        _write(wrapper, texts["wrapper"])
        try:
            _keelback.build(c, wrapper, so, log, report)
        except CompileError as error:
            raise CompileError(f"{error}\n{_read(log)}".rstrip()) from None
        texts["report"] = _read(report)
        spec = importlib.util.spec_from_file_location(name, so)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _times(texts, started, translated):
    return {
        "front_end_seconds": translated - started,
        "cc_seconds": time.perf_counter() - translated,
        "c_bytes": len(texts["c"]),
        "ir_lines": texts["ir"].count("\n"),
    }


def jit(function, types, options):
    """(native function, Unit, what it depends on) of a function for arguments of these types."""
    if _keelback is None:
        raise CompileError(f"Keelback's compiler is not installed here: {_reason}")
    with _lock:
        name = f"_keelback_{os.getpid()}_{next(_numbers)}"
        started = time.perf_counter()
        texts = _keelback.compile_jit(function, types, name, *([options] if options else []))
        translated = time.perf_counter()
        module = _load(name, texts)
        kernel = vars(module).get(texts["names"][0]) or module.__keelback_kernels__[texts["names"][0]]
        unit = Unit(kernel.__keelback_bind__(function), texts, _times(texts, started, translated))
        unit.ret = texts["ret"]
        return unit.function, unit, texts["depends"]
