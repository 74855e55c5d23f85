# SPDX-License-Identifier: MIT
"""unguard.py K.c [-o OUT.c]: emitted C without its checks, to see what they cost.

Every `if (KB_UNLIKELY(condition)) { kb_exit(...); return KB_EXIT; }` goes. What a condition computed besides stays, in the words of a C
programmer: `__builtin_add_overflow(a, b, &r)` becomes `r = a + b` (signed, so that an overflow is undefined), a call of a kernel is made
without a look at its result. Negative indices still count from the end (kb_inorm), floor division still floors: that is meaning, no check.
Polls are left alone: they vanish with -DKB_NO_POLL. Statements that raise stay."""
import argparse
import re
import sys

GUARD = "if (KB_UNLIKELY("
CALLED = "if (KB_CALLED("
LEAVES = "return KB_EXIT; }"
OVERFLOW = re.compile(r"__builtin_(add|sub|mul)_overflow\(|!?\bkb_(ishl|ipow)o\(")
OPERATOR = {"add": "+", "sub": "-", "mul": "*"}


def closing(text, at):
    """The index of the parenthesis that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return i
    raise ValueError(f"parentheses: {text}")


def arguments(text):
    """The arguments of a call, split at the commas outside of parentheses."""
    out, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += c in "([{"
        depth -= c in ")]}"
        if c == "," and depth == 0:
            out.append(text[start:i].strip())
            start = i + 1
    return out + [text[start:].strip()]


def operand(text):
    return text if re.fullmatch(r"-?[\w.\[\]]+|\w+\([^()]*\)", text) else f"({text})"


def remains(condition):
    """What a guard's condition does besides looking: statements."""
    while condition.startswith("(") and closing(condition, 0) == len(condition) - 1:
        condition = condition[1:-1]
    if condition.startswith("kb_k_"):
        return condition + ";"
    out = []
    for m in OVERFLOW.finditer(condition):
        a, b, result = arguments(condition[m.end():closing(condition, m.end() - 1)])
        if not result.startswith("&"):
            raise ValueError(f"no result: {condition}")
        result = result[1:]
        if m[1]:
            out.append(f"{result} = {operand(a)} {OPERATOR[m[1]]} {operand(b)};")
        elif m[2] == "ishl":
            out.append(f"{result} = (int64_t)((uint64_t){operand(a)} << {operand(b)});")
        else:
            out.append(f"{result} = kb_ipow({a}, {b});")
    return " ".join(out)


def unguard(source):
    """(source without its checks, how many there were)"""
    lines, n = source.split("\n"), 0
    for i, line in enumerate(lines):
        text = line.strip()
        if not text.endswith(LEAVES) or not text.startswith((GUARD, CALLED)):
            continue
        indent = line[:len(line) - len(text)]
        if text.startswith(GUARD):
            start = len(GUARD) - 1
            lines[i] = indent + remains(text[start + 1:closing(text, start)])
        else:
            lines[i] = indent
        n += 1
    return "\n".join(lines), n


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("source")
    p.add_argument("-o", dest="out")
    opts = p.parse_args()
    with open(opts.source) as f:
        text, n = unguard(f.read())
    with open(opts.out, "w") if opts.out else sys.stdout as f:
        f.write(text)
    print(f"{opts.source}: {n} checks removed", file=sys.stderr)


if __name__ == "__main__":
    main()
