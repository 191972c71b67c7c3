"""Does a chooser call the right tool with the right arguments, seeing only what a client shows a model?

    python benchmarks/tool_choice.py                          the trivial baseline: words in common
    python benchmarks/tool_choice.py --command "python my_model.py"

A command is started once for each request. It reads one JSON object from stdin, `{"request", "instructions", "tools":
[{"name", "title", "description", "input_schema"}]}`, and writes one to stdout, `{"tool", "arguments"}`: the first call
that the model makes. Any model can be put behind it.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from intervals import rate
from retrospan.mcp_server.arguments import check_arguments
from retrospan.mcp_server.instructions import INSTRUCTIONS
from retrospan.mcp_server.registry import load_tools
from retrospan.model.errors import UsageError

Tools = Sequence[Mapping[str, Any]]
Choice = tuple[str, dict[str, Any]]
Chooser = Callable[[str, Tools], Choice]
REQUESTS = Path(__file__).with_name("tool_choice.yaml")
_WORD = re.compile(r"[a-z]{3,}")
_TRACE = re.compile(r"\b(T\d+|[0-9a-f]{32})\b")


def offered() -> list[dict[str, Any]]:
    """The tools as a client gets them."""
    return [
        {"name": tool.name, "title": tool.title, "description": tool.description, "input_schema": tool.schema}
        for tool in load_tools().values()
    ]


def requests() -> list[dict[str, Any]]:
    """The labelled requests."""
    return list(yaml.safe_load(REQUESTS.read_text(encoding="utf-8")))


def by_words(request: str, tools: Tools) -> Choice:
    """The tool whose definition shares the rarest words with the request; trace ids go where a trace is asked for."""
    texts = [Counter(_WORD.findall(json.dumps(tool).replace("_", " ").lower())) for tool in tools]
    known = Counter(word for text in texts for word in text)
    weights = {word: math.log(len(tools) / count) + 0.1 for word, count in known.items()}
    asked = set(_WORD.findall(request.lower()))
    scores = [sum(weights[word] for word in asked & text.keys()) for text in texts]
    best = tools[max(range(len(tools)), key=scores.__getitem__)]
    names = [name for name in ("trace", "left", "right", "subject") if name in best["input_schema"]["properties"]]
    return best["name"], dict(zip(names, _TRACE.findall(request), strict=False))


def by_command(command: str) -> Chooser:
    """Ask a program."""

    def choose(request: str, tools: Tools) -> Choice:
        question = json.dumps({"request": request, "instructions": INSTRUCTIONS, "tools": list(tools)})
        done = subprocess.run(shlex.split(command), input=question, capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        return str(answer["tool"]), dict(answer.get("arguments") or {})

    return choose


def measure(choose: Chooser) -> dict[str, list[bool]]:
    """For each request: whether the tool is right, and the arguments of a right tool; prints where it went astray."""
    tools, found = offered(), load_tools()
    results: dict[str, list[bool]] = {"tool": [], "arguments": [], "valid": []}
    for entry in requests():
        name, arguments = choose(entry["request"], tools)
        right = name in (entry["tool"], *entry.get("also", ()))
        results["tool"].append(right)
        if name in found:
            results["valid"].append(_is_valid(name, arguments))
        if name == entry["tool"] and "arguments" in entry:
            wanted = entry["arguments"]
            results["arguments"].append(all(str(arguments.get(key)) == str(value) for key, value in wanted.items()))
        if not right:
            print(f"  {entry['request'][:90]}\n      {name}, wanted {entry['tool']}")
    return results


def _is_valid(name: str, arguments: Mapping[str, Any]) -> bool:
    try:
        check_arguments(name, load_tools()[name].model, arguments)
    except UsageError:
        return False
    return True


def main() -> None:
    """See the head of this file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--command", help="a program that chooses; without it the baseline")
    command = options.parse_args().command
    results = measure(by_command(command) if command else by_words)
    print(f"right tool           {rate(results['tool'])}")
    print(f"its right arguments  {rate(results['arguments'])}")
    print(f"accepted as called   {rate(results['valid'])}")


if __name__ == "__main__":
    main()
