# SPDX-License-Identifier: MIT
"""kb.kernel: marks a function as a kernel; what it makes depends on who is executing the file.

* a built module at import: the compiled function that the module carries for it;
* the `keelback` command: a Kernel that is only noted, for the front end to compile;
* plain Python: a Kernel that is compiled by its first call, in this process, by the same front end.
"""

FASTMATH = {"reassoc": 1, "contract": 2, "nnan": 4, "nsz": 8, "arcp": 16}  # ORDER: KB_FM_* in ir/ir.h
DEFAULTS = {
    "fastmath": 0,
    "tile": None,
    "unroll": None,
    "vectorize": None,
    "independent": False,
    "parallel": False,
    "nogil": False,
    "inline": None,
    "c_name": None,
    "overflow": "exact",
    "bounds": True,
    "check": None,
    "restype": None,
    "argtypes": None,
}

_noted = None  # the kernels made so far while the front end executes a file; None: it does not


class CompileError(Exception):
    """A kernel cannot be compiled; the text holds every message, with file, line and column."""

    __module__ = "keelback"


# -- Options -------------------------------------------------------------------------------------------


def _one_of(*allowed):
    def check(name, value):
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"kb.kernel: {name} must be {' or '.join(map(repr, allowed))}, not {value!r}")
        return value

    return check


def _flag(name, value):
    if value is True or value is False:
        return value
    raise TypeError(f"kb.kernel: {name} must be True or False, not {value!r}")


def _fastmath(name, value):
    if value is True or value is False:
        return sum(FASTMATH.values()) if value else 0
    names = [value] if isinstance(value, str) else value
    try:
        names = list(names)
        return sum({FASTMATH[flag] for flag in names})
    except (KeyError, TypeError):
        raise ValueError(
            f"kb.kernel: fastmath must be True, False or a set of {', '.join(map(repr, FASTMATH))}, not {value!r}"
        ) from None


def _inline(name, value):
    return None if value is None else _flag(name, value)


def _is_size(value):
    return type(value) is int and 0 < value < 1 << 16


def _is_for_loops(value, allowed):
    """A dict from variables of loops to what is allowed?"""
    return isinstance(value, dict) and all(isinstance(key, str) and allowed(item) for key, item in value.items())


def _tile(name, value):
    sizes = value if isinstance(value, tuple) else (value,)
    if value is None or all(map(_is_size, sizes)):
        return None if value is None else sizes
    if _is_for_loops(value, _is_size):
        return dict(value)
    raise ValueError(
        "kb.kernel: tile must be a positive int below 65536, a tuple of them or a dict from loop variables to them, "
        f"not {value!r}"
    )


def _unroll(name, value):
    if value is None or _is_size(value):
        return value
    if _is_for_loops(value, _is_size):
        return dict(value)
    raise ValueError(f"kb.kernel: unroll must be a positive int or a dict from loop variables to them, not {value!r}")


def _vectorize(name, value):
    if value is None or isinstance(value, bool):
        return value
    if _is_for_loops(value, lambda item: isinstance(item, bool)):
        return dict(value)
    raise ValueError(f"kb.kernel: vectorize must be True, False or a dict from loop variables to them, not {value!r}")


def _independent(name, value):
    if isinstance(value, bool):
        return value
    names = [value] if isinstance(value, str) else value
    if isinstance(names, (list, tuple, set, frozenset)) and all(isinstance(item, str) for item in names):
        return frozenset(names)
    raise ValueError(f"kb.kernel: independent must be True, False or a set of loop variables, not {value!r}")


def _loops(options):
    """What the options say of loops: (option, variable of the loop, or its depth, or None for all, words of KB_LOOP)."""
    rows = []

    def add(option, value, words):
        rows.extend((option, key, words(item)) for key, item in (value.items() if isinstance(value, dict) else [(None, value)]))

    tile = options["tile"]
    if tile is not None and not isinstance(tile, dict):  # one size: for all loops; several: from the outermost inwards
        tile = {(None if len(tile) == 1 else depth): size for depth, size in enumerate(tile)}
    if tile is not None:
        add("tile", tile, "tile={}".format)
    if options["unroll"] is not None:
        add("unroll", options["unroll"], "unroll={}".format)
    if options["vectorize"] is not None:
        add("vectorize", options["vectorize"], lambda yes: "vectorize" if yes else "novector")
    independent = options["independent"]
    if independent is True:
        rows.append(("independent", None, "independent"))
    elif independent:
        rows.extend(("independent", key, "independent") for key in sorted(independent))
    if options["parallel"]:
        rows.append(("parallel", None, "parallel"))
    if options["bounds"] is False:
        rows.append(("bounds", None, "unchecked"))
    if options["nogil"]:  # other threads may write to the same arrays
        rows.append(("nogil", None, "shared"))
    return rows


def _c_name(name, value):
    if value is None or isinstance(value, str) and value.isidentifier() and value.isascii():
        return value
    raise ValueError(f"kb.kernel: c_name must be a name that C allows, not {value!r}")


def _check(name, value):
    if value is None or isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return value
    raise TypeError(f"kb.kernel: check must be a dict from parameter names to their inputs, not {value!r}")


def _argtypes(name, value):
    if value is None or isinstance(value, (list, tuple)):
        return None if value is None else tuple(value)
    raise TypeError(f"kb.kernel: argtypes must be a list of ctypes types, not {value!r}")


_CHECKS = {
    "fastmath": _fastmath,
    "tile": _tile,
    "unroll": _unroll,
    "vectorize": _vectorize,
    "independent": _independent,
    "parallel": _flag,
    "nogil": _flag,
    "inline": _inline,
    "c_name": _c_name,
    "overflow": _one_of("exact", "wrap", "raise"),
    "bounds": _flag,
    "check": _check,
    "restype": lambda name, value: value,
    "argtypes": _argtypes,
}


def _options(given):
    options = dict(DEFAULTS)
    for name, value in given.items():
        if name not in _CHECKS:
            import difflib

            near = difflib.get_close_matches(name, _CHECKS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; the options are {', '.join(_CHECKS)}"
            raise TypeError(f"kb.kernel() has no option {name!r}{hint}")
        options[name] = _CHECKS[name](name, value)
    # restype=None with argtypes is ctypes' way to say that nothing is returned.
    options["ctypes"] = "argtypes" in given or "restype" in given
    if options["ctypes"] and options["argtypes"] is None:
        raise TypeError("kb.kernel: restype= goes together with argtypes=[...]")
    options["loops"] = _loops(options)
    return options


# -- Kernels -------------------------------------------------------------------------------------------


class Kernel:
    """A function marked as a kernel. Called, it is compiled if it is not yet, and runs as native code."""

    def __init__(self, fn, options):
        self.py_func = fn
        self.options = options
        self._noted = _noted is not None
        self._unit = self._native = None
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(self, name, getattr(fn, name, None))
        self.__wrapped__ = fn

    @property
    def __annotations__(self):
        return self.py_func.__annotations__

    @property
    def __defaults__(self):
        return self.py_func.__defaults__

    @property
    def __kwdefaults__(self):
        return self.py_func.__kwdefaults__

    @property
    def __code__(self):
        return self.py_func.__code__

    def __call__(self, /, *args, **kwargs):
        native = self._native
        if native is None:
            if self._noted:  # the file's own body calls it while the front end executes it
                return self.py_func(*args, **kwargs)
            native = self._native = self._compiled().function
        return native(*args, **kwargs)

    def __repr__(self):
        return f"<kernel {self.__qualname__}>"

    def __reduce__(self):
        return self.__qualname__  # found again by name in its module, as functions are

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        import types

        return types.MethodType(self, instance)

    def _compiled(self):
        if self._unit is None:
            from . import _build

            self._unit = _build.compile(self)
        return self._unit

    @property
    def ir(self):
        """The typed IR after all passes, as text."""
        return self._compiled().ir

    @property
    def c_source(self):
        """The C that was compiled."""
        return self._compiled().c_source

    @property
    def signatures(self):
        """What there is native code for."""
        return self._compiled().signatures

    @property
    def stats(self):
        """What compiling took, and counters of the native function."""
        unit = self._compiled()
        return {**unit.function.stats, **unit.stats, "tier": "first call"}

    def explain(self, file=None):
        """Prints the signature, what the GCC plugin did to each line, guards and loops, and the typed IR."""
        from . import _explain

        unit = self._compiled()
        print(*unit.signatures, *_explain.function(unit.report, self.py_func.__code__), unit.ir, sep="\n", file=file)


def _bound(fn, table):
    """The compiled function that a built module carries for fn; None when it was dropped at build time."""
    names = fn.__globals__.get("__keelback_order__")
    if names and fn.__qualname__ in names:  # several of one name, in the order in which the module makes them
        left = names[fn.__qualname__]
        name = left.pop(0) if left else None
    else:
        name = fn.__name__
    return table.get(name) if name is not None else None


def kernel(fn=None, /, **options):
    """Marks a function as a kernel: `@kb.kernel` or `@kb.kernel(option=...)`.

    fastmath=True or a set of "reassoc", "contract", "nnan", "nsz", "arcp": what the compiler may assume of floats;
    overflow="exact" (Python's ints), "wrap" (64 bits, modulo 2**64) or "raise" (OverflowError);
    bounds=False: indices are not checked;
    nogil=True: other Python threads run meanwhile;  inline: a wish;
    tile=64, (64, 32) from the outermost loop inwards, or {"i": 64}: loops by the names of their variables are cut into tiles,
    where that changes no result;  unroll=4 or {"i": 4};  vectorize=True, False or {"i": False};
    independent=True or {"i"}: you say that no turn of the loop reads or writes what another turn writes;
    parallel=True: contractions may use threads;
    c_name: the name in C;  check: inputs for `keelback check`;
    restype=, argtypes=[...]: the types in ctypes' words, instead of annotations; POINTER(c_float) is a raw pointer.
    """
    if fn is None:
        checked = _options(options)
        return lambda fn: _make(fn, checked)
    if options:
        raise TypeError("kb.kernel: write @kb.kernel(option=...) above the function")
    return _make(fn, _options({}))


def _make(fn, options):
    if isinstance(fn, (staticmethod, classmethod)) or not hasattr(fn, "__code__"):
        raise TypeError(f"kb.kernel: a function was expected, not {fn!r}")
    if isinstance(fn, Kernel):
        fn = fn.py_func
    table = fn.__globals__.get("__keelback_kernels__")
    if table is not None and _noted is None:
        native = _bound(fn, table)
        if native is not None:
            native = native.__keelback_bind__(fn)
            if native is not fn:  # fn again: another function of the same name
                return native
    made = Kernel(fn, options)
    if _noted is not None:
        _noted.append(made)
    return made


def _is_declared(fn, options):
    """Do the types come from the function, not from its arguments? Then kb.jit is kb.kernel."""
    if options["ctypes"]:
        return True
    annotations = getattr(fn, "__annotations__", None)
    if not isinstance(annotations, dict) or not annotations or not hasattr(fn, "__code__"):
        return False
    if _noted is not None:  # built ahead of time: the arguments are not known
        names = fn.__code__.co_varnames[: fn.__code__.co_argcount + fn.__code__.co_kwonlyargcount]
        return all(name in annotations for name in names)
    return any(_is_ours(fn, annotation) for annotation in annotations.values())


def _is_ours(fn, annotation):
    """A type of keelback, also as a string, which is looked up without being executed."""
    from . import _types

    if isinstance(annotation, str):
        head = annotation.split("[")[0].split(".")
        annotation = fn.__globals__.get(head[0])
        for name in head[1:]:
            annotation = getattr(annotation, name, None)
    return isinstance(annotation, (_types.Scalar, _types.Array, _types.Pointer))


def jit(fn=None, /, **options):
    """Makes any Python function faster: `@kb.jit` or `@kb.jit(option=...)`.

    Calls give what CPython would give. They run natively for the types of the arguments seen, where the compiler can
    keep all of Python's and NumPy's meaning; else interpreted, where that is faster; else in CPython. `f.stats` says where.

    With types of Keelback in the annotations, or with restype= and argtypes=[...], the function is a kernel, as by
    kb.kernel; the options are those of kb.kernel.
    """
    checked = _options(options)
    if fn is None:
        return lambda fn: _jit(fn, checked, options)
    if options:
        raise TypeError("kb.jit: write @kb.jit(option=...) above the function")
    return _jit(fn, checked, options)


def _jit(fn, checked, options):
    if _is_declared(fn, checked):
        return _make(fn, checked)
    from . import _jit as tiers

    return tiers.make(fn, options)
