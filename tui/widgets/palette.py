"""The command palette, which hands that type quickly cannot break."""

from __future__ import annotations

from textual.command import CommandList, CommandPalette
from textual.events import Mount


class Palette(CommandPalette):
    """Textual's palette: a key for its list waits until the list has a place on the screen.

    Before that the list has options but no lines, and a page down looks its highlight up among them. It has no id, so
    that one may open while another is still going.
    """

    def _on_mount(self, event: Mount) -> None:
        # A key may have brought another main screen meanwhile, and closed the palette; it looks for the one below it.
        # Textual calls the handler of each base by itself, unless it is told not to.
        if self not in self.app.screen_stack:
            event.prevent_default()

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)
