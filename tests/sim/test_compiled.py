"""What numba keeps on disk is compiled anew when anything that was compiled into it has changed."""

import os
import sys
from pathlib import Path

from tests.processes import run_well

ROOT = Path(__file__).resolve().parents[2]
INNER = """
from sim.compiled import inlined

@inlined
def step(x):
    return x + {}
"""
OUTER = """
import inner
from sim.compiled import Kernel

def loop(x):
    return inner.step(x)

kernel = Kernel(loop, builds_on=(inner,))
print(kernel(1), sum(kernel.compiled.stats.cache_hits.values()))
"""


def test_a_kernel_follows_the_modules_it_builds_on(tmp_path: Path):
    """numba alone looks at the file of the outer function and would go on with the old step."""
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": path}
    (tmp_path / "outer.py").write_text(OUTER, encoding="utf-8")

    def printed(added: int) -> list[str]:
        (tmp_path / "inner.py").write_text(INNER.format(added), encoding="utf-8")
        return run_well([sys.executable, "-B", tmp_path / "outer.py"], cwd=ROOT, env=environment).stdout.split()

    assert printed(1) == ["2", "0"]
    assert printed(1) == ["2", "1"], "what has not changed is kept"
    assert printed(5) == ["6", "0"]
