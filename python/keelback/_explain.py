# SPDX-License-Identifier: MIT
"""`keelback explain` and Kernel.explain(): what the GCC plugin says of each line, beside the Python text.

The records are those of the plugin's report (doc/plugin.txt, section 9): one for each guard, one for each decision on a loop.
"""
import ast
import json
import linecache


def records(text):
    """The records of a report; none where it cannot be read."""
    try:
        return json.loads(text)
    except ValueError:
        return []


def _is_guard(record):
    return "status" in record and record["kind"] != "poll"


def _told(record):
    """What is said of a record under its line; None: nothing."""
    if "status" not in record:
        if "guard stays: " in record["text"]:  # the guard's own record says it
            return None
        return f"{record['pass']}{': not' if record['outcome'] == 'not' else ''}: {record['text']}"
    if not _is_guard(record):
        return None
    text = f"{record['kind']} {record['form'] if record['form'] == 'guard' else 'exit'} {record['status']}"
    text += f": {record['reason']}" if record["reason"] else ""
    text += f"; what would help: {record['remedy']}" if record["remedy"] else ""
    return text + (f" (in {record['kernel']})" if record["kernel"] != record["function"] else "")


def summary(found):
    """One line: how many guards there are, and what became of them."""
    lines = []
    for where, some in (("in loops", [r for r in found if r["depth"]]), ("elsewhere", [r for r in found if not r["depth"]])):
        left = sum(r["status"] == "kept" for r in some)
        if some:
            lines.append(f"{len(some)} guard{'s' if len(some) != 1 else ''} {where}, {left} kept")
    return "; ".join(lines) if lines else "no guards"


def annotated(all_records, first, last, line_of):
    """The lines first..last, each with what is said of it."""
    out = []
    for number in range(first, last + 1):
        out.append(f"{number:5}  {line_of(number)}".rstrip())
        said = []
        for record in all_records:
            text = _told(record) if record["line"] == number else None
            if text and (record["col"], text) not in said:
                said.append((record["col"], text))
        said.sort(key=lambda pair: pair[0])
        indent = len(line_of(number)) - len(line_of(number).lstrip())
        out.extend(" " * (6 + (col or indent + 1)) + f"^ {text}" for col, text in said)
    return out


def function(report, code):
    """Lines about the function whose code object is CODE, from the report of its compilation."""
    mine = [r for r in records(report) if r["file"] == code.co_filename]
    if not mine:
        return []
    last = max([line for *_, line in code.co_lines() if line] + [code.co_firstlineno])
    inside = [r for r in mine if code.co_firstlineno <= r["line"] <= last]
    return [f"{code.co_name}: {summary([r for r in inside if _is_guard(r)])}",
            *annotated(inside, code.co_firstlineno, last, lambda n: linecache.getline(code.co_filename, n).rstrip("\n"))]


def _functions(source):
    """(name, first line, last line) of the functions of a file, decorators included, in their order."""
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    return sorted(((f.name, min([d.lineno for d in f.decorator_list] + [f.lineno]), f.end_lineno) for f in found), key=lambda f: f[1])


def main(argv):
    """explain FILE REPORT KERNEL-or-"": prints FILE's functions with what REPORT says of them; the status."""
    file, report, only = argv
    with open(file, encoding="utf-8") as f:
        source = f.read()
    try:
        with open(report, encoding="utf-8") as f:
            all_records = [r for r in records(f.read()) if r["file"] == file]
    except FileNotFoundError:
        all_records = []
    lines = source.split("\n")
    if not all_records:
        print("the plugin has nothing to say: it is not there for this compiler, or there are no guards and loops")
    shown = 0
    for name, first, last in _functions(source):
        inside = [r for r in all_records if first <= r["line"] <= last]
        if (only and name != only) or not (inside or only):
            continue
        print(f"{file}:{first}: {name}: {summary([r for r in inside if _is_guard(r)])}")
        print(*annotated(inside, first, last, lambda n: lines[n - 1]), "", sep="\n")
        shown += 1
    if only and not shown:
        print(f"there is no kernel '{only}'")
        return 1
    return 0
