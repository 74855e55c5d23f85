# SPDX-License-Identifier: MIT
"""kb.jit: any Python function. The object and the calls are in C (keelback._interp); here is what is done rarely:
making one, asking the compiler, and telling what became of it.

Nothing that fails here may be seen by the caller of a function: the reason is kept, and the function runs in a lower tier.
"""

import os
import sys
import time
import types

_TIERS = ("native", "interpreted", "python")


def make(function, options):
    """The jit object of a Python function."""
    if isinstance(function, staticmethod):
        return staticmethod(make(function.__func__, options))
    if isinstance(function, classmethod):
        return classmethod(make(function.__func__, options))
    if isinstance(function, types.MethodType):
        return types.MethodType(make(function.__func__, options), function.__self__)
    if type(function).__module__ == "keelback" and hasattr(function, "py_func"):  # once more: a jit object or a kernel
        function = function.py_func
    if type(function) is not types.FunctionType:
        raise TypeError(f"kb.jit: a function was expected, not {function!r}")
    try:
        from . import _interp
    except ImportError as error:  # installed without it
        function.stats = {"tier": "python", "reasons": [f"the interpreter is not installed: {error}"]}
        function.py_func = function
        return function
    return _interp.jit(function, sys.modules[__name__], options)


# -- The compiler, asked by a call ----------------------------------------------------------------------


def _native(function, names, options):
    from . import _build

    return _build.jit(function, names, options)


def typed(function, names, options):
    """(native function, Unit, what it depends on), or (None, why not, None)."""
    try:
        return _native(function, names, options)
    except Exception as error:
        return None, _reason(error), None


def dynamic(function, options):
    """(image, pool), or the reason why there is none."""
    try:
        from . import _keelback

        made = _keelback.dynamic(function)
    except Exception as error:
        return _reason(error)
    return made if isinstance(made, str) else (made[0], made[1])


def _reason(error):
    if isinstance(error, ImportError):
        return f"Keelback's compiler is not installed here: {error}"
    text = str(error)
    return text if type(error).__name__ == "CompileError" else f"{type(error).__name__}: {text}"


# -- What became of it ------------------------------------------------------------------------------------


def _text(sig, function=None):
    unit = sig["unit"]
    ret = f" -> {unit.ret}" if unit is not None and getattr(unit, "ret", None) else ""
    return f"({', '.join(sig['types'])}){ret}"


def _natives(state):
    return [s for s in state["signatures"] if s["tier"] == "native"]


def _declared(f, state):
    """Before the first call: what the annotations promise, if they are all int, float and bool; not kept."""
    function, names = f.py_func, []
    if state["signatures"] or state["busy"]:
        return []
    code = function.__code__
    for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        annotation = function.__annotations__.get(name)
        annotation = getattr(annotation, "__name__", annotation)
        if annotation not in ("int", "float", "bool"):
            return []
        names.append(annotation)
    native, unit, _ = typed(function, tuple(names), state["options"])
    return [] if native is None else [{"types": tuple(names), "unit": unit, "tier": "native"}]


def signatures(f):
    return [_text(s) for s in _natives(f.__keelback_state__())]


def c_source(f):
    state = f.__keelback_state__()
    texts = [s["unit"].c_source for s in _natives(state) or _declared(f, state)]
    return "\n".join(texts) if texts else None


def ir(f):
    state = f.__keelback_state__()
    texts = [s["unit"].ir for s in _natives(state) or _declared(f, state)]
    return "\n".join(texts) if texts else None


def _count(stats, sig):
    """Adds the counters of a native signature."""
    for name, value in getattr(sig["native"], "stats", {}).items():
        if isinstance(value, int) and name in ("exits", "deopts", "resumed", "interpreted"):
            stats[name] = stats.get(name, 0) + value


def stats(f):
    state = f.__keelback_state__()
    calls = dict(zip(_TIERS, state["calls"]))
    made = {"exits": 0, "deopts": 0, "resumed": 0}
    sigs, reasons, seconds = [], [], 0.0
    for sig in state["signatures"]:
        _count(made, sig)
        times = {k: v for k, v in (sig["unit"].stats if sig["unit"] is not None else {}).items() if k.endswith("_seconds")}
        seconds += sum(times.values())
        sigs.append({"types": sig["types"], "tier": sig["tier"], "calls": sig["calls"], "reason": sig["reason"], **times})
        if sig["reason"] and sig["reason"] not in reasons:
            reasons.append(sig["reason"])
    if state["why"] and not any(state["why"] in r for r in reasons):
        reasons.append(state["why"])
    used = [tier for tier in _TIERS if any(s["tier"] == tier for s in sigs)] or (["python"] if state["why"] else [])
    return {
        "tier": used[0] if used else "not called yet",
        "calls": calls,
        "signatures": sigs,
        "reasons": reasons,
        "compile_seconds": seconds,
        "demotions": state["demoted"],
        "recompiled": state["dropped"],
        **made,
    }


def explain(f, file=None):
    state = f.__keelback_state__()
    code = f.py_func.__code__
    print(f"{f.__qualname__} ({code.co_filename}:{code.co_firstlineno})", file=file)
    if state["why"]:
        print(f"  not interpreted: {state['why']}", file=file)
    for sig in state["signatures"]:
        print(f"  {_text(sig)}: {sig['tier']}, {sig['calls']} calls", file=file)
        if sig["reason"]:
            print("".join(f"    {line}\n" for line in sig["reason"].splitlines()), end="", file=file)
        if sig["unit"] is not None:
            from . import _explain

            for line in _explain.function(sig["unit"].report, code):
                print(f"    {line}", file=file)
            print("".join(f"    {line}\n" for line in sig["unit"].ir.splitlines()), end="", file=file)
    if not state["signatures"] and not state["why"]:
        print("  not called yet", file=file)
