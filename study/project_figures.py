"""Key figures that only the hybrid as a project has: rows as in `finance.figures`, found from a whole study."""

from __future__ import annotations

from dataclasses import replace

from finance.figures import KeyFigure
from study.financing import full_cycles_per_year, overall_efficiency, returns, storage_costs

_ROWS = {
    "mirr": KeyFigure("rate", lambda study: returns(study).mirr, "more"),
    "profitability_index": KeyFigure("ratio", lambda study: returns(study).profitability_index, "more"),
    "least_dscr": KeyFigure("ratio", lambda study: returns(study).coverage.least_dscr, "more"),
    "least_icr": KeyFigure("ratio", lambda study: returns(study).coverage.least_icr, "more"),
    "lcos_per_kwh": KeyFigure("money_per_kwh", lambda study: storage_costs(study)[0], "less", "storage"),
    "lcos_without_charging_per_kwh": KeyFigure(
        "money_per_kwh", lambda study: storage_costs(study)[1], "less", "storage"
    ),
    "overall_efficiency": KeyFigure("share", overall_efficiency, "more", "storage"),
    "full_cycles_per_year": KeyFigure("count", lambda study: full_cycles_per_year(study)[0], None, "storage"),
}
PROJECT_FIGURES: dict[str, KeyFigure] = {key: replace(row, key=key) for key, row in _ROWS.items()}
