# SPDX-License-Identifier: MIT
"""The table of functions that the dynamic front end has to lower exactly: @calls("1, [2]", ...) enters a function with
the argument lists, as text, that it is called with. Arguments are made anew for each call."""

TABLE = []


def calls(*texts):
    def enter(function):
        TABLE.append((function, texts))
        return function

    return enter


def refused(function):
    """A function that has to run in CPython."""
    TABLE.append((function, None))
    return function


class Loud:
    """Prints what is done to it."""

    def __init__(self, name, truth=True):
        self.name, self.truth = name, truth

    def __repr__(self):
        return f"Loud({self.name})"

    def __bool__(self):
        print("bool", self.name)
        return self.truth

    def _two(op):
        def method(self, other):
            print(op, self.name, other)
            return Loud(f"({self.name} {op} {other})", self.truth)

        return method

    __add__, __sub__, __mul__, __matmul__, __lt__, __eq__, __iadd__ = map(_two, ("+", "-", "*", "@", "<", "==", "+="))
    __radd__, __le__, __and__ = map(_two, ("r+", "<=", "&"))
    del _two
    __hash__ = None

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        print("get", self.name, name)
        return Loud(f"{self.name}.{name}")

    def __getitem__(self, key):
        print("item", self.name, key)
        return Loud(f"{self.name}[{key}]")

    def __setitem__(self, key, value):
        print("set", self.name, key, value)

    def __delitem__(self, key):
        print("del", self.name, key)

    def __contains__(self, x):
        print("in", self.name, x)
        return self.truth

    def __call__(self, *args, **kwargs):
        print("call", self.name, args, kwargs)
        return Loud(f"{self.name}()")

    def __format__(self, spec):
        print("format", self.name, repr(spec))
        return f"<{self.name}|{spec}>"


class Box:
    """Plain attributes."""

    def __init__(self, **fields):
        self.__dict__.update(fields)

    def __repr__(self):
        return f"Box({self.__dict__})"

    def method(self, *args, **kwargs):
        return self, args, kwargs


class Manager:
    """A context manager that prints, and swallows what it is told to."""

    def __init__(self, name, swallow=(), enter=None, leave=None):
        self.name, self.swallow, self.enter, self.leave = name, swallow, enter, leave

    def __enter__(self):
        print("enter", self.name)
        if self.enter:
            raise self.enter
        return self.name

    def __exit__(self, kind, error, trace):
        print("exit", self.name, kind and kind.__name__, error, trace is not None)
        if self.leave:
            raise self.leave
        return kind is not None and issubclass(kind, self.swallow)


def say(x):
    print("say", x)
    return x


def fail(error):
    raise error
