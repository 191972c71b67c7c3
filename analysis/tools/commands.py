"""What a shell command does: which files it writes, which it puts back, whether it checks or only looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_MOST = 20_000
_HEREDOC = re.compile(
    r"<<-?\s*(['\"]?)([A-Za-z_]\w{0,40})\1(?P<rest>[^\n]*)\n(?P<body>.*?)(?:\n[ \t]*\2(?=\s|$)|\Z)", re.DOTALL
)
_TOKEN = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|&&|\|\||>>|[;|&<>\n]|[^\s'"\\;|&<>]+|[^\S\n]+|.""", re.DOTALL)
_ENDS = frozenset({"&&", "||", ";", "|", "&", "\n"})
_QUIET = frozenset({"/dev/null", "/dev/stderr", "/dev/stdout", "1", "2", "-"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_FRONT = frozenset(
    {"sudo", "env", "time", "nohup", "exec", "command", "nice", "then", "do", "else", "if", "!", "{", "("}
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOOKS = _words("""
    ls cat head tail less more grep egrep fgrep rg ag find fd tree wc stat file du df pwd which whereis type echo printf
    diff cmp sort uniq cut awk nl od xxd strings md5sum sha256sum date whoami id uname ps top env printenv history man
    jq yq column tr basename dirname realpath readlink true test [ sleep cd export set source . seq nproc free hostname
""")
_CHECKS = _words("""
    pytest tox nox unittest jest vitest mocha ava karma cypress rspec phpunit ctest mypy pyright flake8 ruff pylint
    eslint tsc black isort prettier clippy shellcheck rubocop golangci-lint
""")
_CHECK_WORDS = re.compile(
    r"(?i)(?:^|[\s/])(?:run_?tests?\S*|\S*test\S*\.(?:py|sh|js|ts|rb)|test|tests|check|lint|typecheck|type-check|build|compile|verify)(?=\s|$|:)"
)
_RUNNERS = _words(
    "npm pnpm yarn bun make just cargo go mvn gradle gradlew ./gradlew dotnet mix rake bundle poetry uv npx "
    "hatch pdm python python3 node ruby php java bazel cmake ninja sphinx-build swift deno django-admin"
)
_GIT_LOOKS = _words("status diff log show blame branch remote rev-parse ls-files describe grep fetch shortlog")
_GIT_BACK = _words("checkout restore reset stash revert")


class Deed(StrEnum):
    """What a command is for."""

    LOOK = "look"
    CHECK = "check"
    """Runs tests, a build, a linter."""
    WRITE = "write"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Command:
    """One shell command, maybe of several parts."""

    deed: Deed
    """The strongest of its parts: a write before a check before another before a look."""
    written: tuple[str, ...] = ()
    """Paths written, changed, moved or removed, as they stand there."""
    edited: tuple[str, ...] = ()
    """Those of them whose former content stays in part: `sed -i`, `>>`, `patch`."""
    undone: tuple[str, ...] = ()
    """Paths put back by version control or removed; `*` for all."""
    body: str = ""
    """What stands in here-documents: the content of files and programs."""


@lru_cache(maxsize=1024)
def read_command(text: str) -> Command:
    """The command by its words; what stands in quotation marks and here-documents is content.

    >>> read_command("sed -i 's/a/b/' src/x.py && pytest -q").written
    ('src/x.py',)

    Cost: linear; text beyond 20,000 characters is not read.
    """
    text = text[:_MOST]
    bodies: list[str] = []

    def _cut(match: re.Match[str]) -> str:
        bodies.append(match["body"])
        return match["rest"] + "\n"

    bare = _HEREDOC.sub(_cut, text)
    deeds: set[Deed] = set()
    written: list[str] = []
    edited: list[str] = []
    undone: list[str] = []
    for words, redirects in _parts(bare):
        for sign, path in redirects:
            written.append(path)
            if sign == ">>":
                edited.append(path)
        deed, paths, kept, back = _simple(words)
        deeds.add(Deed.WRITE if redirects else deed)
        written += paths
        edited += kept
        undone += back
    order = (Deed.WRITE, Deed.CHECK, Deed.OTHER, Deed.LOOK)
    strongest = next((deed for deed in order if deed in deeds), Deed.OTHER)
    return Command(strongest, tuple(written), tuple(edited), tuple(undone), "\n".join(bodies))


def _parts(text: str) -> Iterator[tuple[list[str], list[tuple[str, str]]]]:
    """Each simple command with its words and the files that its output is written to."""
    words: list[str] = []
    redirects: list[tuple[str, str]] = []
    joined = False
    waiting = ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in _ENDS:
            if words or redirects:
                yield words, redirects
            words, redirects, joined, waiting = [], [], False, ""
        elif token in (">", ">>"):
            waiting = token
            if joined and words and words[-1].isdigit():
                words.pop()  # the number of a stream
            joined = False
        elif token == "<":
            waiting, joined = "<", False
        elif token.isspace():
            joined = False
        else:
            word = token[1:-1] if token[0] in "'\"" and len(token) > 1 else token
            if waiting:
                if waiting != "<" and word not in _QUIET and not word.startswith("&"):
                    redirects.append((waiting, word))
                waiting = ""
            elif joined and words:
                words[-1] += word
            else:
                words.append(word)
            joined = True
    if words or redirects:
        yield words, redirects


def _simple(words: Sequence[str]) -> tuple[Deed, list[str], list[str], list[str]]:
    """Deed, written paths, edited paths and undone paths of one simple command."""
    words = [word for word in words if word]
    while words and (words[0] in _FRONT or _ASSIGNMENT.match(words[0])):
        words = words[1:]
    if not words:
        return Deed.LOOK, [], [], []
    name, rest = words[0].rpartition("/")[2] or words[0], words[1:]
    paths = [word for word in rest if not word.startswith("-")]
    if name in ("sed", "perl", "gsed") and any(w == "-i" or w.startswith("-i") or w.startswith("-pi") for w in rest):
        scripts = 0 if any(w in ("-e", "-f") for w in rest) else 1
        files = [path for path in paths[scripts:] if not path.startswith("s/")]
        return Deed.WRITE, files, files, []
    if name == "git":
        return _git(rest)
    if name in ("rm", "rmdir"):
        return Deed.WRITE, paths, [], paths
    if name in ("mv", "cp"):
        return Deed.WRITE, paths[-1:] if name == "cp" else paths, [], []
    if name in ("tee",):
        return Deed.WRITE, paths, paths if "-a" in rest else [], []
    if name in ("touch", "mkdir", "chmod", "chown", "ln", "truncate", "patch", "dd", "install", "rsync"):
        return Deed.WRITE, paths, [], []
    if name == "sed" or name in _LOOKS:
        return Deed.LOOK, [], [], []
    if name in _CHECKS or (name in _RUNNERS and _CHECK_WORDS.search(" " + " ".join(rest))):
        return Deed.CHECK, [], [], []
    if any(word.rpartition("/")[2] in _CHECKS for word in rest[:4]) or _CHECK_WORDS.search(" " + name):
        return Deed.CHECK, [], [], []
    return Deed.OTHER, [], [], []


def _git(rest: Sequence[str]) -> tuple[Deed, list[str], list[str], list[str]]:
    verb = next((word for word in rest if not word.startswith("-")), "")
    after = [word for word in rest[list(rest).index(verb) + 1 :] if not word.startswith("-")] if verb else []
    if verb in _GIT_LOOKS:
        return Deed.LOOK, [], [], []
    if verb in _GIT_BACK:
        return Deed.WRITE, [], [], [path for path in after if path != "HEAD"] or ["*"]
    if verb in ("rm", "mv"):
        return Deed.WRITE, after, [], after if verb == "rm" else []
    return (Deed.WRITE if verb else Deed.LOOK), [], [], []
