"""Pictures under each other as one: a chart with a strip of blocks, for screen and export alike."""

from resnet_explorer.drawing.marks import Group, Mark, Picture


def stack(*pictures: Picture, gap: float = 0.0) -> Picture:
    """Return pictures under each other, named after the first; their ids have to differ."""
    y = 0.0
    marks: list[Mark] = []
    for index, picture in enumerate(pictures):
        size = picture.width, picture.height
        marks.append(Group("", "picture", picture.title, 0, y, *size, picture.marks, f":{index}"))
        y += picture.height + gap
    wide = max((picture.width for picture in pictures), default=0.0)
    words = ". ".join(picture.description for picture in pictures if picture.description)
    return Picture(wide, max(0.0, y - gap), tuple(marks), pictures[0].title if pictures else "", words)
