"""The command palette, which hands that type quickly cannot break."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette


class Palette(CommandPalette):
    """Textual's palette: a key for its list waits until the list has a place on the screen.

    Before that the list has options but no lines, and a page down looks its highlight up among them.
    """

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)
