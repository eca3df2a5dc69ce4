"""`python -m fairaudit` is the console script."""

from fairaudit.cli.main import run

run()
