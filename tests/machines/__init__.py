"""Several machines, as network namespaces with addresses of their own: `python -m tests.machines`."""
