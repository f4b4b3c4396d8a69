"""What reads a whole file takes seconds and hundreds of megabytes: a few at a time, in threads of their own. The pages
of everybody else share the other threads, and do not wait for them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

AT_ONCE = 2

Answer = TypeVar("Answer")

_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="import-desk")


async def heavily(work: Callable[..., Answer], *args: Any) -> Answer:
    """The answer of ``work``, when it is its turn."""
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(work, *args))
