"""Sphinx makes the pages of this folder, and the reference from the docstrings: `make docs`."""

import re

import minarrow

project = "minarrow"
author = "the minarrow developers"
release = minarrow.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
autodoc_member_order = "bysource"
nitpicky = False


def list_parameters(app, what, name, obj, options, lines):
    """Docstrings written in C say `name -- what it is`, indented from the second line on."""
    lines[:] = [re.sub(r"^([a-z]\w*) -- ", r":param \1: ", line) for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", list_parameters)
