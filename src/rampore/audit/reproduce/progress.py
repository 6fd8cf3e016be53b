"""Progress, in lines that read well on a terminal and in a log."""

from __future__ import annotations

import threading
import time
from typing import TextIO


class Progress:
    """Lines with the time since the start; on a terminal, below them one line with what is running.

    Parameters
    ----------
    stream : TextIO
    every : float
        Where the stream is no terminal: seconds of silence after which a line says what is running.
    """

    def __init__(self, stream: TextIO, every: float = 5.0) -> None:
        self._stream, self._every = stream, every
        self._start = self._last = time.perf_counter()
        self._running: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def elapsed(self) -> float:
        """Time since the start [s]."""
        return time.perf_counter() - self._start

    def say(self, text: str) -> None:
        """One line that stays."""
        with self._lock:
            clear = "\r\x1b[K" if self._stream.isatty() else ""
            self._print(f"{clear}{self.elapsed:6.1f} s  {text}\n")

    def step(self, name: str, cell: int, cells: int) -> None:
        """A chapter has come to a cell."""
        self._running[name] = f"{name}: cell {cell} of {cells}"

    def done(self, name: str) -> None:
        """A chapter runs no more."""
        self._running.pop(name, None)

    def tick(self) -> None:
        """Say what is running, if it is time to; call it every second or so."""
        running = ", ".join(list(self._running.values()))
        if not running:
            return
        if self._stream.isatty():
            with self._lock:
                self._print(f"\r\x1b[K{self.elapsed:6.1f} s  {running}")
        elif time.perf_counter() - self._last >= self._every:
            self.say(running)

    def _print(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
        self._last = time.perf_counter()
