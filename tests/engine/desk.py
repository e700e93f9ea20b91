"""An engine whose replies land on a desk."""

import queue
import time

from resnet_explorer.engine.client import Engine
from resnet_explorer.engine.messages import Reply

PATIENCE = 120.0


class Desk:
    """An engine with a desk on which its replies land, handled in the test's own thread."""

    def __init__(self) -> None:
        self.replies: queue.Queue[Reply] = queue.Queue()
        self.engine = Engine(self.replies.put)

    def wait(self, *kinds: type) -> Reply:
        """Return the next reply of one of these kinds; the engine takes note of all."""
        end = time.monotonic() + PATIENCE
        while True:
            reply = self.replies.get(timeout=max(0.1, end - time.monotonic()))
            self.engine.handle(reply)
            if isinstance(reply, kinds):
                return reply
