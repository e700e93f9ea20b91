"""The first function of the engine's process; importing it imports no PyTorch."""

from multiprocessing.connection import Connection


def work(connection: "Connection[object, object]") -> None:
    """Serve requests until the window is gone."""
    from resnet_explorer.engine.server import serve

    serve(connection)
