# SPDX-License-Identifier: MIT
"""tests/run/refused/*.py: every `# error: text` is reported at its line, with column, source and caret, in one run."""

import glob
import os
import re
import shutil

from kbtest import done, folder, keelback, lacks, ok

HERE = os.path.dirname(os.path.abspath(__file__))
for path in sorted(glob.glob(os.path.join(HERE, "..", "run", "refused", "*.py"))):
    name = os.path.basename(path)
    shutil.copy(path, folder)
    r = keelback("emit", name, "-o", "out.c")
    ok(r.returncode == 1 and not os.path.exists("out.c"), f"{name} is refused", r.stderr)
    lacks(r.stderr, "Traceback", f"{name}: no traceback of ours")
    lines = open(path, encoding="utf-8").read().splitlines()
    said = {}
    text = r.stderr.splitlines()
    for k, line in enumerate(text):
        m = re.match(rf"{re.escape(name)}:(\d+):(\d+): error: (.*)", line)
        if m:
            said.setdefault(int(m[1]), []).append((int(m[2]), m[3], text[k + 1:k + 3]))
    for number, line in enumerate(lines, 1):
        wanted = re.search(r"# error: (.*)$", line)
        if wanted is None:
            if number in said and not line.startswith("@"):
                ok(False, f"{name}:{number}: nothing to refuse", line, *[m[1] for m in said[number]])
            continue
        got = said.get(number, [])
        if number > 1 and not got:  # a message about the whole kernel is at its decorator or its def
            got = said.get(number - 1, []) if lines[number - 2].startswith("@") else []
        hit = [m for m in got if wanted[1] in m[1]]
        ok(hit, f"{name}:{number}: {wanted[1]}", "said: " + "; ".join(m[1] for m in got) if got else "nothing was said here")
        if hit:
            column, message, shown = hit[0]
            ok(len(shown) == 2 and shown[0].strip() and re.fullmatch(r"\s*[\^~]+", shown[1]), f"{name}:{number}: source and caret", *shown)
            ok(len(got) == 1, f"{name}:{number}: one message", *[m[1] for m in got])
done()
