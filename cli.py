"""PowerLadder without a browser: the same study, the same digits.

python run.py cli run SCENARIO.json [--json] [--csv DIR]
python run.py cli export SCENARIO.json --pdf --docx --xlsx --csv --data [--lang en|zh|both] --out DIR
python run.py cli verify FILE        does a PDF, DOCX or XLSX of ours still come out, and do its pages show it
python run.py cli controls SCENARIO.json [--json]   what share of the possible saving each control gets
python run.py cli new --place Johor --mw 15 --months 36 [--grid-month 9] [-o FILE]   a scenario of one's own
python run.py cli presets            list the shipped cases
python run.py cli schema             the JSON Schema of a scenario file
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from finance.figures import figures_on
from i18n import Words, words
from report.carry.reading import read
from report.export import KINDS, write_files
from report.files import write_csv_files
from report.paper.offer import Offer
from report.paper.pdf import LANGUAGES
from report.paper.proposal import warnings
from report.paper.saved import offer_from_json, opened
from report.text import financing as financing_text
from report.text import say
from report.text.currency import rate_note, words_for
from report.text.inputs import assumed
from report.verify import told, verify
from sim.inputs import library
from sim.inputs.register import register
from sim.inputs.scenario import Scenario, json_schema
from sim.inputs.site import Meter
from sim.meter.read import read_meter
from sim.problem import Problem, Refusal
from study.alerts import alerts
from study.answer import headline
from study.controls import shares
from study.evaluate import evaluate
from study.financing import returns
from study.foresight import not_covered
from study.own_site import OTHERWISE, Start, checked, diesel_at, next_month, scenario_of
from study.place import find_place
from study.presets import presets
from study.study import Study
from study.summary import summary

WRITTEN = {
    "board": "a one-page summary for those who decide, PDF",
    "data": "all tables, a dictionary of their columns and the scenario, ZIP",
}
WRONG_YEARS = "--years must be 'all' or project years from 1 to {most}, such as 1,2; it is '{given}'"
LARGEST_FILE_BYTES = 20_000_000


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 where `verify` finds a difference, or 2 where the input cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except ValueError as error:
        language = getattr(options, "lang", "en")
        for problem in getattr(error, "problems", (error,)):
            print(f"error: {words(language).problem(problem)}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename or options.command}: {error.strerror or error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="powerladder", description="Diesel, grid or hybrid: what should power a site?"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="evaluate a scenario file, or a preset by its name")
    run.add_argument("scenario", metavar="SCENARIO.json")
    run.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    run.add_argument("--csv", metavar="DIR", type=Path, help="also write hourly, monthly and summary CSV files")
    run.set_defaults(run=_run)
    _add_export(commands)
    check = commands.add_parser("verify", help="work out anew what a document carries, and compare its pages with it")
    check.add_argument("file", metavar="FILE", type=Path, help="a PDF, DOCX or XLSX made by export or on the page")
    check.add_argument("--lang", choices=("en", "zh"), default="en", help="language of what is said")
    check.set_defaults(run=_verify)
    controls = commands.add_parser("controls", help="share of the possible saving by control, also in years drawn anew")
    controls.add_argument("scenario", metavar="SCENARIO.json")
    controls.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    controls.set_defaults(run=_controls)
    _add_new(commands)
    commands.add_parser("presets", help="list the shipped cases").set_defaults(run=_presets)
    commands.add_parser("schema", help="print the JSON Schema of a scenario file").set_defaults(run=_schema)
    return parser


def _add_export(commands: argparse._SubParsersAction) -> None:
    export = commands.add_parser("export", help="write the proposal (PDF, DOCX), the workbook (XLSX) and the CSV files")
    export.add_argument("scenario", metavar="SCENARIO.json")
    for kind in KINDS:
        export.add_argument(
            f"--{kind}",
            action="append_const",
            dest="kinds",
            const=kind,
            help=f"write {WRITTEN.get(kind, kind.upper())}",
        )
    export.add_argument("--lang", choices=tuple(LANGUAGES), default="en", help="language of the files")
    export.add_argument(
        "--years", default="1", help="project years of which every step stands in the data: 1 (default), 1,5,15 or all"
    )
    export.add_argument("--out", metavar="DIR", type=Path, default=Path(), help="folder to write to")
    for name in ("client", "vendor", "issued"):
        export.add_argument(
            f"--{name}", default="", help=f"the proposal's {name.replace('issued', 'date, YYYY-MM-DD')}"
        )
    export.add_argument(
        "--offer", metavar="FILE", type=Path, help="an offer file (JSON); goes before that of the scenario"
    )
    export.set_defaults(run=_export)


def _add_new(commands: argparse._SubParsersAction) -> None:
    new = commands.add_parser(
        "new", help="a scenario of one's own: the place brings tariff and prices, the rest by rule"
    )
    new.add_argument("--place", required=True, help="city, province or country, such as Guangdong, Johor, Virginia")
    size = new.add_mutually_exclusive_group(required=True)
    size.add_argument("--mw", type=float, help="peak load, MW")
    size.add_argument("--gpus", type=int, metavar="N", help="GPUs, with --gpu-model")
    size.add_argument("--meter", metavar="FILE", type=Path, help="a measured load curve")
    new.add_argument("--months", type=int, required=True, metavar="M", help="for how long")
    new.add_argument("--gpu-model", default="custom", choices=register()["load.gpu_model"].choices, help="GPU system")
    new.add_argument("--start", metavar="YYYY-MM", default=next_month(), help="first month; the next one if left out")
    new.add_argument("--grid-mw", type=float, default=0.0, metavar="MW", help="what the grid gives today")
    new.add_argument("--grid-month", default="0", metavar="G", help="months until it gives all; 0 at once, or never")
    new.add_argument(
        "--otherwise", default=OTHERWISE[0], choices=OTHERWISE, help="what you would do without the hybrid"
    )
    new.add_argument(
        "--diesel", type=float, metavar="X", help="delivered price of diesel per litre, in the place's money"
    )
    new.add_argument("--lang", choices=tuple(LANGUAGES), default="en", help="language of what is said")
    new.add_argument("-o", "--out", metavar="FILE", type=Path, help="write the scenario there instead of printing it")
    new.set_defaults(run=_new)


def _new(options: argparse.Namespace) -> int:
    """Print the scenario of the start card, and on standard error what was assumed for it."""
    texts = words(options.lang)
    start = Start(
        place=find_place(options.place),
        start=options.start,
        months=options.months,
        gpus=options.gpus,
        gpu_model=options.gpu_model,
        existing_kw=1000 * options.grid_mw,
        ready_month=_grid_month(options.grid_month),
        otherwise=options.otherwise,
    )
    if options.mw is not None:
        start = replace(start, peak_kw=1000 * options.mw)
    if options.meter:
        start = replace(start, meter=_metered(options.meter, start.place, texts))
    scenario = checked(scenario_of(start))
    if options.diesel is not None:
        scenario = scenario.with_(diesel_at(scenario, options.diesel))
    for line in assumed(scenario, words_for(scenario, options.lang)):
        print(f"assumed: {line}", file=sys.stderr)
    if options.out is None:
        print(scenario.to_json())
    else:
        options.out.write_text(scenario.to_json(), encoding="utf-8")
        print(f"wrote {options.out}", file=sys.stderr)
    return 0


def _grid_month(text: str) -> int | None:
    """Months until the grid gives all, None for never."""
    if text == "never":
        return None
    if not text.isdigit():
        values = {"option": "--grid-month", "given": text, "never": "never"}
        raise Refusal("{option} {given} cannot be used; give a number of months, or {never}", **values)
    return int(text)


def _metered(path: Path, place: str, texts: Words) -> Meter:
    """The load of a meter file; each thing found in it is told on standard error."""
    reading = read_meter(path.read_bytes(), path.name, site_offset_h=library.sites()[place].utc_offset_h)
    found = [texts.problem(one.text) for one in reading.findings]
    for sentence in found:
        print(f"{path.name}: {sentence}", file=sys.stderr)
    return Meter.model_validate(reading.as_input(path.name, found))


def _verify(options: argparse.Namespace) -> int:
    found = verify(options.file.read_bytes())
    print("\n".join(told(found, words(options.lang))))
    return 0 if found.holds else 1


def _export(options: argparse.Namespace) -> int:
    scenario, offer = _opened(options.scenario)
    study = evaluate(scenario)
    if options.offer:
        offer = offer_from_json(options.offer.read_bytes())
    given = {name: getattr(options, name) for name in ("client", "vendor", "issued") if getattr(options, name)}
    offer = replace(offer, **given)
    for sentence in warnings(study, offer, words(options.lang)):
        print(f"warning: {sentence}", file=sys.stderr)
    years = _years(options.years, study.dispatch.years)
    for path in write_files(study, options.out, tuple(options.kinds or KINDS), options.lang, offer, years):
        print(path)
    return 0


def _years(text: str, most: int) -> tuple[int, ...]:
    """ "all", or years by their numbers. Raises Refusal where one is not in the term."""
    if text == "all":
        return tuple(range(1, most + 1))
    years = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if not all(1 <= year <= most for year in years):
        raise Refusal(Problem(WRONG_YEARS, most=most, given=text[:40]))
    return tuple(dict.fromkeys(years))


def _run(options: argparse.Namespace) -> int:
    study = evaluate(_scenario(options.scenario))
    print(json.dumps(summary(study), indent=2, ensure_ascii=False) if options.json else _table(study))
    if options.csv:
        for path in write_csv_files(study, options.csv):
            print(f"wrote {path}", file=sys.stderr)
    return 0


def _controls(options: argparse.Namespace) -> int:
    study = evaluate(_scenario(options.scenario))
    if reason := not_covered(study):
        print(f"error: {words('en').t(f'foresight.reason.{reason}')}", file=sys.stderr)
        return 2
    found = shares(study)
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    print(f"{'':10}{'in sample':>12}{'out of sample':>16}")
    for name, row in found.items():
        others = " ".join(_share(share) for share in row["out_of_sample"])
        print(f"{name:10}{_share(row['in_sample']):>12}    {others}".rstrip())
    return 0


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"


def _presets(_: argparse.Namespace) -> int:
    for name, preset in presets().items():
        print(f"{name:8} {preset.scenario.site.name}")
    return 0


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _scenario(name: str) -> Scenario:
    return _opened(name)[0]


def _opened(name: str) -> tuple[Scenario, Offer]:
    """A shipped case by its name, a scenario file, or a document that carries one; with the offer in it."""
    if name in presets():
        return presets()[name].scenario, Offer()
    path = Path(name)
    if path.is_file() and path.stat().st_size > LARGEST_FILE_BYTES:
        values = {"name": name, "size": path.stat().st_size / 1e6}
        raise Refusal("{name}: {size:.0f} MB is too large for a scenario file (20 MB at most)", **values)
    return opened(read(path.read_bytes()))


def _table(study: Study) -> str:
    w, currency = words_for(study.scenario, "en"), study.scenario.site.currency
    rows = [f"{study.scenario.site.name}   {study.fingerprint}   {study.scenario.site.term_months} months"]
    figures = figures_on("cli")
    table = [["", *(say.figure_name(row, w) for row in figures), "Saving, undiscounted"]]
    for name, own in study.kpis.items():
        saving = study.savings.get(name)
        fraction = "baseline" if saving is None else "" if saving.fraction is None else w.percent(saving.fraction)
        table.append([name, *(say.figure(row, own.figure(row.key), w, currency) for row in figures), fraction])
    rate = rate_note(study.scenario, w)
    rows += [say.say(headline(study), w, currency), *_warned(study, w), ""]
    return "\n".join([*rows, *_aligned(table, ">"), *([rate] if rate else []), "", *_returns(study)])


def _warned(study: Study, w: Words) -> list[str]:
    """Each warning about the answer in a line."""
    currency = study.scenario.site.currency
    return [f"! {say.say(alert.finding, w, currency).replace('**', '')}" for alert in alerts(study)]


def _aligned(table: list[list[str]], align: str = "<") -> list[str]:
    """Rows of text with columns as wide as their widest cell; the first stands to the left, the others as told."""
    widths = [max(len(row[k]) for row in table) + 3 for k in range(len(table[0]))]
    aligns = ["<", *(align for _ in widths[1:])]
    cells = ([f"{text:{side}{width}}" for text, side, width in zip(row, aligns, widths, strict=True)] for row in table)
    return ["".join(row).rstrip() for row in cells]


def _returns(study: Study) -> list[str]:
    """The project after tax in the words of the page."""
    w = words_for(study.scenario, "en")
    rows = _aligned([financing_text.view_heads(study, w), *financing_text.views(study, w)])
    rows += [financing_text.rules_text(returns(study).rules, w), financing_text.loan_line(study, w)]
    return rows if returns(study).no_loan else [*rows, financing_text.coverage_finding(study, w)]


if __name__ == "__main__":
    sys.exit(main())
