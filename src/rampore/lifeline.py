"""A process that ends when the one that it works for does, however that came to its end."""

import os
import threading
import time


def end_with(parent: int, every: float = 0.5) -> None:
    """End this process, at the latest some time after its parent ended.

    Parameters
    ----------
    parent : int
        Process id of the parent as the parent knows it: it may have ended before this is called.
    every : float
        Time between two looks [s].
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
