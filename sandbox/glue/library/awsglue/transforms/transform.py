"""What all transforms have in common."""

from __future__ import annotations

from typing import Any


class GlueTransform:
    """A transform is called through `apply`, which makes one and calls it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __call__")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """The transform applied to these arguments."""
        return cls()(*args, **kwargs)

    @classmethod
    def name(cls) -> str:
        """The name of the transform."""
        return cls.__name__
