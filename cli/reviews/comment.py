"""`retrospan review comment`: what people say to each other beside an item."""

from __future__ import annotations

import getpass

import click

from ...answers.plain.dates import moment_words
from ...answers.plain.states import asker_words
from ...services.colleagues.comments import add_comment, comments_on, people_named
from ..shared.options import opened, store_option
from ..shared.output import say


@click.command(
    "comment",
    epilog="""\b
Examples:
  retrospan review comment R31
  retrospan review comment R31 "@Bo Lind, is this the new policy?"
""",
)
@click.argument("item", metavar="R31")
@click.argument("text", required=False)
@click.option("--by", metavar="NAME", help="Who says so (default: the name of your account).")
@store_option
def comment_command(item: str, text: str | None, by: str | None, store_location: str | None) -> None:
    """Read what stands beside item R31, or leave TEXT there; @Name tells a reviewer.

    Comments decide nothing and are signed by nobody. Whoever has not answered the item does not see them.
    """
    with opened(store_location) as store:
        if text is not None:
            add_comment(store, item, text, by=f"human:{by or getpass.getuser()}")
            people = people_named(store, text)
            say(f"Told: {', '.join(people)}." if people else "Left beside the item; it names nobody with @.")
            return
        comments = comments_on(store, item)
        for comment in comments:
            say(f"{asker_words(comment.author)}, {moment_words(comment.written_at)}: {comment.text}")
        if not comments:
            say("Nobody has said anything beside this item yet.")
