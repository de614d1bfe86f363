"""What goes into a paper: the methods section with its references, and tables in APA style."""

from valuelex.report.paper.methods import Paragraph, paragraphs
from valuelex.report.paper.tables import tables
from valuelex.report.paper.writing import write_paper

__all__ = ["Paragraph", "paragraphs", "tables", "write_paper"]
