"""`python -m fcproxy` is the console script."""

from fcproxy.cli import main

if __name__ == "__main__":
    main()
