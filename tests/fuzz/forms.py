# SPDX-License-Identifier: MIT
"""Loops of a known form for nests.py, with random variations: what the plugin's passes match, and near twins of it.

Searches and extremes with their places, histograms, gathers and scatters, scans, prefix sums, insertion sort, merges,
transposes, stencils, contractions in all orders, with accumulators, factors, triangles and C -= A * B.
"""


def _arrays(nest, rank, floats=None):
    return [a for a, t in nest.arrays.items() if t.rank == rank and a != "at" and floats in (None, nest.is_float(a))]


def _result(nest, name, kind):
    """NAME is returned, too."""
    nest.sums.append((name, kind))


def _value(nest, a, at):
    """a[at], as an int or float of the accumulators' kind."""
    return f"float({a}[{at}])" if nest.is_float(a) else f"int({a}[{at}])"


def _range(nest, n, backwards=0.15):
    r = nest.rng
    if nest.chance(backwards):
        return f"range({n} - 1, -1, -1)"
    return r.choice((f"range({n})", f"range({n})", f"range(1, {n})", f"range({n} - 1)", f"range(0, {n}, {r.choice((1, 2, 3))})"))


# -- One array ------------------------------------------------------------------------------------------------------


def extreme(nest):
    r, names = nest.rng, _arrays(nest, 1)
    if not names:
        return False
    a, m, k = r.choice(names), nest.new("m"), nest.new("k")
    nest.put(f"{m} = {'1e300' if nest.is_float(a) else '9' * r.choice((2, 15))}" if nest.chance(0.5) else
             f"{m} = {_value(nest, a, 0)} if len({a}) > 0 else {'0.0' if nest.is_float(a) else '0'}")
    nest.put(f"{k} = {r.choice(('-1', '0'))}")
    nest.put(f"for i in {_range(nest, f'len({a})')}:")
    how = nest.pick((4, "place"), (3, "if"), (2, "call"), (2, "by place"), (1, "early"))
    op = r.choice("<<>") + r.choice(("", "", "="))
    if how == "call":
        nest.put(f"    {m} = {r.choice(('min', 'max'))}({m}, {_value(nest, a, 'i')})")
    elif how == "by place":
        nest.put(f"    if {a}[i] {op} {a}[{k}]:")
        nest.put(f"        {k} = i")
    else:
        nest.put(f"    if {_value(nest, a, 'i')} {op} {m}:")
        nest.put(f"        {m} = {_value(nest, a, 'i')}")
        if how != "if":
            nest.put(f"        {k} = i")
        if how == "early":
            nest.put("        break")
    _result(nest, m, "float" if nest.is_float(a) else "int")
    _result(nest, k, "int")
    return True


def find(nest):
    r, names = nest.rng, _arrays(nest, 1)
    if not names:
        return False
    a, w = r.choice(names), nest.new("w")
    test = f"{a}[{w}] {r.choice(('!=', '<', '>', '=='))} {r.choice(('0', '1', '3', f'{a}[0]'))}"
    n = r.choice((f"len({a})", f"len({a})", f"len({a}) - 1", f"len({r.choice(names)})"))
    if nest.chance(0.5):
        nest.put(f"{w} = 0")
        nest.put(f"while {w} < {n} and {test}:")
        nest.put(f"    {w} += {r.choice((1, 1, 1, 2))}")
    else:
        nest.put(f"{w} = {r.choice(('0', '7'))}")
        nest.put(f"for i in {_range(nest, n)}:")
        nest.put(f"    if {test.replace(f'[{w}]', '[i]')}:")
        nest.put(f"        {w} = {r.choice(('1', 'i', f'{w} + 1'))}")
        if nest.chance(0.5):
            nest.put("        break")
    _result(nest, w, "int")
    return True


def scan(nest):
    r, names = nest.rng, _arrays(nest, 1)
    if not names:
        return False
    a, b = r.choice(names), r.choice(names)
    by = r.choice((1, 1, 1, 2, 8))
    to = r.choice(("i", "i", f"i - {by}"))
    of = f"i - {by}" if to == "i" else "i"
    op = r.choice("+-*") if nest.is_float(a) else r.choice("+-+^&")
    cast = "" if nest.is_float(a) or not nest.is_float(b) else "int"
    nest.put(f"for i in range({by}, len({a})):" if nest.chance(0.8) else f"for i in range(len({a}) - 1, {by} - 1, -1):")
    nest.put(f"    {a}[{to}] = {a}[{of}] {op} {cast}({b}[i])" + ("" if nest.is_float(a) or nest.chance(0.3) else " & 127"))
    return True


def prefix(nest):
    r, names = nest.rng, _arrays(nest, 1)
    if not names:
        return False
    a, b = r.choice(names), r.choice(names)
    kind = "float" if nest.is_float(a) or nest.is_float(b) else "int"
    s = nest.new("s")
    nest.put(f"{s} = {kind}({r.choice((0, 1))})")
    nest.put(f"for i in {_range(nest, f'len({a})')}:")
    nest.put(f"    {s} {r.choice(('+=', '+=', '-=', '*='))} {_value(nest, a, 'i')}")
    nest.put(f"    {b}[i] = {'int' if kind == 'float' and not nest.is_float(b) else ''}({s})" + (" & 63" if kind == "int" and nest.chance(0.6) else ""))
    _result(nest, s, kind)
    return True


# -- Indices that are data -----------------------------------------------------------------------------------------------


def histogram(nest):
    r, names = nest.rng, _arrays(nest, 1)
    if not names:
        return False
    h, x = r.choice(names), r.choice(["at"] * 3 + names if "at" in nest.arrays else names)
    index = f"int({x}[i]{r.choice(('', ' * 0.5', ' * 2.0'))})" if nest.is_float(x) else r.choice((f"{x}[i]", f"{x}[i] & 3", f"{x}[i] % (len({h}) or 1)"))
    nest.put(f"for i in {_range(nest, f'len({x})')}:")
    what = nest.pick((4, "count"), (2, "scatter"), (3, "gather"), (1, "both"))
    y = r.choice(names)
    cast = "int" if nest.is_float(h) and not nest.is_float(y) else ""
    if what == "count":
        nest.put(f"    {h}[{index}] {r.choice(('+=', '-='))} {r.choice(('1', '1', '2'))}")
    elif what == "scatter":
        nest.put(f"    {h}[{index}] = {'int' if nest.is_float(y) and not nest.is_float(h) else ''}({y}[i])")
    elif what == "gather":
        nest.put(f"    {y}[i] {r.choice(('=', '='))} {cast}({h}[{index}])")
    else:
        nest.put(f"    if {h}[{index}] > {r.choice(('0', '1'))}:")
        nest.put(f"        {h}[{index}] -= 1")
    return True


def sort(nest):
    r, names = nest.rng, _arrays(nest, 1)
    if not names:
        return False
    a, j = r.choice(names), nest.new("j")
    gap = r.choice((1, 1, 2))
    nest.put(f"for i in range({gap}, min(len({a}), 40)):")
    nest.put(f"    v = {a}[i]")
    nest.put(f"    {j} = i")
    nest.put(f"    while {j} >= {gap} and {a}[{j} - {gap}] > v:")
    nest.put(f"        {a}[{j}] = {a}[{j} - {gap}]")
    nest.put(f"        {j} -= {gap}")
    nest.put(f"    {a}[{j}] = v")
    return True


def merge(nest):
    names = _arrays(nest, 1)
    if not names:
        return False
    a, b, c = (nest.rng.choice(names) for _ in range(3))
    i, j, k = nest.new("i"), nest.new("j"), nest.new("k")
    cast = "int" if (nest.is_float(a) or nest.is_float(b)) and not nest.is_float(c) else ""
    nest.put(f"{i} = {j} = {k} = 0")
    nest.put(f"while {i} < len({a}) and {j} < len({b}) and {k} < {nest.rng.choice((f'len({c})', f'len({c}) + 1'))}:")
    nest.put(f"    if {a}[{i}] <= {b}[{j}]:")
    nest.put(f"        {c}[{k}] = {cast}({a}[{i}])")
    nest.put(f"        {i} += 1")
    nest.put("    else:")
    nest.put(f"        {c}[{k}] = {cast}({b}[{j}])")
    nest.put(f"        {j} += 1")
    nest.put(f"    {k} += 1")
    _result(nest, k, "int")
    return True


# -- Two axes ---------------------------------------------------------------------------------------------------------


def transpose(nest):
    names = _arrays(nest, 2)
    if not names:
        return False
    r = nest.rng
    a, b = r.choice(names), r.choice(names)
    cast = "int" if nest.is_float(a) and not nest.is_float(b) else ""
    nest.put(f"for i in {_range(nest, f'{a}.shape[0]')}:")
    nest.put(f"    for j in {r.choice((_range(nest, f'{a}.shape[1]'), 'range(i)', f'range(i, {a}.shape[1])'))}:")
    nest.put(f"        {b}[{r.choice(('j, i', 'j, i', 'i, j'))}] {r.choice(('=', '=', '+='))} {cast}({a}[{r.choice(('i, j', 'i, j', 'j, i'))}])")
    return True


def stencil(nest):
    names = _arrays(nest, 2, True)
    if not names:
        return False
    r = nest.rng
    a, b = r.choice(names), r.choice(names)
    n, m = r.choice((a, b)), r.choice((a, b))
    near = [f"{a}[{x}]" for x in ("i - 1, j", "i + 1, j", "i, j - 1", "i, j + 1", "i, j", "i - 1, j - 1")]
    nest.put(f"for i in range(1, {n}.shape[0] - {r.choice((0, 1, 1, 1))}):")
    nest.put(f"    for j in range(1, {m}.shape[1] - 1):")
    nest.put(f"        {b}[i, j] = {r.choice(('0.25 * ', ''))}({' + '.join(r.sample(near, r.randint(2, 5)))})")
    return True


def contraction(nest):
    r = nest.rng
    names = _arrays(nest, 2, True)
    if not names:
        return False
    a, b, c = r.choice(names), r.choice(names), r.choice(names)
    ia, ib, ic = r.choice(("i, p", "i, p", "p, i")), r.choice(("p, j", "p, j", "j, p")), r.choice(("i, j", "i, j", "j, i"))
    ends = {"i": f"{c}.shape[{ic.split(', ').index('i')}]", "j": f"{c}.shape[{ic.split(', ').index('j')}]",
            "p": f"{a}.shape[{ia.split(', ').index('p')}]"}
    order = r.choice(("ijp", "ijp", "ipj", "jip", "jpi", "pij", "pji"))
    factor = r.choice(("", "", "2.0 * ", f"{nest.floats[0]} * " if nest.floats else ""))
    term, level = f"{factor}{a}[{ia}] * {b}[{ib}]", nest.level
    if nest.chance(0.15):
        ends["j"] = "i + 1" if order.index("i") < order.index("j") else ends["j"]
    accumulate = order[2] == "p" and nest.chance(0.6)
    s = nest.new("s")
    for n, x in enumerate(order):
        if accumulate and n == 2:
            nest.put(f"{s} = {r.choice(('0.0', '0.0', f'{c}[{ic}]', 'kb.f32(0)'))}")
        if order[n:] == "p" and not accumulate and nest.chance(0.3):
            nest.put(f"{c}[{ic}] {r.choice(('= 0.0', '*= 0.5'))}")
        nest.put(f"for {x} in range({ends[x]}):" if nest.chance(0.85) else f"for {x} in range({ends[x]} - 1, -1, -1):")
        nest.level += 1
    if accumulate:
        nest.put(f"{s} {r.choice(('+=', '+=', '-='))} {term}")
        nest.level -= 1
        nest.put(f"{c}[{ic}] {r.choice(('=', '=', '+=', '-='))} {r.choice(('', '', '0.5 * '))}{s}")
    else:
        nest.put(f"{c}[{ic}] {r.choice(('+=', '+=', '-='))} {term}")
    nest.level = level
    return True


FORMS = ((4, extreme), (3, find), (3, scan), (2, prefix), (4, histogram), (1, sort), (1, merge), (3, transpose), (2, stencil), (4, contraction))


def put(nest):
    """Puts one of the forms, perhaps in a loop. False: the arrays of NEST suit none that was tried."""
    start = len(nest.lines)
    again = nest.chance(0.2)
    if again:
        nest.put(f"for t in range({nest.rng.choice((1, 2, 3))}):")
        nest.level += 1
    done = any(nest.pick(*FORMS)(nest) for _ in range(4))
    nest.level -= again
    if not done:
        del nest.lines[start:]
    return done
