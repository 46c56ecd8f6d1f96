"""The report of a generation: tables, curves and a page, written from one frozen Report."""
