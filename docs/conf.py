"""Sphinx makes the pages of this folder, and the reference from the docstrings: `make docs`."""

import minarrow

project = "minarrow"
author = "the minarrow developers"
release = minarrow.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
autodoc_member_order = "bysource"
nitpicky = False
