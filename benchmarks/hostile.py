"""Hostile input by the thousand against every door of the product, each case in a process with limits.

    python -m benchmarks.hostile [--cases 10000] [--seed 1] [--only meter,url] [--seconds 600]

A case is fine where it is accepted, or refused in a sentence that Chinese has too. It is counted as an escape (another
error), as raw (a sentence that is not of the catalogue), as slow (over 5 s of the processor), as memory (over 500 MB
more), as changed (a scenario that does not read back equal), as endless (no answer within 40 s of the processor) or as
dead (the process ended; its exit code is told). The payload of such a case is kept in a file, whose name is told.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pickle
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FILES = ROOT / "tests" / "reference" / "field" / "files"
# No file is larger than the doors let in.
MOST_BYTES = 8_000_000
SLOW_S, MOST_MB, LIMIT_S, ADDRESS_SPACE, TOLD_EVERY = 5.0, 500.0, 40.0, 6 << 30, 250
TEXTS = (
    "",
    " ",
    "0",
    "nan",
    "-inf",
    "1e999",
    "E5",
    "9" * 400,
    "x" * 50_000,
    "(" * 50_000,
    "=1+1",
    "\x00",
    "\ud800",
    "\u202ea",
    "中" * 300,
    "{0}{name}%s",
    "![p](http://evil.test/p.png)",
    "<b>",
    "../../etc/passwd",
    "\r\nSet-Cookie: a=1",
    "12/31/1999 25:61",
    "2025-02-30",
    "万kWh",
)
VALUES: tuple[Any, ...] = (
    *TEXTS,
    *(
        0,
        -1,
        1,
        0.5,
        1e-320,
        1e308,
        -1e308,
        10**40,
        2**63,
        True,
        None,
        float("nan"),
        float("inf"),
        [],
        {},
        [[]],
        [None],
    ),
)
SHARES = {
    "scenario": 0.3,
    "study": 0.02,
    "meter": 0.14,
    "weather": 0.08,
    "tariff": 0.1,
    "urdb": 0.1,
    "prices": 0.08,
    "bills": 0.06,
    "paths": 0.02,
    "url": 0.08,
    "offer": 0.02,
}


def places(tree: Any, path: tuple = ()) -> Iterator[tuple]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree[:8]) if isinstance(tree, list) else ()
    for key, part in inside:
        yield (*path, key)
        yield from places(part, (*path, key))


def changed(rng: random.Random, tree: Any) -> Any:
    """A tree of JSON with one to five places gone wrong: another value, none, a strange key, a list many times over."""
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        found = list(places(tree))
        if not found:
            return tree
        *parents, last = rng.choice(found)
        node = tree
        for part in parents:
            node = node[part]
        kind = rng.randrange(8)
        if kind < 4:
            node[last] = rng.choice(VALUES)
        elif kind == 4:
            del node[last]
        elif kind == 5 and isinstance(node, dict):
            node[rng.choice(TEXTS)[:3000]] = rng.choice(VALUES)
        elif isinstance(node[last], list):
            times = rng.choice([2, 100, 20_000])
            node[last] = node[last] * min(times, 1 + MOST_BYTES // len(json.dumps(node[last])))
        elif isinstance(node[last], int | float):
            node[last] = node[last] * rng.choice([0, -1, 1e3, 1e-6, 1e300])
    return tree


def spoilt(rng: random.Random, data: bytes) -> bytes:
    """Bytes gone wrong in one to twenty places."""
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        at, kind, lines = rng.randrange(len(data) + 1), rng.randrange(9), data.split(b"\n")
        piece = rng.choice(TEXTS).encode("utf-8", "surrogatepass")
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + piece + data[at:]
        elif kind == 2:
            data = data[:at] + rng.randbytes(rng.choice([1, 9, 99])) + data[at:]
        elif kind == 3:
            data = data.decode("utf-8", "replace").encode(rng.choice(["utf-16", "utf-8-sig", "gb18030"]), "replace")
        elif kind == 4:
            data = data.replace(rng.choice([b"0", b"1", b",", b";", b".", b":", b"-", b"2025", b'"']), piece[:30])
        elif kind == 5:
            rng.shuffle(lines)
            data = b"\n".join(lines)
        elif kind == 6:
            row, mark = rng.randrange(len(lines)), rng.choice([b",", b";", b"\t"])
            held = lines[row].split(mark)
            held[rng.randrange(len(held))] = piece
            data = b"\n".join([*lines[:row], mark.join(held), *lines[row + 1 :]])
        elif kind == 7:
            data = data.replace(b"\n", rng.choice([b"\r", b"\r\n", b"\n\n", b"\x0b", b"\x85", b" "]))
        else:
            data = data + data[-rng.choice([10, 1000, 50_000]) :] * rng.choice([1, 3, 40])
        data = data[:MOST_BYTES]
    return data


# Cases of each door


def cases(door: str, rng: random.Random) -> Iterator[Any]:
    """Endless payloads of one door."""
    makers: dict[str, Callable[[], Any]] = {
        "scenario": lambda: _scenario(rng),
        "study": lambda: json.dumps(changed(rng, _preset(rng))).encode(),
        "tariff": lambda: json.dumps(changed(rng, _preset(rng)["tariff"])).encode(),
        "urdb": lambda: spoilt(rng, _rate(rng)) if rng.random() < 0.2 else _rate(rng),
        "weather": lambda: spoilt(rng, rng.choice(weathers())),
        "url": lambda: _query(rng),
        "offer": lambda: {name: rng.choice(TEXTS) for name in rng.sample(OFFER, 3)},
    }
    while True:
        yield makers[door]() if door in makers else spoilt(rng, rng.choice(_tables()))


OFFER = ("client", "vendor", "contact", "title", "terms", "issued", "valid_until", "accent")


def _preset(rng: random.Random) -> dict[str, Any]:
    from study.presets import presets

    tree = json.loads(rng.choice(list(presets().values())).scenario.to_json())
    return _with_market(tree) if rng.random() < 0.2 else tree


def _with_market(tree: dict[str, Any]) -> dict[str, Any]:
    years = [{"year": year, "step_minutes": 60, "prices": "0.1 -0.02 0.3 " * 2920} for year in (2024, 2025)]
    tree["tariff"]["market"] = {"file_name": "m", "years": years, "year": 2024, "pays_exports": True}
    return tree


def _scenario(rng: random.Random) -> bytes:
    text = json.dumps(changed(rng, _preset(rng))).encode()
    if rng.random() < 0.1:
        text = text.replace(b'"site":', b'"site": {"name": "first"}, "site":', 1)
    return spoilt(rng, text) if rng.random() < 0.15 else text


def _rate(rng: random.Random) -> bytes:
    table = [[hour // 12 for hour in range(24)]] * 12
    rate = {"energyratestructure": [[{"rate": 0.1}], [{"rate": 0.2, "max": 1000, "unit": "kWh"}, {"rate": 0.3}]]}
    rate |= {"energyweekdayschedule": table, "energyweekendschedule": table, "flatdemandstructure": [[{"rate": 3}]]}
    rate |= {"demandratestructure": [[{"rate": 5}], [{"rate": 9}]], "demandweekdayschedule": table, "demandwindow": 15}
    rate |= {"demandweekendschedule": table, "flatdemandmonths": [0] * 12, "fixedchargefirstmeter": 10, "mincharge": 3}
    rate |= {"lookbackpercent": 0.5, "lookbackmonths": [1] * 12, "fixedchargeunits": "$/month", "name": "R"}
    return json.dumps(changed(rng, json.loads(json.dumps(rate)))).encode()


def _query(rng: random.Random) -> dict[str, str]:
    from sim.inputs.register import register

    keys = [*register(), "lang", "preset", "tariff.library_id", "load.meter", *TEXTS[:9]]
    found = {rng.choice(keys): rng.choice(VALUES) for _ in range(rng.choice([1, 2, 5, 30]))}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}


_KEPT: dict[str, list[bytes]] = {}


def _tables() -> list[bytes]:
    if "tables" not in _KEPT:
        stamps = np.arange(np.datetime64("2025-01-01T00:00"), np.datetime64("2026-01-01"), np.timedelta64(60, "m"))
        rows = (f"{str(stamp).replace('T', ' ')},{5000 + (k * 37) % 900}" for k, stamp in enumerate(stamps))
        whole = [("time,kW\n" + "\n".join(rows)).encode()]
        files = [path.read_bytes() for path in sorted(FILES.iterdir()) if path.suffix not in (".md", ".json")]
        _KEPT["tables"] = whole + files
    return _KEPT["tables"]


def weathers() -> list[bytes]:
    if "weathers" not in _KEPT:
        hours = np.arange(np.datetime64("2023-01-01T00"), np.datetime64("2024-01-01T00")).astype(object)
        sun = [max(0, round(800 * np.sin(np.pi * (hour.hour - 5.5) / 12))) for hour in hours]
        head = "LOCATION,Here,-,CHN,SRC,583620,31.17,121.43,8.0,4.0\nDESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\n"
        head += "GROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,x\nCOMMENTS 2,y\n"
        head += "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n"
        tail = "0,0,0,0,180,3.0,5,5,10,77777,9,999999999,0,0.1,0,88,0,0,0"
        epw = head + "\n".join(
            f"2023,{h.month},{h.day},{h.hour + 1},0,?9?9,15.0,10,60,101000,0,0,300,{s},{s // 2},{s // 3},{tail}"
            for h, s in zip(hours, sun, strict=True)
        )
        nsrdb = "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,Local Time Zone\n"
        nsrdb += "NSRDB,1,-,-,-,31.2,121.4,8,4,8\nYear,Month,Day,Hour,Minute,GHI,DNI,DHI,Temperature,Wind Speed\n"
        nsrdb += "\n".join(
            f"2023,{h.month},{h.day},{h.hour},30,{s},{s // 2},{s // 3},20,3" for h, s in zip(hours, sun, strict=True)
        )
        _KEPT["weathers"] = [epw.encode(), nsrdb.encode()]
    return _KEPT["weathers"]


# Doors: what a page or command does with a payload


def opened(door: str, payload: Any) -> str:
    """How a door ends: "accepted" or "changed". Raises what the door raises."""
    from sim.inputs.scenario import scenario_from_json

    if door in ("scenario", "study"):
        scenario = scenario_from_json(payload)
        if scenario_from_json(scenario.to_json()) != scenario:
            return "changed"
        if door == "study":
            from study.evaluate import evaluate
            from study.summary import summary

            json.dumps(summary(evaluate(scenario)), allow_nan=False)
    elif door == "url":
        from ui.url import decode, encode, fits

        found = decode(payload)
        fits(found.scenario, encode(found.scenario, found.preset_id, found.language))
    else:
        _file(door, payload)
    return "accepted"


def _file(door: str, payload: Any) -> None:
    from pydantic import ValidationError

    from finance.price_paths import read_points
    from report.paper.offer import Offer, printable
    from sim.inputs.base import input_error
    from sim.inputs.tariff import Tariff, library_tariff
    from sim.inputs.text import read_json
    from sim.meter.read import inspect, read_meter
    from sim.sun.files import read_weather
    from sim.sun.pv import as_weather_year
    from sim.tariff.bills_file import read_bills_file
    from sim.tariff.curve import curve_fields, market_fields
    from sim.tariff.price_file import read_curve
    from sim.tariff.urdb import read_urdb, to_tariff, to_urdb

    if door == "meter":
        inspect(payload, "m.csv")
        found = read_meter(payload, "m.csv", allow_short=True, unit="kW", expected_peak_kw=5000.0)
        if not np.isfinite(found.kw).all():
            raise ArithmeticError("the reading has numbers that are none")
    elif door == "weather":
        as_weather_year(read_weather(payload, "w.epw", 8.0), "w.epw")
    elif door == "tariff":
        try:
            to_urdb(Tariff.model_validate(read_json(payload)))
        except ValidationError as error:
            raise input_error(error) from error
    elif door == "urdb":
        to_tariff(read_urdb(payload))
    elif door == "prices":
        curve, tariff = read_curve(payload, "p.csv"), library_tariff("my_tnb_mv_general")
        if curve.kind == "year":
            market_fields(tariff, curve, 2025, False, ("p", "p.csv"), ())
        else:
            curve_fields(tariff, curve, "p", "p.csv")
    elif door == "bills":
        read_bills_file(payload, "b.csv", {"month": "month", "date": "month", "kwh": "kwh", "total": "total"})
    elif door == "paths":
        read_points(payload)
    elif door == "offer":
        printable(" ".join(vars(Offer(**payload))[name] for name in OFFER))


# The process that opens the doors, and the one that counts


def judged(door: str, payload: Any) -> tuple[str, str]:
    """(how the case ended, what was wrong with it)."""
    from i18n.words import catalogue
    from sim.problem import Problem, Refusal

    try:
        return opened(door, payload), ""
    except Refusal as refusal:
        for problem in (refusal.problem, *getattr(refusal, "problems", ())):
            if not isinstance(problem, Problem) or problem.pattern not in catalogue("zh"):
                return "raw", str(problem)[:200]
        return "refused", ""
    except Exception as error:
        where = [frame for frame in traceback.extract_tb(error.__traceback__) if str(ROOT) in frame.filename]
        at = f"{Path(where[-1].filename).name}:{where[-1].lineno}" if where else ""
        return "escape", f"{type(error).__name__}: {str(error)[:120]} @ {at}"


def serve(pipe: Connection) -> None:
    """Judge what comes until None does, each with its processor time and its growth."""
    import warnings

    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    warnings.simplefilter("ignore")
    for door in SHARES:
        judged(door, next(cases(door, random.Random(0))))
    # What a market alone asks for is compiled before anything is timed.
    judged("study", json.dumps(_with_market(_preset(random.Random(0)))).encode())
    pipe.send("ready")
    while (job := pipe.recv()) is not None:
        before, began = _peak_mb(), time.process_time()
        ended, detail = judged(*job)
        pipe.send((ended, detail, time.process_time() - began, _peak_mb() - before))


def _peak_mb() -> float:
    with suppress(OSError):
        status = Path("/proc/self/status").read_text()
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    return 0.0


def _spent_s(process: int) -> float:
    """Processor seconds of another process; where the system does not say, those of the clock."""
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return time.monotonic()


def _kept(payload: Any) -> str:
    """Name of a file with the payload."""
    with tempfile.NamedTemporaryFile(prefix="hostile-", suffix=".pickle", delete=False) as file:
        pickle.dump(payload, file)
    return file.name


class Cell:
    """A process that judges, made anew when it dies."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.pipe.recv()
        self.lost = "dead"

    def judge(self, door: str, payload: Any) -> tuple[str, str, float, float] | None:
        """None where it dies, or has not answered after `LIMIT_S` of the processor; `lost` says which."""
        before = _spent_s(self.process.pid or 0)
        with suppress(EOFError, OSError):
            self.pipe.send((door, payload))
            while not self.pipe.poll(LIMIT_S / 4):
                if _spent_s(self.process.pid or 0) - before > LIMIT_S:
                    self.lost = "endless"
                    break
            else:
                return self.pipe.recv()
        self.process.kill()
        self.process.join()
        return None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=7200.0)
    options = parser.parse_args(arguments)
    cell, counts, wrong, began = Cell(), Counter(), Counter(), time.monotonic()
    doors = [door for door in SHARES if not options.only or door in options.only.split(",")]
    streams = {door: cases(door, random.Random(f"{options.seed} {door}")) for door in doors}
    order = [door for door in doors for _ in range(round(options.cases * SHARES[door]))]
    random.Random(options.seed).shuffle(order)
    for door in order:
        if time.monotonic() - began > options.seconds:
            break
        payload = next(streams[door])
        answer = cell.judge(door, payload)
        if answer is None:
            answer = cell.lost, f"exit code {cell.process.exitcode}, {_kept(payload)}", 0.0, 0.0
            cell = Cell()
        if counts.total() % TOLD_EVERY == TOLD_EVERY - 1:
            print(f"{counts.total() + 1:,} cases, {wrong.total():,} wrong", file=sys.stderr, flush=True)
        ended, detail, spent, grown = answer
        faults = [ended] if ended not in ("accepted", "refused") else []
        faults += ["slow"] * (spent > SLOW_S) + ["memory"] * (grown > MOST_MB)
        counts[door, ended] += 1
        wrong.update((door, fault, f"{detail} {spent:.1f} s {grown:.0f} MB"[:200]) for fault in faults)
    for (door, ended), count in sorted(counts.items()):
        print(f"{door:10} {ended:10} {count:6}")
    for (door, fault, detail), count in wrong.most_common(60):
        print(f"{count:5} {door:9} {fault:8} {detail}")
    print(f"{counts.total():,} cases, {wrong.total():,} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
