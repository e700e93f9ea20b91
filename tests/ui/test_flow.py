"""A row of tools that breaks: what belongs together stays in one row where one has room for it."""

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from resnet_explorer.ui.flow import Flow


def sized(wide: int) -> QWidget:
    made = QWidget()
    made.setFixedSize(wide, 20)
    return made


def test_views_stay_in_one_row_where_one_has_room_for_them(qtbot: QtBot) -> None:
    actions, views = [sized(100) for _ in range(3)], [sized(80) for _ in range(4)]
    owner = QWidget()
    qtbot.addWidget(owner)
    flow = Flow(*actions, *views, together=views)
    owner.setLayout(flow)
    owner.show()
    for wide, rows in ((700, 1), (500, 2), (300, 3)):
        owner.resize(wide, 200)
        flow.activate()
        tops = [part.y() for part in (*actions, *views)]
        assert len(set(tops)) == rows, wide
        if wide >= 500:
            assert len({view.y() for view in views}) == 1, "they are not parted"
