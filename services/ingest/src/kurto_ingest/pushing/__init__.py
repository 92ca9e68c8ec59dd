"""How samples come in: opening, fences, Push calls, and the commit of all of them together."""
