"""Handing a solution over: tables for papers, pictures, scripts for other programs, and a check against them."""
