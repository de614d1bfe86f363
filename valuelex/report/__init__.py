"""Floor 5, ``valuelex report``: one self-contained HTML page, one section per step, each of the step's own name."""

from valuelex.report.page import render
from valuelex.study import set_reporter

# Inversion: a study ends in its report, but the report lives one floor above the study and may not be imported by it. Importing
# this room (as the command line does) is what makes `Study.run(to="report")` possible.
set_reporter(render)

__all__ = ["render"]
