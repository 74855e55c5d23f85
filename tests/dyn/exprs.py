# SPDX-License-Identifier: MIT
"""Expressions, displays, calls, assignment."""

import math

from dyntest import Box, Loud, calls, fail, refused, say

LIMIT = 10
TEXT = "text"


@calls("1, 2", "1.5, 2", "'a', 'b'", "[1], [2]", "1, 'x'", "None, 1", "2**70, 1", "Loud('a'), Loud('b')")
def add(a, b):
    return a + b


@calls("7, 2", "-7, 2", "7.5, -2", "1, 0", "2**100, 3", "5, 2.0", "-1, 70")
def arithmetic(a, b):
    return [a - b, a * b, a / b, a // b, a % b, -a, +b, a**2, divmod(a, b)]


@calls("6, 3", "2**80, 65", "1, -1", "1.0, 2", "True, False")
def bits(a, b):
    return (a & b, a | b, a ^ b, a << b, a >> b, ~a)


@calls("Loud('a'), Loud('b')", "1, 2")
def matmul(a, b):
    return a @ b


@calls("[1], [2]", "1, 2", "'a', 'b'", "Loud('a'), 1", "(1,), (2,)", "[1], 2", "2**63 - 1, 1")
def augmented(a, b):
    c = a
    c += b
    return a, c, a is c


@calls("3, 4", "3.0, 2", "'ab', 3", "1, 'x'", "9, 0")
def augmented_all(a, b):
    x = a
    x -= b
    x *= b
    x **= 2
    x //= b
    x %= 1000
    x /= b
    return x


@calls("12, 5", "1, -1")
def augmented_bits(a, b):
    x = a
    x <<= b
    x |= 3
    x &= 0xFF
    x ^= b
    x >>= 1
    return x


@calls("Box(x=1, y=[1])", "Box(x=1)", "Box()", "None")
def augmented_attribute(o):
    o.x += 1
    o.y += [2]
    return o


@calls("[1, 2, 3], 0", "{0: 5}, 0", "[], 0", "Loud('l'), 7", "(1, 2), 1", "[[1]], 0")
def augmented_item(x, i):
    x[i] += 1 if not isinstance(x[i], list) else [1]
    return x


@calls("Loud('x')")
def augmented_once(x):
    say(x)[say(1)] += say(2)
    say(x)[say(1), say(2)] += say(3)


@calls("1, 2, 3", "3, 2, 1", "1, 'a', 2", "1, 1.0, True", "Loud('a'), Loud('b'), Loud('c')", "Loud('a', False), Loud('b'), 1",
       "float('nan'), 1, 2")
def comparisons(a, b, c):
    return [a < b < c, a <= b <= c, a == b == c, a < b, a == c, a is b, a is not c]


@calls("1, 1, 2", "2, 1, 1", "Loud('a'), Loud('b'), Loud('c')", "Loud('a', False), Loud('b', False), Loud('c')")
def chain_if(a, b, c):
    if a < b < c:
        return "in"
    return "out"


@calls("Loud('a'), Loud('b'), Loud('c')")
def chain_once(a, b, c):
    return say(a) < say(b) <= say(c)


@calls("1, [1, 2]", "3, (1, 2)", "'a', 'abc'", "1, 'abc'", "1, {1: 2}", "1, 5", "[], {1}", "2, Loud('l')", "2, Loud('l', False)")
def contains(x, c):
    return x in c, x not in c


@calls("1", "2.0", "'a'", "[]", "None", "'(1, 2)'")
def contains_constants(x):
    return x in (1, 2, 3), x in [1, "a"], x in {1, 2, None}, x not in {1, 2}, x in ()


@calls("0, 1", "1, 0", "'', []", "Loud('a'), Loud('b')", "Loud('a', False), Loud('b', False)")
def logic(a, b):
    return (a and b), (a or b), not a, not b, (a and b or 5), (a or b) and 6, not (a and b)


@calls("Loud('a'), Loud('b'), Loud('c')", "Loud('a', False), Loud('b'), Loud('c', False)", "Loud('a', False), Loud('b', False), Loud('c')")
def logic_nested(a, b, c):
    x = (a and b) or c
    y = a or (b and c)
    if (a and b) or not c:
        z = 1
    else:
        z = 2
    while not (a or b):
        z += 5
        break
    return x, y, z


@calls("0", "1", "Loud('t')", "Loud('f', False)")
def conditional(a):
    return "yes" if a else "no", ("x" if a else "y") if not a else (1 if a else 2)


@calls("1, 0", "0, 1", "Loud('a'), Loud('b', False)")
def conditional_condition(a, b):
    if (a if b else not a):
        return 1
    return 0 if (b if a else a) else 3


@calls("")
def constants():
    return [1, 1.5, True, None, "text", b"bytes", 2j, ..., 10**30, -5, -2.5, (), (1, (2, "x")), "nul\0byte", "\ud800", "\u20ac", -0.0, 1e400]


@calls("")
def constant_folding():
    return [2**100, 1 << 70, 1 + 2j, 3 * 4 - 1, 7 // 2, -7 % 3, 1 / 4, 2**-1, -(2**63), 2**63]


@calls("")
def constant_division():
    return 1 // 0


@calls("[1, 2, 3, 4, 5]", "'hello'", "(1, 2, 3, 4)", "5", "Loud('l')")
def slices(x):
    return [x[1:3], x[:2], x[2:], x[:], x[::2], x[::-1], x[-2:], x[1:-1:2]]


@calls("[1, 2, 3], 0, 2", "[1, 2, 3], None, None", "[1], 'a', 1", "range(10), 2, 5")
def slice_values(x, a, b):
    return x[a:b], x[a:], x[:b]


@calls("[1, 2, 3, 4]", "(1, 2)", "Loud('l')")
def slice_store(x):
    x[1:2] = [7, 8, 9]
    x[::2] = x[::2]
    del x[0:1]
    x[:1] += [5]
    return x


@calls("{}", "Loud('l')", "[]", "{(1, 2): 5}")
def tuple_index(d):
    d[1, 2] = 3
    d[1, (2, 3)] = 4
    d[(1,)] = 5
    d[()] = 6
    d[1:2, 3] = 7 if isinstance(d, Loud) else 7
    return d


@calls("Loud('l')", "{1: 1}")
def tuple_index_read(d):
    return d[1, 2], d[1:2, ...], d[say(1), say(2), say(3), say(4), say(5)], d[*[1, 2], 3]


@calls("[1, 2, 3], 1", "[1, 2], 5", "[1, 2], -1", "[1], 'a'", "{'a': 1}, 'a'", "{}, 'k'", "5, 0", "'abc', 1", "(1, 2), True", "[1], None")
def item(x, i):
    return x[i]


@calls("[1, 2], 0, 9", "[1], 3, 1", "{}, 'a', 1", "(1,), 0, 1", "{}, [], 1", "'ab', 0, 'c'", "bytearray(3), 0, 300")
def set_item(x, i, v):
    x[i] = v
    return x


@calls("[1, 2, 3], 1", "[1], 5", "{'a': 1}, 'a'", "{}, 1", "(1, 2), 0", "Loud('l'), 3")
def del_item(x, i):
    del x[i]
    return x


@calls("Box(a=1)", "Box()", "5", "Loud('l')")
def attributes(o):
    x = o.a
    o.b = x
    del o.a
    return o, hasattr(o, "a")


@calls("Box(a=Box(b=Box(c=3)))", "None")
def attribute_chain(o):
    o.a.b.c = o.a.b.c + 1
    return o.a.b.c


@calls("5", "'x'", "[]")
def attribute_missing(o):
    return o.missing


@calls("'Hello World'", "5", "b'ab'")
def methods(s):
    return s.upper(), s.split(" ", 1), s.split(sep="o", maxsplit=1), s.replace("l", "L").lower()


@calls("Box()", "Loud('l')")
def method_keywords(o):
    return o.method(1, 2, a=3, b=4), o.method(), o.method(*[1, 2], **{"z": 1}), o.method(x=1, **{"y": 2})


@calls("3", "1, 2", "")
def call_global(*args):
    return helper(*args)


def helper(a, b=5, *rest, k=1, **more):
    return a, b, rest, k, more


@calls("1", "2, 3", "'a', 'b', 'c'")
def call_keywords(a, *rest):
    return helper(a, k=2), helper(*rest, k=3, z=4) if rest else None, helper(b=a, a=0)


@calls("[1, 2], {'k': 5}", "(), {'a': 1}", "'ab', {}", "5, {}", "[1], 5", "[1], {'a': 2}", "[1], {1: 2}", "range(3), {'q': 1, 'k': 2}", "[], {}")
def call_stars(args, kwargs):
    return helper(*args, **kwargs)


@calls("[1], [2, 3], {'k': 1}", "[], [], {}", "[1], 5, {}", "5, [], {}", "[1], [], {'x': 1}")
def call_many_stars(a, b, k):
    return helper(0, *a, 9, *b, x=1, **k, y=2)


@calls("{'a': 1}, {'k': 2}", "{'a': 1}, {'a': 2}", "{'a': 1}, 5", "{}, {'a': 1, 'x': 2}")
def call_two_mappings(a, b):
    return helper(**a, **b)


@calls("")
def call_duplicate():
    return helper(1, **{"x": 2}, x=3)


@calls("Loud('f')")
def call_order(f):
    return say(f)(say(1), *say([2]), say(3), k=say(4), **say({"z": 5}), y=say(6))


@calls("1", "None")
def call_not_callable(x):
    return x(1)


@calls("")
def call_undefined():
    return undefined_function(1)


@calls("[3, 1, 2]", "5", "'abc'")
def builtins(x):
    return len(x), sorted(x), max(x), min(x), list(reversed(x)), list(enumerate(x)), list(zip(x, x)), sum([1, 2]), isinstance(x, list)


@calls("2.0", "'a'", "-1")
def module_call(x):
    return math.sqrt(x), math.pi


@calls("[1, 2]", "(1, 2)", "{1: 2}.items()", "5", "[]", "'ab'", "[1, 2, 3]")
def unpack_two(x):
    a, b = x
    return b, a


@calls("[1, (2, 3)]", "[1, 2]", "[1, (2,)]", "[(1, 2), 3]")
def unpack_nested(x):
    a, (b, c) = x
    return a, b, c


@calls("[1, 2, 3, 4]", "[1]", "[1, 2]", "'abc'", "5", "range(5)", "iter([1, 2, 3])")
def unpack_star(x):
    a, *b, c = x
    return a, b, c


@calls("[1, 2, 3]", "[]")
def unpack_star_first(x):
    *a, = x
    [*b] = x
    *c, d = x
    return a, b, c, d


@calls("Loud('x'), Loud('y')")
def assign_order(x, y):
    say(x)[say(0)] = say(y)[say(1)] = say(5)
    x.a, y[say(2)] = say((1, 2))


@calls("1, 2", "[], {}")
def swap(a, b):
    a, b = b, a
    a = b = [a, b]
    return a, b, a is b


@calls("5", "[1, 2, 3]", "''")
def walrus(x):
    if (n := x) and (m := n):
        return n, m
    return n, [y := 1, y + 1, y]


@calls("[1, 2], (3,), {4: 5}", "5, (), {}", "[], [], []", "[1], 'ab', 5")
def star_displays(a, b, c):
    return [*a, 0, *b], (*a, 1, *c), {*a, *b, 9}


@calls("{'a': 1}, {'b': 2}", "{}, {'a': 1}", "5, {}", "[], {}", "{'a': 1}, [(1, 2)]")
def dict_displays(a, b):
    return {**a, "x": 1, **b}, {"x": 0, **a}, {1: a, "k": [b]}, {}


@calls("[]", "1", "{}")
def dict_unhashable(k):
    return {k: 1, say(2): say(3)}


@calls("1, 1.0", "[], 1")
def set_display(a, b):
    return {a, b, say(3)}


@calls("")
def big_displays():
    d = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11, 12: 12, 13: 13, 14: 14, 15: 15, 16: 16, 17: 17, 18: say(18)}
    s = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, say(32)}
    return d, s, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, say(32)]


@calls("5, 10", "'a', 5", "Loud('l'), 'x'", "3.14159, '.2'", "None, ''")
def fstrings(x, w):
    return f"{x}", f"a{x}b{w}c", f"{x!r:>{w}}|" if isinstance(w, int) else f"{x!s}", f"{x=}", f"{{}}", f"", f"{x!a}" f"{w}" "tail"


@calls("3.14159, 10, 3", "7, 4, 1", "'s', 5, 1")
def fstring_specs(x, w, p):
    return f"{x:{w}.{p}f}", f"{x:>{w}}", f"{x:{'<'}{w}}"


@calls("Loud('v'), Loud('w')")
def fstring_order(v, w):
    return f"{say(v)!s:{say(w)}}{say(v)}{say(1)!r:>{say(5)}}"


@calls("1, 'a'", "'%', 2")
def percent(a, b):
    return "%s and %r" % (a, b), "%s" % a, "%d%%" % 5


@calls("10", "-1", "0")
def globals_read(n):
    return n < LIMIT, TEXT, LIMIT + n


@calls("[1, 2, 3]", "[]", "5", "'ab'")
def list_comp(xs):
    return [x + x for x in xs], [x for x in xs if x != 2], [(x, y) for x in xs for y in xs if x != y]


@calls("[1, 2, 3]", "[[]]", "5")
def other_comps(xs):
    return {x for x in xs}, {x: x * 2 for x in xs if x}, [[y for y in range(x)] for x in xs]


@calls("[[1, 2], [3]]", "[1]")
def nested_comp(xs):
    return [y for x in xs for y in x], [[y + 1 for y in x] for x in xs]


@calls("[1, 2]")
def comp_scope(xs):
    x = "outer"
    r = [x for x in xs]
    return x, r, [x for y in xs]


@calls("[1, 2, 3]", "[]")
def comp_walrus(xs):
    r = [last := x for x in xs if x > 1]
    return r, last


@calls("[1, 2]")
def comp_unbound(xs):
    return [z for x in xs if z for z in [x]]


@calls("[(1, 2), (3, 4)]", "[1]")
def comp_unpack(xs):
    return [a + b for a, b in xs], {a: b for a, *b in xs}


@calls("5", "0")
def generator_expression(n):
    g = (i * i for i in range(n) if i % 2)
    return sum(g), list(i for i in range(n)), any(i == 3 for i in range(n))


@calls("[1, 2]", "5", "None")
def generator_argument(xs):
    k = 10
    return sum(x * k for x in xs)


@calls("Loud('a'), Loud('b'), Loud('c')")
def evaluation_order(a, b, c):
    return [say(a) + say(b) * say(c), (say(1), say(2)), {say(3): say(4), say(5): say(6)}, say(a)[say(1):say(2):say(3)]]


@calls("[1, 2, 3]")
def ellipsis_index(x):
    return x[...]


@calls("1, 2", "'a', 2")
def many_lines(a, b):
    return (
        a
        +
        b
    )


@calls("Box(x=None)", "None")
def many_lines_method(o):
    return (
        o
        .method(
            1,
        )[0]
        .x
        .missing(
            2,
        )
    )


@calls("'a'", "5")
def many_lines_call(x):
    return helper(
        x,
        int(
            x
        ),
        undefined=
        1,
    )


@calls("[1], 'k'", "{}, 1")
def many_lines_index(x, k):
    return x[
        k
    ]


@calls("1", "'a'")
def many_lines_compare(x):
    y = (x <
         1)
    return y if (
        x >
        None
    ) else 1


@calls("5")
def annotated(x):
    y: int = x
    z: "nothing at all"
    Box(a=1).b: undefined_name = y
    return y


@refused
def uses_locals(x):
    return locals()


@refused
def uses_exec(x):
    exec("x = 2")
    return x


@refused
def uses_eval(x):
    return eval("x")


@refused
def generator(x):
    yield x


@refused
async def coroutine(x):
    return x


@refused
def makes_class(x):
    class C:
        pass

    return C


@refused
def matches(x):
    match x:
        case 1:
            return 1


@refused
def dir_of_frame(x):
    return dir()


@calls("5")
def dir_of_object(x):
    return "real" in dir(x), vars(Box(a=1))


@calls("3")
def many_arguments(n):
    return max(n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32)


@calls("[5, 3, 8]")
def sort_key(xs):
    return sorted(xs, key=lambda x: -x), xs.sort(reverse=True), xs


@calls("'abc'", "''", "'a'")
def string_loop(s):
    out = ""
    for c in s:
        out = c + out
    return out, out == s, s.join(["1", "2"])


@calls("ValueError('x')")
def raising_call(e):
    return [
        1,
        fail(e),
    ]


@calls("1.5, 2", "1, 2.5", "True, 1", "7, 2")
def inplace_bits(a, b):
    texts = []
    for op in range(5):
        x = a
        try:
            if op == 0:
                x |= b
            elif op == 1:
                x &= b
            elif op == 2:
                x ^= b
            elif op == 3:
                x <<= b
            else:
                x >>= b
            texts.append(x)
        except TypeError as e:
            texts.append(str(e))
    return texts
