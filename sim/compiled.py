"""How loops over steps are compiled: the options of every kernel, and where its compiled form is kept."""

import zlib
from pathlib import Path

from numba import njit

# nnan lets min and max become single instructions (inputs are checked to be finite); nsz ignores the sign of zero.
# Reassociation and fused multiply-add stay off: they would make a result depend on the lane's place in its block.
OPTIONS = {"error_model": "numpy", "fastmath": {"nnan", "nsz"}}
PLAIN = {"error_model": "numpy"}  # for values that may not be a number, or whose zero has a sign


class Kernel:
    """A compiled function, kept on disk where numba can, in memory where its cache is unwritable, full or damaged.

    `builds_on`: the other modules whose functions and constants are compiled into it. numba looks at the function's own
    file alone; here a change in any of them, or in this file, compiles it anew.
    """

    def __init__(self, function, options=OPTIONS, builds_on=()):
        self.function, self.options = function, options
        try:
            self.compiled = njit(cache=True, nogil=True, **options)(function)
        except RuntimeError:  # numba found no place for a cache
            self.compiled = njit(nogil=True, **options)(function)
        else:
            index = self.compiled._cache._cache_file
            files = (__file__, *(module.__file__ for module in builds_on))
            index._source_stamp = (index._source_stamp, *(zlib.crc32(Path(file).read_bytes()) for file in files))

    def __call__(self, *arguments):
        try:
            return self.compiled(*arguments)
        except Exception:  # a cache file can fail in any way; an error of the arguments comes again without the cache
            self.compiled = njit(nogil=True, **self.options)(self.function)
            return self.compiled(*arguments)


# Inlined by LLVM: after numba's own inlining the loops over lanes do not vectorise.
inlined = njit(forceinline=True, **OPTIONS)
# The same for functions that make no array: theirs are lent to them and no reference is counted. The optimum's step cut
# into such pieces is as fast as in one; with references counted it takes twice as long.
in_place = njit(forceinline=True, _nrt=False, **OPTIONS)
