"""Real bills beside the model, in words and rows: the same on screen and on paper."""

from __future__ import annotations

import numpy as np

from i18n import Words
from report.text import inputs as register_text
from report.text import say
from study.real_bills import BillVerdict, Compared, Comparison

COLUMNS = ("part", "months", "real", "model", "difference", "relative")


def title(said: BillVerdict, words: Words) -> str:
    """How far the model lies from the bills."""
    percent, what = words.percent(abs(said.relative)), words.t(f"bills.what.{said.what}")
    if said.cause is None:
        return words.t("bills.title.fits", what=what)
    return words.t(f"bills.title.{'above' if said.relative > 0 else 'below'}", what=what, percent=percent)


def because(said: BillVerdict, words: Words) -> str:
    """Where the difference lies and what it likely comes from."""
    if said.cause is None:
        return words.t("bills.fits")
    sentences = [words.t(f"bills.cause.{said.cause}")]
    if said.what == "total":
        part, share = words.t(f"bills.what.{said.part}"), words.percent(said.share, 0)
        if said.against:
            sentences.insert(0, words.t("bills.offset", part=part, other=words.t(f"bills.what.{said.against}")))
        else:
            key = "bills.all_of_it" if said.share > 0.995 else "bills.share"
            sentences.insert(0, words.t(key, part=part, share=share))
    return say.joined(sentences, words)


def period_heading(period: str, words: Words) -> str:
    """Heading of the energy of one price period."""
    return words.t("bills.field.period", period=register_text.period(period, words))


def rows(found: Comparison, words: Words) -> list[list[str]]:
    """One row of `COLUMNS` for each component a bill names, summed over the months that have both sides; a component
    without a counterpart says so."""
    named = [name for name, line in found.lines.items() if not np.isnan(line.real).all()]
    listed = [_row(words.t(f"bills.field.{name}"), name, found.lines[name], words) for name in named]
    return listed + [
        _row(period_heading(period, words), "kwh", line, words) for period, line in found.kwh_by_period.items()
    ]


def _row(label: str, name: str, line: Compared, words: Words) -> list[str]:
    if not line.is_compared:
        return [label, "", words.t("bills.not_in_model"), "", "", ""]
    both, gather = line.both, np.max if name == "max_demand_kw" else np.sum
    real, model = (float(gather(values[both])) for values in (line.real, line.model))
    return [
        label,
        str(int(both.sum())),
        words.number(real, decimals=0),
        words.number(model, decimals=0),
        say.signed(words.number(model - real, decimals=0), model - real),
        say.change(model / real - 1, words) if real else words.t("bills.no_percent"),
    ]
