"""Matplotlib's backend in a note: a figure that is shown becomes a picture among the paragraph's output.

Chosen by the environment variable MPLBACKEND; https://matplotlib.org/stable/users/explain/figure/backends.html
"""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

BACKEND = "module://sandbox.notebook.interpreter.backend"


def is_figure(what: Any) -> bool:
    """Whether `what` is a figure, or pyplot itself."""
    return getattr(what, "__name__", "") == "matplotlib.pyplot" or hasattr(what, "savefig")


def show(what: Any = None) -> None:
    """Show one figure, or all that are open; they are closed afterwards."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    pyplot = sys.modules["matplotlib.pyplot"]
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    if what is not None and what is not pyplot:
        figures = [what]
    for figure in figures:
        picture = io.BytesIO()
        figure.savefig(picture, format="png", bbox_inches="tight")
        encoded = base64.b64encode(picture.getvalue()).decode()
        getattr(sys.stdout, "message", lambda *_: None)("IMG", encoded)
        pyplot.close(figure)
