"""Scalars that stood unquoted: text that JSON would read as something else."""

__all__ = ["Plain"]


class Plain(str):
    """A scalar that stood unquoted and that JSON would read as a number or a boolean."""

    __slots__ = ()
