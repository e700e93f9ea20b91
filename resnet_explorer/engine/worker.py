"""The first function of the engine's process; importing it imports no PyTorch."""

from multiprocessing.connection import Connection


def work(connection: "Connection[object, object]", trains: bool = False) -> None:
    """Serve requests until the window is gone; one that ``trains`` gets ready for that first."""
    from resnet_explorer.engine.server import serve

    serve(connection, trains)
