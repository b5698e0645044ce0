"""Lives as formulas: whether a part is renewed in a project year, and what is left at the end (`finance.lives`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finance.lives import LIFE, PART_OF, TYPED
from report.book.cells import Book, input_name

RENEWED = ("converters", "inverters")


def renewed_cells(book: Book, year: int) -> dict[str, str | None]:
    """Whether each part is renewed as project year `year` (from 0) begins, by its life; None where none can be."""
    is_whole = 12 * (year + 1) <= book.study.dispatch.months
    renewed = {f"{name}_renewed": f"IF(MOD({year},{_whole_years(name)})=0,1,0)" for name in RENEWED}
    return {name: text if year and is_whole else None for name, text in renewed.items()}


def left_cells(book: Book) -> Iterator[tuple[str, str | None, float]]:
    """(name, formula or None, value) of the named cells of what is left of each plant and part."""
    for name in LIFE:
        value = float(np.squeeze(book.quantities(f"{name}_left")))
        typed = input_name(TYPED[PART_OF.get(name, name)])
        if name not in PART_OF:
            by_life = _share_left(name, book.study.dispatch.months)
            yield f"{name}_left", f"=IF(ISNUMBER({typed}),{typed},{by_life})", value
        else:
            new = _new_cells(book) if name == "cells" else _new_parts(book, name)
            yield f"{name}_left", f"=IF(ISNUMBER({typed}),0,{new})" if new else None, value


def _whole_years(name: str) -> str:
    return f"ROUNDUP({input_name(LIFE[name])},0)"


def _share_left(name: str, used_months: int | str) -> str:
    return f"MAX(0,1-({used_months})/12/{input_name(LIFE[name])})"


def _new_cells(book: Book) -> str | None:
    """What new cells are worth at the end: all that were added, or the last that took the place of the others."""
    dispatch, exchanged = book.study.dispatch, book.study.scenario.storage.renewal == "replace"
    years = np.flatnonzero(dispatch.life.added)
    if not years.size:
        return None
    products = [
        f"{float(dispatch.life.added[year])!r}*(1-in_finance_storage_cost_decline)^{year}"
        f"*{_share_left('cells', dispatch.months - 12 * int(year))}"
        for year in (years[-1:] if exchanged else years)
    ]
    return "+".join(products) + ("-storage_left" if exchanged else "")


def _new_parts(book: Book, name: str) -> str | None:
    """What the last renewal within the term leaves, in place of the plant's own share."""
    months, period = book.study.dispatch.months, _whole_years(name)
    last_year = months // 12 - 1
    if last_year < 1:
        return None
    begun = f"{period}*INT({last_year}/{period})"
    return f"IF({begun}=0,0,{_share_left(name, f'{months}-12*{begun}')}-{PART_OF[name]}_left)"
