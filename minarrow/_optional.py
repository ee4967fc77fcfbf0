"""Packages that minarrow works with, and does without."""

import importlib


def load(name):
    """The package `name`; ModuleNotFoundError says how to get it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise  # it is there, and lacks something itself
        message = f"this needs {name}, which is not installed: pip install {name}"
        raise ModuleNotFoundError(message, name=name) from None
