# SPDX-License-Identifier: MIT
"""Loops, exceptions, with, and the ways out of them."""

import sys

from dyntest import Box, Loud, Manager, calls, fail, refused, say


@calls("[1, 2, 3]", "[]", "'ab'", "{1: 2}", "5", "range(3)", "iter([1])")
def for_loop(xs):
    n = []
    for x in xs:
        n.append(x)
    return n, xs


@calls("[1, 2, 3]", "[]")
def loop_variable(xs):
    for x in xs:
        pass
    return x


@calls("[1, 2, 3, 4]", "[2]", "[]", "[1, 3]")
def for_else(xs):
    for x in xs:
        if x == 2:
            break
    else:
        return "none"
    return "found", x


@calls("10", "0", "-1")
def while_else(n):
    k = 0
    while n > 0:
        n -= 1
        if n % 2:
            continue
        k += n
        if k > 15:
            break
    else:
        k = -k
    return n, k


@calls("5")
def while_true(n):
    while True:
        n += 1
        if n > 10:
            return n


@calls("5")
def while_one_break(n):
    while 1:
        n *= 2
        if n > 50:
            break
    return n


@calls("[[1, 2], [3, 4]]", "[[1], 5]")
def nested_loops(xs):
    out = []
    for row in xs:
        for x in row:
            if x == 3:
                continue
            if x == 2:
                break
            out.append(x)
        else:
            out.append("end")
    return out


@calls("[(1, (2, 3)), (4, (5, 6))]", "[1]", "[(1, 2)]")
def loop_targets(xs):
    b = Box()
    d = {}
    for b.a, (d["x"], c) in xs:
        say((b, d, c))
    return b, d


@calls("[1, 2, 3]")
def loop_changes(xs):
    for x in xs:
        if len(xs) < 6:
            xs.append(x * 10)
    return xs


@calls("{1: 1, 2: 2}")
def loop_dict_changes(d):
    for k in d:
        d[k + 10] = 1
    return d


@calls("40", "0", "3")
def big_product(n):
    p = 1
    for i in range(n):
        p *= 4
    return p


@calls("[2**62, 2**62, 2**62, -(2**63)]", "[1, 2.5, 3]", "[1, 'a']")
def sum_past(xs):
    s = 0
    for x in xs:
        s += x
    return s


@calls("[1, 2]", "[3]")
def enumerate_zip(xs):
    r = []
    for i, x in enumerate(xs, 5):
        r.append((i, x))
    for a, (b, c) in zip(xs, r):
        r.append((a, b, c))
        if len(r) > 5:
            break
    return r


@calls("5", "0", "'a'")
def range_loop(n):
    s = 0
    for i in range(0, n, 2):
        s = s + i
    for i in range(n, 0, -1):
        s = s * 2 - i
    return s


@calls("10, 2", "10, 0", "'a', 1", "1, 'b'")
def try_divide(a, b):
    try:
        r = a / b
    except ZeroDivisionError:
        r = "zero"
    except TypeError as e:
        r = str(e)
    else:
        r = r, "fine"
    return r


@calls("1", "0", "None")
def try_variables(a):
    x = "before"
    try:
        x = "inside"
        x = 1 / a
        y = "done"
    except ZeroDivisionError:
        y = x
    return x, y


@calls("1", "0")
def try_unbound(a):
    try:
        x = 1 // a
    except ZeroDivisionError:
        pass
    return x


@calls("ValueError('v')", "KeyError('k')", "TypeError()", "KeyboardInterrupt()", "OSError(2, 'm')")
def try_classes(e):
    try:
        fail(e)
    except (ValueError, KeyError) as x:
        return "two", x.args
    except OSError as x:
        return "os", x.errno
    except Exception as x:
        return "any", type(x)


@calls("ValueError('v')", "KeyError('k')")
def try_bare(e):
    try:
        raise e
    except ValueError:
        return 1
    except:
        return sys.exc_info()[0]


@calls("ValueError('v')")
def try_name_is_gone(e):
    try:
        raise e
    except ValueError as x:
        pass
    return x


@calls("ValueError('v')")
def try_name_deleted(e):
    x = 1
    try:
        raise e
    except ValueError as x:
        del x
    return x


@calls("ValueError('v')")
def try_name_kept(e):
    try:
        raise e
    except ValueError as x:
        y = x
    return y, y.__traceback__ is not None


@calls("[1, 0, 2, 'a', None]", "[]", "[[]]")
def try_in_loop(xs):
    good, bad = 0, []
    for x in xs:
        try:
            good += 10 // x
        except ZeroDivisionError:
            bad.append("zero")
            continue
        except TypeError as e:
            bad.append(str(e))
            if x is None:
                break
        else:
            good += 1
        finally:
            bad.append("f")
        good += 100
    return good, bad


@calls("0", "1")
def try_finally(a):
    try:
        print("body")
        return 1 // a
    finally:
        print("finally")


@calls("0", "1", "2")
def finally_returns(a):
    try:
        if a == 2:
            return "body"
        return 1 // a
    finally:
        if a != 1:
            return "finally"


@calls("0", "1")
def finally_swallows_in_loop(a):
    for i in range(3):
        try:
            1 // a
            print("ok", i)
        finally:
            if i < 2:
                continue
            break
    return i


@calls("0", "1")
def finally_variable(a):
    x = 1
    try:
        x = 2
        x = 10 // a
        x = 3
    finally:
        print(x)
    return x


@calls("1", "0", "None")
def finally_nested(a):
    r = []
    try:
        try:
            r.append(1 // a)
        finally:
            r.append("inner")
    except ZeroDivisionError:
        r.append("caught")
    finally:
        r.append("outer")
    return r


@calls("1", "0", "'a'")
def try_all(a):
    try:
        print(1 / a)
    except ZeroDivisionError as e:
        print("except", e)
        return "e"
    else:
        print("else")
        return "l"
    finally:
        print("finally")


@calls("0", "1")
def else_raises(a):
    try:
        pass
    except ZeroDivisionError:
        return "not here"
    else:
        return 1 // a
    finally:
        print("f")


@calls("")
def context_implicit():
    try:
        1 // 0
    except ZeroDivisionError:
        undefined_name


@calls("")
def context_explicit():
    try:
        1 // 0
    except ZeroDivisionError as e:
        raise ValueError("x") from e


@calls("")
def context_none():
    try:
        1 // 0
    except ZeroDivisionError as e:
        raise ValueError("x") from None


@calls("")
def context_in_finally():
    try:
        1 // 0
    finally:
        [][1]


@calls("")
def context_nested():
    try:
        try:
            1 // 0
        except ZeroDivisionError as e:
            raise KeyError("k")
    except KeyError as k:
        print(repr(k.__context__))
        try:
            raise TypeError
        except TypeError as t:
            print(repr(t.__context__))
        print(sys.exc_info()[1] is k)
        raise


@calls("")
def context_after():
    try:
        1 // 0
    except ZeroDivisionError:
        pass
    try:
        raise KeyError("k")
    except KeyError as k:
        return k.__context__, sys.exc_info()[0]


@calls("")
def exc_info_levels():
    seen = [sys.exc_info()[0]]
    try:
        raise ValueError
    except ValueError:
        seen.append(sys.exc_info()[0])
        try:
            raise KeyError
        except KeyError:
            seen.append(sys.exc_info()[0])
        seen.append(sys.exc_info()[0])
    seen.append(sys.exc_info()[0])
    for x in range(2):
        try:
            raise TypeError
        except TypeError:
            continue
        finally:
            seen.append(sys.exc_info()[0])
    seen.append(sys.exc_info()[0])
    return seen


def handled():
    return sys.exc_info()[1]


@calls("")
def exc_info_in_callee():
    try:
        raise ValueError("v")
    except ValueError as e:
        inside = handled() is e
    return inside, handled()


@calls("")
def return_from_handler():
    try:
        raise ValueError("v")
    except ValueError as e:
        return handled()


@calls("")
def break_from_handler():
    for i in range(3):
        try:
            raise ValueError(i)
        except ValueError as e:
            break
    return i, handled()


@calls("")
def reraise():
    try:
        1 // 0
    except ZeroDivisionError:
        raise


@calls("")
def reraise_named():
    try:
        1 // 0
    except ZeroDivisionError as e:
        raise e


@calls("")
def reraise_nothing():
    raise


@calls("")
def reraise_after():
    try:
        1 // 0
    except ZeroDivisionError:
        pass
    raise


@calls("")
def reraise_inner():
    try:
        1 // 0
    except ZeroDivisionError:
        try:
            raise KeyError
        except KeyError:
            pass
        raise


@calls("ValueError", "ValueError('x')", "5", "int", "None", "BaseException")
def raise_values(e):
    raise e


@calls("ValueError('x'), KeyError('k')", "ValueError('x'), None", "ValueError, KeyError", "ValueError('x'), 5")
def raise_from(e, cause):
    raise e from cause


@calls("5", "None", "int", "(ValueError, 5)")
def except_bad_class(c):
    try:
        raise ValueError("v")
    except c:
        return 1


@calls("5", "(5,)")
def except_class_not_asked(c):
    try:
        x = 1
    except c:
        return 1
    return x


@calls("1", "0", "''")
def assertion(x):
    assert x
    return x


@calls("1", "0")
def assertion_message(x):
    assert x, f"message {x}"
    assert (
        x
        and
        not x
    ), "second"


@calls("")
def assertion_shadowed():
    AssertionError = ValueError
    assert False, AssertionError


@calls("0", "1")
def with_plain(a):
    with Manager("m") as m:
        print(m)
        return 1 // a


@calls("0", "1")
def with_swallow(a):
    x = "before"
    with Manager("m", ZeroDivisionError):
        x = "inside"
        x = 1 // a
    return x


@calls("0", "1", "None")
def with_two(a):
    with Manager("a", TypeError) as x, Manager("b", ZeroDivisionError) as y:
        print(x, y)
        r = 1 // a
    return "end"


@calls("")
def with_enter_fails():
    with Manager("a", ValueError), Manager("b", enter=ValueError("enter")):
        print("never")
    return "swallowed"


@calls("")
def with_leave_fails():
    with Manager("a", leave=KeyError("leave")):
        1 // 0


@calls("")
def with_leave_fails_after():
    with Manager("a", leave=KeyError("leave")):
        pass


@calls("5", "Box()", "Box(__enter__=1)")
def with_no_manager(x):
    with x:
        pass


@calls("3")
def with_in_loop(n):
    out = []
    for i in range(n):
        with Manager(i):
            if i == 0:
                continue
            if i == 2:
                break
            out.append(i)
    return out


@calls("0", "1")
def with_and_finally(a):
    try:
        with Manager("m"):
            try:
                return 1 // a
            finally:
                print("inner")
    except ZeroDivisionError:
        return "zero"
    finally:
        print("outer")


@calls("[1, 2]", "[1]")
def with_target(xs):
    d = {}
    with Manager((1, 2)) as (a, b), Manager(5) as d["k"]:
        xs.append(a + b)
    return d, xs


@calls("1", "0")
def with_many_lines(a):
    with (
        Manager("x"),
        Manager("y") as y,
    ):
        print(y)
        1 // a


@calls("")
def with_handled():
    with Manager("m", ValueError):
        raise ValueError
    return handled()


@calls("3")
def return_in_loops(n):
    for i in range(n):
        for j in range(n):
            try:
                if i * j == 2:
                    return i, j
            finally:
                print(i, j)


@calls("0", "5")
def early_return(n):
    if not n:
        return
    if n > 3:
        return "big"
        print("never")


@calls("1")
def dead_code(x):
    return x
    for y in x:
        print((lambda: y)())


@calls("1")
def dead_branch(x):
    if 0:
        y = (lambda: x)
    if False and x:
        z = 1
    while 0:
        x = 5
    if __debug__:
        x += 1
    return x


@calls("1", "0")
def unbound_if(a):
    if a:
        x = 1
    return x


@calls("0")
def unbound_delete(a):
    if a:
        x = 1
    del x


@calls("1")
def delete_local(a):
    b = a
    del a
    print(b)
    return a


@calls("[1, 2]")
def delete_in_loop(xs):
    for x in xs:
        y = x
        del y
    try:
        return y
    except NameError as e:
        return type(e), str(e)


@calls("Box(a=1)", "{}")
def delete_many(o):
    x, y = 1, [1, 2]
    del x, (y[0], o.a)
    return y, o


@calls("1")
def delete_and_set(a):
    del a
    a = 2
    return a


class Freed:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("freed", self.name)


@calls("")
def delete_frees():
    x = Freed("x")
    print("have")
    del x
    print("had")


@calls("1, 2", "2, 0", "'a', 1")
def locals_through_handlers(a, b):
    i = 0
    k = a
    while i < 3:
        try:
            k = k + 1
            i += 1
            k = k // (b - i)
        except ZeroDivisionError:
            k = -k
    return i, k


@calls("3", "0")
def recursion(n):
    if n == 0:
        return 1 // n
    return recursion(n - 1)


@calls("'x'", "5")
def try_nested_functions(x):
    def inner(y):
        try:
            return int(y)
        except ValueError as e:
            raise RuntimeError("no") from e

    try:
        return inner(x)
    except RuntimeError as e:
        return repr(e), repr(e.__cause__)


@calls("5")
def import_statement(x):
    import math
    import os.path
    import os.path as p
    import collections.abc as c, string
    from math import sqrt, floor as f
    from os import path

    return math.floor(x), os.path is p, c.__name__, string.digits, sqrt(4), f(1.5), path is p


@calls("")
def import_fails():
    import no_such_module_anywhere


@calls("")
def import_name_fails():
    from math import no_such_name


@calls("")
def import_caught():
    try:
        import no_such_module_anywhere as m
    except ImportError as e:
        m = None
    return m


@refused
def try_star(x):
    try:
        pass
    except* ValueError:
        pass


@calls("[3, 0, 'a']")
def handlers_in_handlers(xs):
    out = []
    for x in xs:
        try:
            out.append(1 // x)
        except ZeroDivisionError as e:
            try:
                out.append([][1])
            except IndexError as f:
                out.append((str(e), str(f), f.__context__ is e))
        except TypeError:
            try:
                raise
            except TypeError as g:
                out.append(str(g))
            finally:
                out.append("fin")
    return out


@calls("Loud('t')", "Loud('f', False)", "[]", "'x'")
def truths(x):
    if x:
        r = 1
    elif not x:
        r = 2
    while not x:
        r += 10
        break
    return r


@calls("[1, 2, 3, 4, 5, 6]")
def return_many_ways(xs):
    for x in xs:
        try:
            if x == 1:
                continue
            try:
                if x == 2:
                    continue
                if x == 5:
                    return "five"
            finally:
                print("in", x)
                if x == 3:
                    continue
            print("after", x)
        finally:
            print("out", x)


@calls("")
def lives_until_rebound():
    x = Freed("x")
    print("have")
    x = None
    print("had")
    Freed("temporary")
    y = Freed("y").name
    print("y", y)


@calls("2")
def lives_in_loop(n):
    for i in range(n):
        print("turn", i)
        z = Freed(i)
        print("made", i)
    print("end")


@calls("1", "0")
def lives_in_region(a):
    try:
        t = Freed("region")
        name = t.name
        print("use", name, 1 // a)
    except ZeroDivisionError as e:
        print("caught", name)
    print("end")


@calls("")
def exception_is_let_go():
    try:
        raise ValueError(Freed("exception"))
    except ValueError as e:
        print("caught")
    print("after")


@calls("3")
def lives_to_the_end(n):
    t = Freed("folder")
    name = t.name
    while n:
        n -= 1
        print(name, n)
    a = b = Freed("two")
    a = 1
    print("b has it")
    b = 2
    print("nobody has it")


@calls("0", "1", "2", "3", "4")
def iterators_live(kind):
    def gen(name):
        try:
            yield 1
            yield 2
            yield 3
        finally:
            print("closed", name)

    for x in gen("outer"):
        try:
            for y in gen("inner"):
                try:
                    if kind == 0:
                        break
                    if kind == 1:
                        return print("value")
                    if kind == 2:
                        raise ValueError(print("raising"))
                    if kind == 3:
                        y = x // (y - 1)
                finally:
                    print("finally inside", y)
            print("after inner")
            if kind == 4:
                try:
                    x += "1"
                except 0 as e:
                    pass
        except ValueError:
            print("handled")
            break
        finally:
            print("finally outside")
    return x
