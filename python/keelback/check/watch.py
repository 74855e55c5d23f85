# SPDX-License-Identifier: MIT
"""May a compiled kernel give up on this input ("... not available yet")?

Only where an int leaves what typed code holds for sure, or a power is no int or float. The reference runs once more,
with every intermediate result looked at: past 2**53, where an int is no longer a float too, giving up is allowed.
A kernel that gives up on anything smaller is reported: it could do so on every input.
"""
import ast
import copy
import inspect
import textwrap

LIMIT = 1 << 53


class Watcher:
    """Looks at values while a reference runs."""

    def __init__(self):
        self.seen = False

    def value(self, v):
        if isinstance(v, int):
            self.seen = self.seen or not -LIMIT <= v <= LIMIT
        elif isinstance(v, complex):
            self.seen = True
        elif isinstance(v, tuple):
            for w in v:
                self.value(w)
        return v

    def each(self, items):
        for v in items:
            yield self.value(v)

    def power(self, a, b):
        if isinstance(a, int) and isinstance(b, int) and b < 0:
            self.seen = True
        return self.value(a ** b)

    def pow(self, a, b, m=None):
        if isinstance(b, int) and b < 0:
            self.seen = True
        return self.value(self.power(a, b) if m is None else pow(a, b, m))

    def sum(self, items, start=0):
        s = self.value(start)
        for v in items:
            s = self.value(s + self.value(v))
        return s

    def least(self, *items):
        return min(*items) if len(items) > 1 else min(self.each(items[0]))

    def greatest(self, *items):
        return max(*items) if len(items) > 1 else max(self.each(items[0]))


def _call(name, *args):
    return ast.Call(ast.Attribute(ast.Name("__kb_watch", ast.Load()), name, ast.Load()), list(args), [])


class _Instrument(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        return _call("power", node.left, node.right) if isinstance(node.op, ast.Pow) else _call("value", node)

    def _seen(self, node):
        self.generic_visit(node)
        return _call("value", node)
    visit_UnaryOp = visit_Call = _seen

    def visit_Subscript(self, node):
        self.generic_visit(node)
        return _call("value", node) if isinstance(node.ctx, ast.Load) else node

    def visit_For(self, node):
        self.generic_visit(node)
        node.iter = _call("each", node.iter)
        return node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        target = copy.deepcopy(node.target)
        target.ctx = ast.Load()
        if isinstance(node.op, ast.Pow):
            return ast.Assign([node.target], _call("power", target, node.value))
        return [node, ast.Expr(_call("value", target))]


def instrumented(fn, scope, watcher):
    """A function like fn over the scope, watched; None where there is no source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(fn)))
    except (OSError, SyntaxError):
        return None
    d = tree.body[0]
    if not isinstance(d, ast.FunctionDef):
        return None
    body = _Instrument().visit(ast.Module(d.body, [])).body
    new = ast.FunctionDef(name=d.name, args=copy.deepcopy(d.args), body=body, decorator_list=[])
    for f in ("type_params",):
        if hasattr(d, f):
            setattr(new, f, [])
    a = new.args
    for arg in a.posonlyargs + a.args + a.kwonlyargs:
        arg.annotation = None
    a.defaults, a.kw_defaults = [], [None] * len(a.kwonlyargs)
    module = ast.fix_missing_locations(ast.Module([new], []))
    scope = dict(scope, __kb_watch=watcher, pow=watcher.pow, sum=watcher.sum, min=watcher.least, max=watcher.greatest)
    exec(compile(module, fn.__code__.co_filename, "exec"), scope)
    made = scope[d.name]
    made.__defaults__, made.__kwdefaults__ = fn.__defaults__, fn.__kwdefaults__
    return made
