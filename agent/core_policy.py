"""Keys and passphrases stay out of core files: nothing of this process's memory is written when it dies, nor read by others.

Two locks, because a core pattern that begins with a pipe ignores the limit (core(5)): RLIMIT_CORE is 0, for the programs that
this one starts too, and the process is not dumpable (prctl(2), PR_SET_DUMPABLE), which also keeps other users' debuggers out.
"""

import ctypes
import resource

_PR_SET_DUMPABLE = 4


def keep_memory_private() -> None:
    """Call before the first key is read."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Where it fails the limit still holds; no work is refused for it.
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
