"""`python -m fairaudit` is the console script."""


def main() -> None:
    """The console script; an interrupt while its modules are still being imported is reported like any other."""
    try:
        from fairaudit.cli.main import run

        run()
    except KeyboardInterrupt:
        import os
        import sys

        if sys.stderr is not None:
            sys.stderr.write("Interrupted. Run the same command again to begin anew.\n")
            sys.stderr.flush()
        os._exit(130)  # threads of half-imported libraries are not waited for


if __name__ == "__main__":
    main()
