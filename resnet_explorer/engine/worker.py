"""The first function of the engine's process; importing it imports no PyTorch."""

import signal
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from resnet_explorer.engine.messages import Failed, Request
from resnet_explorer.engine.pytorch import importing
from resnet_explorer.errors import ExplorerError


def work(connection: "Connection[Any, Any]", preload: Sequence[str] | None = None) -> None:
    """Serve requests until the window is gone; it imports the modules of ``preload`` first.

    Without PyTorch each request is answered with the sentence that says so.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that asks: it says what becomes of jobs
    with suppress(EOFError, OSError):  # the window is gone
        try:
            with importing():
                from resnet_explorer.engine.server import serve
        except ExplorerError as error:
            _refuse(connection, error, traceback.format_exc())
        else:
            serve(connection, preload)


def _refuse(connection: "Connection[Any, Any]", error: ExplorerError, trace: str) -> None:
    while True:
        message = connection.recv()
        if isinstance(message, Request):
            connection.send(Failed(message.number, error.what, error.remedy, trace, lasts=True))
