# SPDX-License-Identifier: MIT
"""Helpers of the tests of the command and the package: TAP lines, temporary files, the command under test."""

import os
import subprocess
import sys
import tempfile

KEELBACK = os.environ.get("KEELBACK", "keelback")
_results = []
_folder = tempfile.TemporaryDirectory(prefix="kbtest-")
folder = _folder.name
os.chdir(folder)


def ok(condition, what, *details):
    """One test; the details are shown when it fails."""
    _results.append(bool(condition))
    print(f"{'ok' if condition else 'not ok'} {len(_results)} - {what}")
    if not condition:
        for detail in details:
            for line in str(detail).splitlines() or [""]:
                print("#", line)
    sys.stdout.flush()
    return condition


def equal(got, expected, what, *details):
    return ok(got == expected, what, f"got {got!r}", f"expected {expected!r}", *details)


def has(text, part, what):
    return ok(part in text, what, f"not found: {part}", text)


def lacks(text, part, what):
    return ok(part not in text, what, f"found: {part}", text)


def done():
    print(f"1..{len(_results)}")
    os.chdir("/")
    sys.exit(0 if all(_results) else 1)


def write(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def run(argv, **env):
    """A finished process with stdout, stderr, returncode. env: changes of the environment, None removes."""
    environ = {**os.environ, **{k: v for k, v in env.items() if v is not None}}
    for name, value in env.items():
        if value is None:
            environ.pop(name, None)
    return subprocess.run(argv, capture_output=True, text=True, errors="replace", env=environ, timeout=300)


def keelback(*args, **env):
    return run([KEELBACK, *args], **env)


def python(code, **env):
    return run([sys.executable, "-c", code], **env)


def load_built(name, path):
    """The extension module in a file."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, os.path.abspath(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tree(text, name="k.py", **env):
    """The trees of a file's kernels, and what else the command says."""
    write(name, text)
    return keelback("emit", name, "-o", "/dev/null", "-d", "t", **env).stderr
