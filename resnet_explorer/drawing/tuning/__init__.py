"""The fine-tuning lab's pictures: what is frozen, drawn on the network's own diagram, and the rates of its groups.

::

    frozen = frozen_at(grouping(plan, 1437), epoch=0)      # what stands still at an epoch, part by part
    picture = diagram(analysis, View(), frozen=frozen)     # hatched, with a lock or a snowflake, and said in titles
    made = group_rates(grouping(plan, 1437))               # the learning rate of every unit over the epochs
"""

from resnet_explorer.drawing.tuning.frozen import Cold, Frozen, frozen_at
from resnet_explorer.drawing.tuning.rates import group_rates

__all__ = ["Cold", "Frozen", "frozen_at", "group_rates"]
