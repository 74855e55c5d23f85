# SPDX-License-Identifier: MIT
"""What the front end binds when an import of a kernel file fails: an error only for a kernel that uses it."""


class Missing:
    """Stands for a module or a name that could not be imported; whatever is taken from it is missing as well."""

    keelback_missing = True

    def __init__(self, name, error):
        self.__dict__["_text"] = f"{name!r} could not be imported: {type(error).__name__}: {error}"

    def __str__(self):
        return self._text

    def __repr__(self):
        return f"<missing: {self._text}>"

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __getitem__(self, index):
        return self

    def __mro_entries__(self, bases):
        return ()
