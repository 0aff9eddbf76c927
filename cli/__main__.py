"""``python -m cli``: the ``tierline`` command where it is not installed as one."""

from cli.main import main

main()
