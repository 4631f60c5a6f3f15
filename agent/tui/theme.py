"""Slate: the screen's colours, in true colour and for the sixteen colours of a Linux console."""

import os
from typing import Any

from textual.app import App
from textual.theme import Theme

_STATE_COLOURS = {
    "done": "#9cc2ff",
    "done-text": "#ffffff",
    "done-back": "#1a4fa8",
    "act": "#ffd75e",
    "act-text": "#14181c",
    "act-back": "#ffd75e",
    "failed": "#ff9c96",
    "failed-text": "#ffffff",
    "failed-back": "#a3161c",
    "running-text": "#f2f5f7",
    "running-back": "#43515d",
    "quiet": "#a3b1bd",
    "strong": "#ffffff",
    "rule": "#465561",
    "lit": "#35424d",
    "lit-strong": "#425362",
}

SLATE = Theme(
    name="slate",
    primary="#9cc2ff",
    secondary="#a3b1bd",
    warning="#ffd75e",
    error="#ff9c96",
    success="#9cc2ff",
    accent="#9cc2ff",
    foreground="#e4eaee",
    background="#1c2329",
    surface="#1c2329",
    panel="#28323a",
    dark=True,
    variables={
        **_STATE_COLOURS,
        "scrollbar": "#465561",
        "scrollbar-hover": "#5b6d7b",
        "scrollbar-active": "#9cc2ff",
        "scrollbar-background": "#1c2329",
        "scrollbar-background-hover": "#1c2329",
        "scrollbar-background-active": "#1c2329",
        "scrollbar-corner-color": "#1c2329",
    },
)

# Exactly the sixteen colours that terminals without true colour have, so that nothing is matched by chance.
CONSOLE = Theme(
    name="slate-console",
    primary="#55ffff",
    secondary="#aaaaaa",
    warning="#ffff55",
    error="#ff5555",
    success="#55ffff",
    accent="#55ffff",
    foreground="#aaaaaa",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    variables={
        "done": "#55ffff",
        "done-text": "#ffffff",
        "done-back": "#0000aa",
        "act": "#ffff55",
        "act-text": "#000000",
        "act-back": "#ffff55",
        "failed": "#ff5555",
        "failed-text": "#ffffff",
        "failed-back": "#aa0000",
        "running-text": "#000000",
        "running-back": "#aaaaaa",
        "quiet": "#aaaaaa",
        "strong": "#ffffff",
        "rule": "#555555",
        "lit": "#0000aa",
        "lit-strong": "#0000aa",
        "scrollbar": "#aaaaaa",
        "scrollbar-hover": "#aaaaaa",
        "scrollbar-active": "#ffffff",
        "scrollbar-background": "#000000",
        "scrollbar-background-hover": "#000000",
        "scrollbar-background-active": "#000000",
        "scrollbar-corner-color": "#000000",
    },
)


def dress(app: App[Any]) -> None:
    """Give the application the theme that its terminal can show."""
    for theme in (SLATE, CONSOLE):
        app.register_theme(theme)
    app.theme = theme_name(app.console.color_system)


def theme_name(color_system: str | None) -> str:
    """The theme for a terminal: `color_system` as rich detects it, TERM where it does not know."""
    plain = color_system in {None, "standard", "windows"} or os.environ.get("TERM") == "linux"
    return CONSOLE.name if plain else SLATE.name
