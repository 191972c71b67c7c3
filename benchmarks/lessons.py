"""Lessons before a change: does the right one come, does an irrelevant one stay away, is "none applies" right?

    python benchmarks/lessons.py              hit@3, irrelevant, right "none"; beside words, meaning, newest
    python benchmarks/lessons.py cost         tokens of an answer, CPU time at 10,000 signed lessons in a store

320 lessons are made of the invented topics in lesson_topics.yaml: each with a near-twin of the same text for another
branch of the code, and three of the same tool on another subject. Changes are told in other words than the lessons.
Topics whose number leaves 2 when divided by 3 are held out: thresholds were set on the others.

A lesson is irrelevant where the change touches none of its scope and it is not the one that is wanted; the near-twin
of another branch is irrelevant for a change that names a path.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from intervals import rate
from retrospan.answers.before_change import before_change_text
from retrospan.knowledge.changes import Change, change_of
from retrospan.knowledge.documents import parse_document, sign_document
from retrospan.knowledge.folders import KnowledgeKind
from retrospan.knowledge.globs import path_fits
from retrospan.knowledge.lessons import dump_lesson
from retrospan.knowledge.ranking import LessonIndex, Ranked, applying
from retrospan.model.reviews import AppliesTo, Lesson, LessonStatus
from retrospan.services.embedding.choose import embedder
from retrospan.services.knowledge.before_change import LEAST_ALIKE, MOST, PERHAPS, before_change, nearest
from retrospan.services.knowledge.lesson_search import meaning_text

HERE = Path(__file__).resolve().parent
GENERAL = (
    ("A call that timed out is not done", "A {tool} that hung was reported as done.", "Ask for the state of {tool}."),
    ("Retry {tool} at most twice", "A loop of retries ran for an hour.", "Stop after two tries and tell the user."),
    ("Keep secrets out of the log of {tool}", "A token stood in the log.", "Mask credentials before logging."),
)
"""What every tool has been through: title, what happened, what to do."""
GENERAL_ASKS = (
    "a longer timeout while the backend of {tool} hangs",
    "more retries for {tool} on errors",
    "debug logging with credentials for {tool}",
)


@dataclass(frozen=True)
class Asked:
    """A change with the lesson that bears on it; None where none does."""

    change: Change
    wanted: str | None
    topic: int

    @property
    def held_out(self) -> bool:
        return self.topic % 3 == 2


def topics() -> list[dict[str, Any]]:
    return list(yaml.safe_load((HERE / "lesson_topics.yaml").read_text()))


def lessons() -> list[Lesson]:
    """Oldest first."""
    found = []
    for number, topic in enumerate(topics()):
        scope = AppliesTo(tools=(topic["tool"],), files=(topic["path"],), agents=(topic["agent"],))
        far = AppliesTo(tools=(topic["tool"],), files=(elsewhere(topic["path"]),), agents=(f"{topic['agent']}_nordic",))
        text = (topic["title"], topic["happened"], "Nothing checked it.", topic["do"])
        found += [
            Lesson(f"t{number}", *text, applies_to=scope, status=LessonStatus.CONFIRMED),
            Lesson(f"t{number}-far", *text, applies_to=far, status=LessonStatus.CONFIRMED),
        ]
        for kind, parts in enumerate(GENERAL):
            title, happened, to_do = (part.format(tool=topic["tool"]) for part in parts)
            general = AppliesTo(tools=(topic["tool"],))
            found.append(Lesson(f"t{number}-g{kind}", title, happened, "Seen in production.", to_do, general))
    return found


def elsewhere(path: str) -> str:
    return f"regions/nordic/{path}"


def asked() -> Iterator[Asked]:
    """Changes that name tool and path, a path alone, a tool alone, or nothing; and those that no lesson bears on."""
    for number, topic in enumerate(topics()):
        path = topic["path"].replace("*", "main")
        first, second = topic["asks"]
        yield Asked(change_of(paths=[path], tools=[topic["tool"]], intent=first), f"t{number}", number)
        yield Asked(change_of(paths=[f"src/{path}"], intent=second), f"t{number}", number)
        kind = number % len(GENERAL)
        ask = GENERAL_ASKS[kind].format(tool=f"tool {topic['tool']}" if number % 2 else "it")
        yield Asked(change_of([f"tool:{topic['tool']}"], intent=ask), f"t{number}-g{kind}", number)
        yield Asked(change_of(intent=topic["asks"][number % 2]), f"t{number}", number)
    for number, row in enumerate(yaml.safe_load((HERE / "lesson_changes.yaml").read_text())):
        change = change_of(paths=row.get("paths", ()), tools=row.get("tools", ()), intent=row["intent"])
        yield Asked(change, None, number)


def relevant(lesson: Lesson, change: Change) -> bool:
    """Whether the change touches the lesson's stated scope, and nothing that both name differs."""
    scope, files = lesson.applies_to, change.scope.files
    if change.words_alone:
        return False
    tools_meet = bool(set(scope.tools) & set(change.scope.tools))
    files_meet = any(path_fits(pattern, path) for pattern in scope.files for path in files)
    return (tools_meet and (not scope.files or not files or files_meet)) or (files_meet and not change.scope.tools)


class Ways:
    """The rankings that are compared; each gives the lessons that it would show."""

    def __init__(self, known: Sequence[Lesson]) -> None:
        self.known = list(known)
        self.index = LessonIndex(known)
        self.model = embedder()
        texts = [meaning_text(lesson) for lesson in known]
        self.vectors = None if self.model is None else self.model.embed(texts)

    def likeness(self, change: Change) -> dict[str, float]:
        if self.model is None or self.vectors is None:
            return {}
        cosines = self.vectors @ self.model.embed([change.intent])[0]
        return {lesson.id: float(cosine) for lesson, cosine in zip(self.known, cosines, strict=True)}

    def ours(self, change: Change) -> list[Lesson]:
        return self._applying(change, self.likeness(change))

    def without_meaning(self, change: Change) -> list[Lesson]:
        return self._applying(change, {})

    def offered(self, change: Change) -> list[Lesson]:
        """The titles that are offered where none surely applies and only words are told."""
        alike = self.likeness(change) if change.words_alone and not self.ours(change) else {}
        return [entry.lesson for entry in nearest(self._ranked(change, alike), alike)[:PERHAPS]]

    def _ranked(self, change: Change, alike: dict[str, float]) -> list[Ranked]:
        ranked = self.index.rank(change)
        seen = {entry.lesson.id for entry in ranked}
        return ranked + [Ranked(lesson, 0.0, 0.0, ()) for lesson in self.known if alike and lesson.id not in seen]

    def _applying(self, change: Change, alike: dict[str, float]) -> list[Lesson]:
        chosen = applying(self._ranked(change, alike), change, likeness=alike, least_alike=LEAST_ALIKE)
        return [entry.lesson for entry in chosen[:MOST]]

    def words(self, change: Change) -> list[Lesson]:
        ranked = self.index.rank(Change(intent=change.told().replace("_", " ")))
        return [entry.lesson for entry in sorted(ranked, key=lambda entry: -entry.words)[:MOST] if entry.words > 0]

    def meaning(self, change: Change) -> list[Lesson]:
        alike = self.likeness(Change(intent=change.told()))
        best = sorted(self.known, key=lambda lesson: -alike.get(lesson.id, 0.0))[:MOST]
        return [lesson for lesson in best if alike.get(lesson.id, 0.0) >= 0.35]

    def newest(self, change: Change) -> list[Lesson]:
        return self.known[::-1][:MOST]


def offers(ways: Ways, held_out: bool) -> None:
    """Words alone, all changes of a part: how often the lesson is among what is shown or offered, and what is offered
    where none applies (those told without their paths)."""
    part = [ask for ask in asked() if ask.held_out == held_out]
    told = [replace(ask, change=Change(intent=ask.change.intent)) for ask in part if ask.change.intent]
    # General lessons of one tool are asked for with its name, which words alone do not have.
    wanted = [ask for ask in told if ask.wanted and "-g" not in ask.wanted]
    got = [
        any(is_wanted(lesson, ask) for lesson in (*ways.ours(ask.change), *ways.offered(ask.change))) for ask in wanted
    ]
    none = [ask for ask in told if ask.wanted is None]
    print(f"{'held out' if held_out else 'set on':9} shown or offered {rate(got)}")
    print(f"{'':9} none applies: shown {rate([bool(ways.ours(ask.change)) for ask in none])}, ", end="")
    print(f"offered {rate([bool(ways.offered(ask.change)) for ask in none])}")


def measure(way: Callable[[Change], list[Lesson]], asks: Sequence[Asked]) -> str:
    shown = [(ask, way(ask.change)) for ask in asks]
    some = [(ask, found) for ask, found in shown if ask.wanted is not None]
    none = [found for ask, found in shown if ask.wanted is None]
    hits = [any(is_wanted(lesson, ask) for lesson in found) for ask, found in some]
    bad = [any(not is_wanted(lesson, ask) and not relevant(lesson, ask.change) for lesson in got) for ask, got in shown]
    return "  ".join(str(rate(row)) for row in (hits, bad, [not found for found in none]) if row)


def is_wanted(lesson: Lesson, ask: Asked) -> bool:
    """Without a path nothing tells a near-twin from the other one."""
    return lesson.id == ask.wanted or (ask.change.words_alone and lesson.id == f"{ask.wanted}-far")


def quality() -> None:
    ways, asks = Ways(lessons()), list(asked())
    print(f"{len(ways.known)} lessons, {len(asks)} changes\n{'':28}hit@3; irrelevant shown; right none")
    rankings = (ways.ours, ways.without_meaning, ways.words, ways.meaning, ways.newest)
    for part in ("set on", "held out"):
        chosen = [ask for ask in asks if ask.held_out == (part == "held out")]
        for way in rankings:
            print(f"{part:9} {way.__name__:17}{measure(way, chosen)}")
        for words, which in ((True, "words alone"), (False, "scope named")):
            some = [ask for ask in chosen if ask.wanted and ask.change.words_alone == words]
            print(f"{part:9} {which:17}{measure(ways.ours, some)}")
    offers(ways, held_out=False)
    offers(ways, held_out=True)


def cost(count: int = 10_000) -> None:
    """A store with so many signed lessons: tokens and CPU time of an answer, and of the first one in a process."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["RETROSPAN_CONFIG_DIR"] = f"{place}/config"
        from retrospan.model.clock import utc_now, utc_text
        from retrospan.services.reviewing.people import add_reviewer, unlock_reviewer
        from retrospan.store.knowledge.index import put_draft
        from retrospan.store.opening import open_store
        from retrospan.trust.keys import KdfCost

        store, now = open_store(f"{place}/store.db"), utc_text(utc_now())
        add_reviewer(store, "Ada", "a long passphrase here", pin=True, cost=KdfCost(n=2**10))
        session = unlock_reviewer("Ada", "a long passphrase here")
        base = lessons()
        with store.write() as con:
            for number in range(count):
                name = f"{base[number % len(base)].id}-{number}"
                lesson = replace(base[number % len(base)], id=name, status=LessonStatus.CONFIRMED)
                document = parse_document(KnowledgeKind.LESSON, name, dump_lesson(lesson))
                block = sign_document(session, document, now=now)
                put_draft(con, KnowledgeKind.LESSON, name, dump_lesson(lesson, block), now=now)
        asks = list(asked())[::4]
        start = time.process_time()
        assert before_change(store, asks[0].change).known == count
        print(f"first answer of a process: {time.process_time() - start:.1f} s")
        times, tokens = [], []
        for ask in asks:
            start = time.process_time()
            text = before_change_text(before_change(store, ask.change))
            times.append((time.process_time() - start) * 1_000)
            tokens.append(len(text) / 4)
        middle, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(f"{len(asks)} answers, ms of CPU: median {middle:.1f}, p95 {late:.1f}, most {max(times):.1f}")
        print(f"tokens: median {statistics.median(tokens):.0f}, most {max(tokens):.0f}")
        store.close()


if __name__ == "__main__":
    cost(int(sys.argv[2]) if len(sys.argv) > 2 else 10_000) if sys.argv[1:2] == ["cost"] else quality()
