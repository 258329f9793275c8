# Types of the names that __init__.py imports when they are first used.
from caig_cli.api import AdPainter as AdPainter
from caig_cli.api import CaigError as CaigError
from caig_cli.api import Creative as Creative
from caig_cli.api import Cutout as Cutout
from caig_cli.api import Judge as Judge
from caig_cli.api import Pair as Pair
from caig_cli.api import Pairs as Pairs
from caig_cli.api import Product as Product
from caig_cli.api import PromptWriter as PromptWriter
from caig_cli.api import Verdict as Verdict
from caig_cli.api import cut_out as cut_out
from caig_cli.api import load_judge as load_judge
from caig_cli.api import load_painter as load_painter
from caig_cli.api import load_prompt_model as load_prompt_model
from caig_cli.api import read_log as read_log

__version__: str
