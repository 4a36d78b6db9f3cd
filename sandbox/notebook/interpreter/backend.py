"""What matplotlib loads as its backend: draws into memory, and shows into the note."""

from __future__ import annotations

from matplotlib.backend_bases import FigureManagerBase as FigureManager
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

from sandbox.notebook.interpreter import pictures

__all__ = ["FigureCanvas", "FigureManager", "show"]


def show(*_arguments: object, **_options: object) -> None:
    """Show every open figure."""
    pictures.show()
