# SPDX-License-Identifier: MIT
"""The reference of kernels whose ints stay within 64 bits, overflow="wrap" or "raise": the same function, with every int
that an expression, a parameter or a loop gives put through `wrapped` or `within`."""
import ast
import inspect
import textwrap



def wrapped(v):
    """Modulo 2**64, signed. Scalars of keelback.ref are no plain ints."""
    if type(v) is int:
        return (v + 2**63) % 2**64 - 2**63
    return tuple(map(wrapped, v)) if type(v) is tuple else v


def within64(v):
    return -2**63 <= v < 2**63


def within(v):
    if type(v) is int and not within64(v):
        raise OverflowError("int result does not fit 64 bits")
    return tuple(map(within, v)) if type(v) is tuple else v


FITS = {"wrap": wrapped, "raise": within}
FIT, EACH = "__kb_{}__", "__kb_each_{}__"


def names(overflow):
    """What the rewritten function needs in its globals."""
    fit = FITS[overflow]
    return {FIT.format(overflow): fit, EACH.format(overflow): lambda x: map(fit, x)}


def takes(kernel, params, inp):
    """Ints past 64 bits are no arguments where every int has to fit."""
    if kernel.options.get("overflow") != "raise":
        return True
    positional = [p for p in params if not p.kwonly]
    given = [*zip(positional, inp.args), *((p, inp.keywords[p.name]) for p in params if p.name in inp.keywords)]
    return all(p.type.kind != "int" or within64(a.value) for p, a in given)


def _is_constant(node):
    """-2**63: CPython's compiler folds it, and so does ours."""
    return all(isinstance(n, (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)) for n in ast.walk(node))


class _Rewriter(ast.NodeTransformer):
    def __init__(self, overflow):
        self.fit, self.each, self.temporaries = FIT.format(overflow), EACH.format(overflow), 0

    def _call(self, name, node):
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [node], []), node)

    def _fitted(self, node):
        return self._call(self.fit, node if _is_constant(node) else self.generic_visit(node))

    visit_BinOp = visit_UnaryOp = visit_Call = _fitted

    def visit_Subscript(self, node):
        return self._fitted(node) if isinstance(node.ctx, ast.Load) else self.generic_visit(node)

    def visit_For(self, node):
        node = self.generic_visit(node)
        node.iter = self._call(self.each, node.iter)
        return node

    def visit_AugAssign(self, node):
        """x[i] += v is done by hand: x and i are evaluated once, the element read before v is."""
        made = []
        target = node.target
        if isinstance(target, ast.Subscript):
            parts = []
            for part in (target.value, target.slice):
                self.temporaries += 1
                name = f"__kb_{self.temporaries}"
                made.append(ast.Assign([ast.Name(name, ast.Store())], self.visit(part)))
                parts.append(ast.Name(name, ast.Load()))
            load, store = (ast.Subscript(*parts, ctx) for ctx in (ast.Load(), ast.Store()))
            load = ast.copy_location(load, node)
            load = self._call(self.fit, load)
        else:
            load, store = ast.Name(target.id, ast.Load()), target
        value = ast.copy_location(ast.BinOp(load, node.op, self.visit(node.value)), node)
        made.append(ast.Assign([store], self._call(self.fit, value)))
        return [ast.copy_location(m, node) for m in made]


def fitted_code(fn, overflow):
    """The code of a function so rewritten, with the same free variables."""
    lines, first = inspect.getsourcelines(fn)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    definition = tree.body[0]
    definition.decorator_list, definition.returns = [], None
    definition.args.defaults, definition.args.kw_defaults = [], [None] * len(definition.args.kwonlyargs)
    arguments = [*definition.args.posonlyargs, *definition.args.args, *definition.args.kwonlyargs]
    for a in arguments:
        a.annotation = None
    rewriter = _Rewriter(overflow)
    body = [x for statement in definition.body
            for x in (lambda y: y if isinstance(y, list) else [y])(rewriter.visit(statement))]
    definition.body = [ast.parse(f"{a.arg} = {rewriter.fit}({a.arg})").body[0] for a in arguments] + body
    free = fn.__code__.co_freevars
    if free:
        outer = ast.parse(f"def outer({', '.join(free)}):\n    return 0").body[0]
        outer.body.insert(0, definition)
        tree.body = [outer]
    code = compile(ast.fix_missing_locations(tree), fn.__code__.co_filename, "exec")
    for _ in range(2 if free else 1):
        code = next(c for c in code.co_consts if inspect.iscode(c))
    return code
