"""Cover and decision page: who, what, how sure, and the answer with what would turn it around."""

from __future__ import annotations

from typing import Any

from finance.figures import KeyFigure, figures_on
from finance.ledger import CAPEX_LINES
from i18n import Words
from report import sentences, views
from report.paper import charts as paper_charts
from report.paper import diagram
from report.paper.blocks import Draft
from report.paper.grade import grade_note, grade_of
from report.paper.offer import PAPERS, drawn_anew, printable
from report.screen import cost as charts_cost
from report.text import inputs as register_text
from report.text import levers as lever_text
from report.text import say
from report.text.amounts import month_name
from report.text.currency import rate_note
from sim.inputs import library
from sim.inputs.register import register
from sim.plant.load import peak_kw
from study import decision as rules
from study.alerts import alerts
from study.answer import RESIDUAL_LINES, headline, remarks, stack_title

WEAK_SHOWN = 6


def project_name(draft: Draft) -> str:
    """The project's name; that of a shipped case in the document's language."""
    return printable(say.project(draft.study.scenario, draft.words))


def cover(draft: Draft) -> dict[str, Any]:
    """Title, diagram, answer, and the facts a reader needs to judge the paper."""
    scenario, words = draft.study.scenario, draft.words
    place = library.sites()[scenario.site.place]
    power = short_power(peak_kw(scenario.load), words)
    title = draft.t("cover.title", power=power, place=say.own_name(place, words))
    return {
        "client_logo": list(drawn_anew(draft.offer.client_logo)) if draft.offer.client_logo else [],
        "client": printable(draft.offer.client),
        "kicker": draft.t("cover.kicker"),
        "title": printable(draft.offer.title) or title,
        "subtitle": _subtitle(draft),
        "diagram": diagram.single_line(scenario, words),
        "diagram_alt": diagram.describe(scenario, words),
        "diagram_note": draft.t("cover.diagram_note"),
        "answer": say.say(headline(draft.study), words, draft.currency),
        "question": words.t("answers.overview.question"),
        "facts": _facts(draft),
        "grade": draft.t(f"grade.{grade_of(draft)}"),
        "grade_note": grade_note(draft),
        "grade_label": draft.t("cover.grade"),
    }


def short_power(kw: float, words: Words) -> str:
    """A power for a title: "15 MW", not "15.0 MW"."""
    value, unit = (kw / 1000, "MW") if kw >= 999.5 else (kw, "kW")
    return words.number(value, unit, 0 if abs(value - round(value)) < 0.005 else None)


def _subtitle(draft: Draft) -> str:
    scenario, words = draft.study.scenario, draft.words
    found = [name for name in diagram.sources(scenario) if name != "diesel"]
    sizes = {
        "grid": lambda: say.power(scenario.grid.import_limit_kw, words),
        "pv": lambda: lever_text.value_text(draft.study, "pv.dc_kwp", scenario.pv.dc_kwp, words),
        "battery": lambda: say.energy(scenario.storage.energy_kwh, words),
    }
    parts = [draft.t(f"cover.part_{name}", size=sizes[name]()) for name in found]
    diesel = "with_diesel" if "diesel" in diagram.sources(scenario) else "without_diesel"
    return draft.t(f"cover.{diesel}", parts=say.listed(parts, draft.words))


def _facts(draft: Draft) -> list[dict[str, str]]:
    """Key, label and value; a line the author left empty is not there."""
    offer, scenario, words = draft.offer, draft.study.scenario, draft.words
    site = scenario.site
    start = draft.t("month_of_year", month=month_name(words, int(site.start[5:])), year=site.start[:4])
    found = [
        ("project", project_name(draft)),
        ("client", printable(offer.client)),
        ("vendor", printable(offer.vendor)),
        ("number", _number(draft)),
        ("contact", printable(offer.contact)),
        ("issued", day_text(draft, offer.issued)),
        ("valid_until", day_text(draft, offer.valid_until)),
        ("term", draft.t("cover.term_from", term=say.term(site.term_months, words), start=start)),
        ("basis", draft.t("cover.basis_line", currency=words.shown_in(site.currency), vat=vat_text(draft))),
        ("rate", rate_note(scenario, words)),
        ("tariff", tariff_text(draft)),
        ("inputs", draft.t("cover.inputs_line", code=draft.study.fingerprint, n=len(draft.weak))),
    ]
    return [{"key": key, "label": draft.t(f"cover.{key}"), "value": value} for key, value in found if value]


def _number(draft: Draft) -> str:
    """Number and revision of the document."""
    number, revision = printable(draft.offer.number), printable(draft.offer.revision)
    return draft.t("cover.number_line", number=number, revision=revision) if number and revision else number or revision


def tariff_text(draft: Draft) -> str:
    """The tariff's name with its date."""
    tariff = draft.study.scenario.tariff
    name = say.own_name(tariff, draft.words)
    as_of = register_text.source_words(tariff.as_of, draft.words)
    return printable(draft.words.t("paper.tariff_of", name=name, as_of=as_of) if as_of else name)


def vat_text(draft: Draft) -> str:
    return draft.t(f"basis.{draft.study.scenario.finance.vat_basis}")


def day_text(draft: Draft, iso: str) -> str:
    """An ISO date as the language writes it; empty stays empty."""
    if not iso:
        return ""
    year, month, day = iso.split("-")
    return draft.t("day", day=int(day), month=month_name(draft.words, int(month)), year=year)


def decision(draft: Draft) -> dict[str, Any]:
    """The one page a decision needs."""
    study, words = draft.study, draft.words
    legend = charts_cost.part_legend(views.stack_parts(study), words, False)
    scale = views.stack_amounts(study, words)
    weak = [register()[path] for path in draft.weak]
    return {
        "question": words.t("answers.overview.question"),
        "answer": say.say(headline(study), words, draft.currency),
        "lead": [
            lever_text.holds(study, words),
            sentences.parts_line(study, words),
            *(say.say(remark, words, draft.currency) for remark in remarks(study)),
            *(say.say(alert.finding, words, draft.currency).replace("**", "") for alert in alerts(study)),
        ],
        "cards": [{"label": label, "value": value, "note": note} for label, value, note in cards(draft)],
        "stack_title": say.say(stack_title(study), words, draft.currency),
        "stack_note": sentences.stack_note(study, words, scale),
        "stack": paper_charts.cost_stack(study, words),
        "stack_alt": sentences.stack_alt(study, words, scale),
        "legend": [{"label": label, "colour": colour} for label, colour in legend],
        "flips_title": draft.t("decision.flips"),
        "flips_head": [draft.t(f"decision.flips_{name}") for name in lever_text.TURNING_COLUMNS],
        "flips": lever_text.turning_table(study, words),
        "flips_none": draft.t("decision.no_flips"),
        "asks_title": draft.t("decision.asks"),
        "asks": [draft.t(f"decision.ask_{name}") for name in ("survey", "papers", "form")],
        "weak_title": draft.t("decision.weak", n=len(weak)),
        "weak": _weak_text(draft),
    }


def _weak_text(draft: Draft) -> str:
    """The first unverified inputs by name, and how many more there are."""
    labels = [register_text.label(entry, draft.words) for path, entry in register().items() if path in draft.weak]
    if not labels:
        return draft.t("decision.weak_none")
    text = say.listed(labels[:WEAK_SHOWN], draft.words)
    more = len(labels) - WEAK_SHOWN
    return draft.t("decision.weak_more", list=text, n=more) if more > 0 else draft.t("decision.weak_all", list=text)


def cards(draft: Draft) -> list[tuple[str, str, str]]:
    """(label, value, note) of six figures against the rival; what does not exist says why."""
    study, words, rival = draft.study, draft.words, rules.decision(draft.study).rival
    vs = words.t("answers.kpi.vs", baseline=say.name(rival, words))
    saved_t = study.kpis[rival].co2_t - study.kpis["hybrid"].co2_t
    return [
        *(_figure_card(draft, row) for row in figures_on("decision")),
        _first_year_card(draft, vs),
        (words.t("answers.kpi.ride"), *sentences.ride_through(study, words)[1:]),
        (sentences.co2_name(saved_t, words), words.number(abs(saved_t), "t"), vs),
    ]


def _figure_card(draft: Draft, row: KeyFigure) -> tuple[str, str, str]:
    """A key figure of the hybrid; one of its flow against the rival after tax, with that before tax beside it."""
    study, name, found = draft.study, say.figure_name(row, draft.words), sentences.decision_figure(draft.study, row)
    if found.value is None:
        return name, draft.words.t("answers.kpi.none"), say.short_reason(found, draft.words)
    own = draft.figure(row, found)
    if row.flow is None:
        return name, own, draft.t(f"card.{row.key}_note")
    if not rules.decision(study).is_after_tax:
        return name, own, draft.words.t("answers.kpi.vs", baseline=say.name(rules.decision(study).rival, draft.words))
    before = draft.figure(row, getattr(rules.project(study).project_before_tax, row.key))
    return draft.t("card.taxed", name=name), own, draft.t("card.before_tax", value=before)


def _first_year_card(draft: Draft, vs: str) -> tuple[str, str, str]:
    months = min(12, draft.study.dispatch.months)
    value = first_year_saving(draft)
    key = "card.first_year" if months == 12 else "card.term_saving"
    return (
        draft.t(key),
        draft.money(value),
        draft.t("card.first_year_note" if months == 12 else "card.term_note", vs=vs),
    )


def first_year_saving(draft: Draft) -> float:
    """What is paid less in the first twelve months (or a shorter term), without investment and resale."""
    lines, months = draft.study.ledger.lines, min(12, draft.study.dispatch.months)
    kept = [name for name in lines if name not in RESIDUAL_LINES and name not in CAPEX_LINES]
    total = sum(lines[name][:, 1 : months + 1].sum(axis=1) for name in kept)
    return float(total[draft.hybrid_row] - total[draft.study.dispatch.row(rules.decision(draft.study).rival)])


def papers(draft: Draft) -> list[tuple[str, bool]]:
    """The client's papers, and whether each is at hand."""
    return [(draft.t(f"paper.{name}"), name in draft.offer.papers) for name in PAPERS]
