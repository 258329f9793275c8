# Types of the names that __init__.py imports when they are first used.
from caig_cli.api import *

__version__: str
