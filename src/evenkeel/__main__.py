"""``python -m evenkeel`` is the command line."""

from evenkeel.cli import main

if __name__ == "__main__":
    main()
