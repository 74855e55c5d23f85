# SPDX-License-Identifier: MIT
"""Parameters, closures, globals, classes."""

from dyntest import Box, calls, refused, say

COUNT = 0


@calls("1", "1, 2", "1, 2, 3, 4", "1, c=5", "1, 2, 3, c=4, z=6", "")
def parameters(a, b=2, *args, c=3, **kw):
    return a, b, args, c, kw


@calls("1, 2", "1, b=2", "a=1, b=2")
def positional_only(a, /, b):
    return a, b


@calls("1, k=2", "1")
def keyword_only(a, *, k):
    return a, k


@calls("1", "[]")
def default_list(a, seen=[]):
    seen.append(a)
    return list(seen), seen.clear()


@calls("5")
def assign_parameter(a, *args, **kw):
    a += 1
    args += (a,)
    kw["x"] = a
    return a, args, kw


@calls("")
def global_write():
    global COUNT, FRESH
    COUNT += 1
    FRESH = COUNT
    x = COUNT
    del FRESH
    COUNT = 0
    return x


@calls("")
def global_delete_missing():
    global NOT_THERE
    del NOT_THERE


@calls("")
def global_missing():
    return NOT_THERE_EITHER


@calls("3")
def closure(n):
    def add(x):
        return x + n

    r = add(1)
    n = 10
    return r, add(1)


@calls("3")
def closure_changes(n):
    def bump(by=1):
        nonlocal n
        n += by
        return n

    bump()
    bump(by=5)
    return n


@calls("")
def closure_unbound():
    def f():
        return x

    try:
        f()
    except NameError as e:
        print(type(e).__name__, e)
    x = 1
    return f()


@calls("0")
def cell_unbound(a):
    if a:
        x = 1
    print(x)
    return lambda: x


@calls("1")
def cell_deleted(x):
    f = lambda: x
    del x
    try:
        return f()
    except NameError as e:
        print(e)
    return x


@calls("0")
def cell_delete_unbound(a):
    if a:
        x = 1
    del x
    return lambda: x


@calls("[1, 2, 3]")
def late_binding(xs):
    fs = []
    for x in xs:
        fs.append(lambda: x)
    return [f() for f in fs]


@calls("[1, 2, 3]")
def comp_closures(xs):
    fs = [lambda: x for x in xs]
    gs = [lambda y=x: y for x in xs]
    return [f() for f in fs], [g() for g in gs]


@calls("[1, 2]")
def comp_closure_twice(xs):
    fss = [[lambda: (x, y) for y in xs] for x in xs]
    return [f() for fs in fss for f in fs]


@calls("[1, 2]")
def comp_reads_locals(xs):
    k = 5
    f = lambda: k
    r = [x + k for x in xs]
    k = 6
    return r, f(), [f() + k + x for x in xs]


@calls("[1, 2]")
def comp_same_name(x):
    f = lambda: x
    return [x for x in x], f(), {x: (lambda: x)() for x in x}


@calls("4")
def generators_share(n):
    k = 2
    g = (i * k for i in range(n))
    k = 3
    return list(g)


@calls("5")
def nested_deeper(a):
    def one(b):
        def two(c):
            nonlocal a
            a += c
            return a, b, c

        return two

    return one(2)(3), a


@calls("6", "0")
def recursive_inner(n):
    def fact(k):
        return 1 if k < 2 else k * fact(k - 1)

    return fact(n)


@calls("1")
def function_attributes(n):
    def f(a: int, b: "str" = 2, /, *c: say, k: n = 3, z=say(4), **d: None) -> list:
        "The doc."
        return a, b, c, k, z, d

    return f.__name__, f.__qualname__, f.__doc__, f.__defaults__, f.__kwdefaults__, f.__annotations__, f.__module__, f(1), f(1, 2, 3, k=5, y=6)


@calls("3")
def lambdas(n):
    f, g = lambda x, *, y=n: x + y, lambda *a, **k: (a, k)
    return f(1), f(1, y=2), g(1, z=2), (lambda: n)(), (lambda: (lambda: n)())()


def mark(text):
    print("mark", text)

    def deco(f):
        print("apply", text, f.__name__)
        f.text = text
        return f

    return deco


@calls("")
def decorated():
    @mark("a")
    @mark("b")
    def inner(x=say(1)):
        return x

    return inner.text, inner()


@calls("")
def decorator_fails():
    @mark("a")
    @(
        mark("b").missing
    )
    def inner():
        pass


@calls("")
def decorator_call_fails():
    @mark
    @mark("b")
    def inner():
        pass

    return inner


@calls("2")
def inner_generator(n):
    def gen():
        for i in range(n):
            yield i
        yield n

    return list(gen())


@calls("[1, 2, 3]")
def two_lambdas_on_a_line(xs):
    return list(map(lambda x: x + 1, filter(lambda x: x > 1, xs))), [lambda: xs[0], lambda: xs[1]][1]()


@calls("[1, 2]")
def two_generators_on_a_line(xs):
    return sum(x for x in xs), max(x * 2 for x in xs), [(lambda: x)() for x in xs] + [(lambda: -x)() for x in xs]


@calls("")
def finally_makes_function():
    fs = []
    for i in range(2):
        try:
            if i:
                continue
        finally:
            fs.append(lambda: i)
    return [f() for f in fs]


class Private:
    __secret = 5

    def __init__(self, x):
        self.__x = x
        self._y = x

    @calls("Private(3)")
    def read(self):
        return self.__x, self.__secret, self._y, self.__class__.__name__

    @calls("Private(3)")
    def write(self):
        self.__x += 1
        self.__z = 2
        del self._y
        return sorted(self.__dict__.items())

    @calls("Private(3)")
    def nested(self):
        def inner(__k=4):
            return self.__x, __k

        __local = [self.__x for __i in range(2)]
        return inner(), __local, sorted(self.__dict__)

    @calls("Private(1)", "5")
    def call(self):
        return self.__hidden(k=1)

    def __hidden(self, k):
        return k, self.__x

    @staticmethod
    @calls("5")
    def static(x):
        return x, Private.__secret

    @calls("Private(1)")
    def uses_class(self):
        return __class__

    @refused
    def uses_super(self):
        return super().__init__()

    @calls("Private(1)")
    def super_with_arguments(self):
        return super(Private, self).__repr__.__name__

    def __repr__(self):
        return f"Private({self.__dict__})"


class _Underscore:
    @calls("_Underscore()")
    def set(self):
        self.__v = 1
        return self.__dict__

    def __repr__(self):
        return "u"


class Outer:
    class Inner:
        @calls("Outer.Inner()")
        def set(self):
            self.__v = 1
            return self.__dict__

        def __repr__(self):
            return "i"


def make_counter(start):
    count = start

    @calls("", "")
    def counter():
        nonlocal count
        count += 1
        print(count)
        count -= 1
        return count

    @calls("", "1")
    def reader(x=None):
        return count if x is None else [count + i for i in range(2)]

    return counter, reader


COUNTERS = make_counter(5)


def make_empty():
    @calls("")
    def empty():
        return later

    @calls("")
    def empty_delete():
        nonlocal later
        del later

    if COUNT:
        later = 1
    return empty, empty_delete


make_empty()

square = calls("3", "'a'")(lambda x: x * x)
pair = calls("1, 2")(lambda a, b=(lambda: 5): (a, b() if callable(b) else b, [a for _ in range(2)]))


@calls("1, 2")
def same_names(a, b):
    def a2(a):
        return [b for b in range(a)]

    b = a2(3)
    return a, b


@calls("5")
def builtin_shadowed(x):
    len = lambda y: y + 1
    print = say
    return len(x), print(x)


@calls("[3, 1]")
def callbacks(xs):
    seen = []

    def key(x):
        seen.append(x)
        return -x

    return sorted(xs, key=key), seen


@calls("5", "'a'")
def walrus_captured(x):
    f = lambda: y
    if (y := x) and [z := x, 1]:
        return f(), z, [q := y for _ in range(1)], q


@calls("3")
def many_scopes(n):
    def f():
        k = n
        return [(lambda: (i, k, n))() for i in range(n) if i < k]

    return f(), {i: [j for j in range(i) if j != n] for i in range(n)}


@calls("Box(v=1)")
def keyword_names_not_mangled(b):
    return b.method(__k=1)


@calls("1")
def variable_in_handler_captured(a):
    try:
        x = 1 // (a - 1)
    except ZeroDivisionError as e:
        f = lambda: e
    try:
        return f()
    except NameError as n:
        return str(n)


@calls("2")
def unicode_names(n):
    größe = n
    ñ = lambda é: é + größe
    return ñ(1)


@calls("[1]", "[]")
def unbound_in_comprehension(xs):
    texts = []
    for kind in range(5):
        try:
            if kind == 0:
                [a for _ in xs]
            elif kind == 1:
                {b for _ in [1] for _ in xs}
            elif kind == 2:
                [[c for _ in xs] for _ in [1]]
            elif kind == 3:
                [1 for _ in c]
            else:
                {i: d for i in xs}
        except NameError as e:
            texts.append((type(e).__name__, str(e), e.name))
    if not xs:
        a = b = c = 1
    try:
        d = xs[2]
    except IndexError:
        pass
    return texts
