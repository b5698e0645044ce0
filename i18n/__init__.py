"""Shown text and numbers in one language. Catalogues are `assets/i18n/<code>/<topic>.json`, flat dotted keys."""

from i18n.words import LANGUAGES, Words, words

__all__ = ["LANGUAGES", "Words", "words"]
