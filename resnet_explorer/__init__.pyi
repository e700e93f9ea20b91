from resnet_explorer.notebook import Net as Net
from resnet_explorer.notebook import compare as compare
from resnet_explorer.notebook import finetune as finetune
from resnet_explorer.notebook import gradients as gradients
from resnet_explorer.notebook import identify as identify
from resnet_explorer.notebook import network as network
from resnet_explorer.notebook import networks as networks
from resnet_explorer.notebook import train as train

__version__: str
