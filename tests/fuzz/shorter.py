# SPDX-License-Identifier: MIT
"""Shrinks a failing kernel: drops kernels and statements, puts parts of expressions in the place of the whole."""
import ast
import copy
import os
import time

import engines
import gen
from keelback.check import show
from keelback.check.shrink import shrink

BATCH = 14  # candidates that are compiled at once


def _constants(node):
    """Simple expressions that may stand for a node."""
    out = [ast.Constant(0), ast.Constant(1), ast.Constant(0.0), ast.Constant(True)]
    return [c for c in out if ast.unparse(c) != ast.unparse(node)]


def _parts(node):
    """Expressions inside an expression, that may stand for it."""
    if isinstance(node, ast.Subscript):
        return [] if isinstance(node.value, ast.Name) else [node.value]
    if isinstance(node, ast.Attribute):
        return []
    parts = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not (isinstance(node, ast.Call) and child is node.func):
            parts.append(child)
    return parts


class _Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def _bodies(fn):
    for node in ast.walk(fn):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield node, field, block


def _statement_edits(fn):
    """Copies of the function with fewer statements: halves of blocks, single ones, bodies in place of loops."""
    blocks = list(_bodies(fn))
    for at, (_, _, block) in enumerate(blocks):
        n = len(block)
        spans = [(0, n // 2), (n // 2, n)] if n > 3 else []
        spans += [(i, i + 1) for i in reversed(range(n))]
        for first, last in spans:
            if (last - first == n and at == 0) or first == last:
                continue
            new = copy.deepcopy(fn)
            node, field, b = list(_bodies(new))[at]
            del b[first:last]
            if not b and field == "body":
                b.append(ast.Pass())
            yield new
    for at, (_, _, block) in enumerate(blocks):
        for i, s in enumerate(block):
            for field in ("body", "orelse"):
                if getattr(s, field, None):
                    new = copy.deepcopy(fn)
                    b = list(_bodies(new))[at][2]
                    b[i:i + 1] = getattr(b[i], field)
                    yield new
            if getattr(s, "orelse", None):
                new = copy.deepcopy(fn)
                list(_bodies(new))[at][2][i].orelse = []
                yield new


def _expressions(fn):
    out = []
    for s in fn.body:
        for node in ast.walk(s):
            if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                out.append(node)
    return out


def _expression_edits(fn):
    all_ = _expressions(fn)
    order = sorted(range(len(all_)), key=lambda k: -len(ast.unparse(all_[k])))
    for k in order:
        node = all_[k]
        if isinstance(node, (ast.Constant, ast.Name)):
            continue
        for j in range(len(_parts(node))):
            new = copy.deepcopy(fn)
            n = _expressions(new)[k]
            yield _Replace(n, _parts(n)[j]).visit(new)
    for k in order:
        node = all_[k]
        if isinstance(node, ast.Constant):
            continue
        for c in _constants(node):
            new = copy.deepcopy(fn)
            yield _Replace(_expressions(new)[k], c).visit(new)


def _result_edits(fn):
    """One result fewer, in the returns and in the declaration."""
    r = fn.returns
    if not (isinstance(r, ast.Subscript) and isinstance(r.slice, ast.Tuple)):
        return
    for k in range(len(r.slice.elts)):
        new = copy.deepcopy(fn)
        items = new.returns.slice.elts
        del items[k]
        if len(items) == 1:
            new.returns = items[0]
        for node in ast.walk(new):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                del node.value.elts[k]
                if len(node.value.elts) == 1:
                    node.value = node.value.elts[0]
        yield new


def _parameter_edits(fn):
    for k in range(len(fn.args.args)):
        if fn.args.defaults or len(fn.args.args) < 2:
            return
        new = copy.deepcopy(fn)
        name = new.args.args.pop(k).arg
        if any(isinstance(n, ast.Name) and n.id == name for s in new.body for n in ast.walk(s)):
            continue
        for d in new.decorator_list:
            if isinstance(d, ast.Call):
                for kw in d.keywords:
                    if isinstance(kw.value, ast.Dict):
                        keep = [i for i, key in enumerate(kw.value.keys) if key.value != name]
                        kw.value.keys = [kw.value.keys[i] for i in keep]
                        kw.value.values = [kw.value.values[i] for i in keep]
        yield new


class _Rename(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_FunctionDef(self, node):
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node


def _calls(fn, names):
    return frozenset(n.id for n in ast.walk(fn) if isinstance(n, ast.Name) and n.id in names and n.id != fn.name)


class Case:
    """A failure: the functions that show it (the failing one last), its engine and input."""

    def __init__(self, kernels, failure, folder, seed):
        self.failure, self.folder, self.seed = failure, folder, seed
        functions = {k.name: ast.parse(k.text).body[0] for k in kernels}
        self.names = set(functions)
        if failure.kernel is None:
            self.functions = list(functions.values())
        else:
            self.functions = self._needed(functions, functions[failure.kernel])
        self.input, self.what = failure.input, failure.what

    def _needed(self, functions, main):
        """The function and what it calls, in the order of the file, main last."""
        seen, waiting = {main.name}, [main]
        while waiting:
            for name in _calls(waiting.pop(), self.names):
                if name not in seen and name in functions:
                    seen.add(name)
                    waiting.append(functions[name])
        return [f for n, f in functions.items() if n in seen and f is not main] + [main]

    def _candidates(self):
        fs = self.functions
        if self.failure.kernel is None:
            step = max(1, len(fs) // 2)
            while len(fs) > 1 and step:
                for i in range(0, len(fs), step):
                    yield fs[:i] + fs[i + step:]
                step //= 2
        for edits in (_statement_edits, _result_edits, _parameter_edits, _expression_edits):
            for k in reversed(range(len(fs))):
                if edits in (_result_edits, _parameter_edits) and (k != len(fs) - 1):
                    continue
                for new in edits(fs[k]):
                    changed = fs[:k] + [new] + fs[k + 1:]
                    if self.failure.kernel is not None:
                        changed = self._needed({f.name: f for f in changed}, changed[-1])
                    yield changed

    def _test_build(self, functions):
        kernels = [gen.Kernel(f.name, ast.unparse(f) + "\n", _calls(f, self.names)) for f in functions]
        path = os.path.join(self.folder, f"shorter{self.seed}.py")
        try:
            if not engines.accepted(kernels, path, gen.file_text)[0] or self.failure.engine == "emit":
                return False
            engines.build(path, self.failure.engine, path[:-3] + ".so")
        except engines.Broken:
            return True
        return False

    def _test(self, candidates):
        """(number, input, what) of the first candidate that fails, or None. All are compiled in one file."""
        if self.failure.kernel is None:
            k = next((k for k, c in enumerate(candidates) if self._test_build(c)), None)
            return None if k is None else (k, None, None)
        kernels, mains = [], {}
        for k, functions in enumerate(candidates):
            names = {f.name: f"{f.name}_c{k}" for f in functions}
            mains[names[functions[-1].name]] = k
            for f in functions:
                f = _Rename(names).visit(copy.deepcopy(f))
                kernels.append(gen.Kernel(f.name, ast.unparse(f) + "\n", _calls(f, set(names.values()))))
        path = os.path.join(self.folder, f"shorter{self.seed}.py")
        try:
            kernels, _ = engines.accepted(kernels, path, gen.file_text)
            if not any(k.name in mains for k in kernels):
                return None
            batch = engines.Batch(path, 0, self.seed)
            so = engines.build(path, self.failure.engine, path[:-3] + ".so")
        except (engines.Broken, Exception):
            return None
        for entry in batch.entries:
            name = entry.kernel.__name__
            if name not in mains:
                continue
            params, made = entry.params, []
            if len(params) == len(self.input.args) + len(self.input.keywords):
                made.append(self.input)
            gen_ = engines.Generator(params, None, self.seed)
            made += [i for i in map(gen_.make, range(60)) if i is not None]
            try:
                for inp, verdict, _ in batch.verdicts(so, entry, self.failure.engine, made, 5):
                    if verdict[0] == "fail":
                        return mains[name], inp, verdict[1]
            except Exception:
                continue
        return None

    def reduce(self, seconds):
        end = time.monotonic() + seconds
        progress = True
        while progress and time.monotonic() < end:
            progress, batch = False, []
            for c in self._candidates():
                batch.append(c)
                if len(batch) < BATCH:
                    continue
                progress = self._take(batch)
                batch = []
                if progress or time.monotonic() > end:
                    break
            if batch and not progress and time.monotonic() < end:
                progress = self._take(batch)

    def _take(self, batch):
        hit = self._test(batch)
        if hit is None:
            return False
        self.functions = batch[hit[0]]
        if hit[1] is not None:
            self.input, self.what = hit[1], hit[2]
        return True

    def lines(self):
        """The program that shows the failure."""
        fs = [ast.unparse(ast.fix_missing_locations(f)) for f in self.functions]
        out = [line for text in ("import math\nimport keelback as kb", *fs) for line in text.splitlines()]
        if self.input is None:
            return out + [f"# {self.failure.engine}"]
        path = engines.write(os.path.join(self.folder, f"shown{self.seed}.py"), gen.HEAD + "\n\n".join(fs) + "\n")
        try:
            batch = engines.Batch(path, 0, self.seed)
            so = engines.build(path, self.failure.engine, path[:-3] + ".so")
            entry = batch.entries[-1]

            def first(inputs):
                for k, (inp, verdict, _) in enumerate(batch.verdicts(so, entry, self.failure.engine, inputs, 5)):
                    if verdict[0] == "fail":
                        return k, verdict[1]
                return None
            small, what = shrink(self.input, first, 15)
            self.input, self.what = small, self.what if what is None else what
            out += show.snippet(f"shown{self.seed}", entry.kernel.__name__, self.input, entry.params)
            out.append("# " + show.difference(self.what, self.input, entry.params))
        except Exception as e:
            out.append(f"# {type(e).__name__}: {e}: {self.what}")
        return out
