# What CI checks, one by one or all together; `just` runs lint, types, imports and tests.

default: lint types imports test

lint:
    uv run ruff check .
    uv run ruff format --check .

types:
    uv run mypy

imports:
    uv run lint-imports

test *args:
    uv run pytest {{args}}

slow:
    uv run pytest -m slow -n 0

format:
    uv run ruff check --fix .
    uv run ruff format .

demo:
    uv run retrospan demo

# Pin what CI installs. The file holds hashes and no addresses.
pin:
    uv pip compile pyproject.toml --all-extras --group tools --universal --python-version 3.11 --generate-hashes \
      --no-annotate --no-header --no-emit-index-url --upgrade --quiet -o requirements/dev.txt

# Pages and schemas that are made from code.
reference:
    uv run python docs/reference/generate.py
