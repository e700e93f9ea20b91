"""A row of tools that breaks: what belongs together stays in one row where one has room for it."""

from PySide6.QtWidgets import QLabel, QWidget
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


def test_a_row_that_changes_is_measured_anew(qtbot: QtBot) -> None:
    parts, owner = [sized(100), sized(100)], QWidget()
    qtbot.addWidget(owner)
    flow = Flow(*parts, margins=(0, 0, 0, 0))
    owner.setLayout(flow)
    owner.show()
    assert flow.heightForWidth(206) == 20 and flow.heightForWidth(205) == 46
    parts[0].setFixedSize(99, 30)
    assert flow.heightForWidth(205) == 30, "a part has another size"
    parts[0].hide()
    assert flow.heightForWidth(100) == 20, "a part is hidden"
    more = sized(50)
    flow.addWidget(more)
    more.show()
    assert flow.heightForWidth(100) == 46, "a part is added"
    assert flow.takeAt(2) is not None and flow.heightForWidth(100) == 20, "a part is taken away"
    label = QLabel("words")
    flow.addWidget(label)
    label.show()
    before = flow.heightForWidth(300)
    owner.setStyleSheet("* { font-size: 60pt }")
    assert flow.heightForWidth(300) > before, "the letters are larger"
