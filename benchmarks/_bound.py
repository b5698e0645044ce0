"""What the processor could do at best: its additions a second, and how many of them one step of the rule takes.

The rule is additions, minima, maxima and comparisons, which share one kind of pipe, and fewer multiplications, which
run beside them. Throughput of that pipe over the additions of a lane's step bounds the kernel. The throughput is
measured on values that stay in registers; the additions are counted by running the rule's own functions on numbers
that count.
"""

from __future__ import annotations

import time

from sim.compiled import Kernel, inlined
from sim.dispatch import kernel, rule
from sim.dispatch.rule import N_ROWS, WIDTH

CHAINS = 8  # independent, or each would wait for the one before
OPS_A_CHAIN = 24
TURNS = 20_000


class Counted(float):
    """A number whose additions, subtractions and comparisons (so minima and maxima) add to `seen`."""

    seen = 0

    def _count(self, other, operation):
        Counted.seen += 1
        return operation(float(self), float(other))

    def __add__(self, other):
        return Counted(self._count(other, float.__add__))

    def __sub__(self, other):
        return Counted(self._count(other, float.__sub__))

    def __mul__(self, other):
        return Counted(float.__mul__(self, float(other)))

    def __lt__(self, other):
        return self._count(other, float.__lt__)

    def __gt__(self, other):
        return self._count(other, float.__gt__)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return Counted(self._count(other, lambda own, given: given - own))


def additions_a_step() -> int:
    """Additions, minima, maxima and comparisons of one lane's step in which no set runs and neither level nor billed
    peak is asked, the look for a deficit included."""
    work = [Counted(1.0)] * (N_ROWS * WIDTH)
    half, whole = [Counted(0.5)], [Counted(1.0)]
    Counted.seen = 0
    rule._supply.py_func(work, 0, False, *half * 7, *whole)
    rule._charge.py_func(work, 0, False, *half * 5, *whole)
    return Counted.seen + 1


@inlined
def _three(value, less, most, least):
    return max(min(value - less, most), least)


@Kernel
def _add(values, turns, width, less, most, least):
    """Eight chains abreast, so that none waits for its own last result; each turn stores them once."""
    for _ in range(turns):
        for j in range(width):
            a, b, c, d = values[j], values[WIDTH + j], values[2 * WIDTH + j], values[3 * WIDTH + j]
            e, f, g, h = values[4 * WIDTH + j], values[5 * WIDTH + j], values[6 * WIDTH + j], values[7 * WIDTH + j]
            for _ in range(OPS_A_CHAIN // 3):
                a, b, c, d = (
                    _three(a, less, most, least),
                    _three(b, less, most, least),
                    _three(c, less, most, least),
                    _three(d, less, most, least),
                )
                e, f, g, h = (
                    _three(e, less, most, least),
                    _three(f, less, most, least),
                    _three(g, less, most, least),
                    _three(h, less, most, least),
                )
            values[j], values[WIDTH + j], values[2 * WIDTH + j], values[3 * WIDTH + j] = a, b, c, d
            values[4 * WIDTH + j], values[5 * WIDTH + j], values[6 * WIDTH + j], values[7 * WIDTH + j] = e, f, g, h


def additions_a_second(turns: int = TURNS) -> float:
    """Measured throughput of one thread, lane operations a second of processor time."""
    values = kernel._aligned(CHAINS * WIDTH) + 1.0
    start = time.thread_time()
    _add(values, turns, WIDTH, 1e-9, 2.0, 0.5)
    return CHAINS * WIDTH * OPS_A_CHAIN * turns / (time.thread_time() - start)
