"""How it is calculated, and where every figure comes from."""

from pathlib import Path

import pandas as pd
import streamlit as st

from report.text import inputs as register_text
from report.text import say
from sim.inputs.register import register
from ui import form, state
from ui.state import t

ROOT = Path(__file__).resolve().parent.parent
METHODS = {"en": ROOT / "docs" / "method.md", "zh": ROOT / "docs" / "method.zh.md"}
GLOSSARY = ROOT / "assets" / "i18n" / "glossary.csv"

scenario, marked = state.current(), form.marks()
st.title(t("downloads.method.question"), anchor=False)
method, data, terms = st.tabs([t(f"downloads.method.{tab}") for tab in ("method", "data", "terms")])

with method, st.container(width=860):
    text = (
        METHODS[state.words().language].read_text(encoding="utf-8").partition("\n")[2]
    )  # its title is the page's question
    st.markdown(text)

with data:
    used = {path: entry for path, entry in register().items() if entry.when(scenario)}
    note = t("downloads.method.data_note", n=len(used), marked=len(marked))
    st.markdown(f":small[:gray[{note}]]")
    rows = {
        "input": [form.name_text(entry) for entry in used.values()],
        "value": [form.value_text(entry, scenario) for entry in used.values()],
        "confidence": [form.confidence_text(entry, scenario) for entry in used.values()],
        "source": [form.source_text(entry, scenario) for entry in used.values()],
        "path": list(used),
    }
    tariff = scenario.tariff
    extra = (
        t("inputs.tariff.title"),
        say.own_name(tariff, state.words()),
        t(f"inputs.confidence.{tariff.confidence}"),
        register_text.source_words(f"{tariff.source} ({tariff.as_of})", state.words()),
        "tariff",
    )
    table = {name: [first, *values] for (name, values), first in zip(rows.items(), extra, strict=True)}
    st.dataframe(
        {t(f"downloads.method.{name}"): values for name, values in table.items()},
        hide_index=True,
        height=640,
        alt=t("downloads.method.data"),
    )

with terms:
    glossary = pd.read_csv(GLOSSARY, keep_default_na=False)
    glossary["note"] = glossary["note"].map({"verified": "", "unverified": "◇"})
    columns = ("en", "zh", "unit", "definition_en", "definition_zh", "note")
    st.markdown(f":small[:gray[{t('downloads.method.terms_note', n=len(glossary))}]]")
    st.dataframe(
        {t(f"downloads.method.term.{column}"): glossary[column] for column in columns},
        hide_index=True,
        height=640,
        alt=t("downloads.method.terms"),
    )
