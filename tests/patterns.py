"""Patterns of texts, as the tests of both languages read them."""

from string import Formatter


def placeholders(pattern: str) -> frozenset[str]:
    """Names in braces of a pattern."""
    return frozenset(name for _, name, _, _ in Formatter().parse(pattern) if name)
