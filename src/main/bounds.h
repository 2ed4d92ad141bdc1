/* bounds: what clients, or the models behind them, refuse, leave out or cut, as seen in November 2026: for lint, which
 * judges a catalog, and doctor, which judges what a box answers. */
#ifndef MAIN_BOUNDS_H
#define MAIN_BOUNDS_H

enum {
	BOUND_CURSOR_NAME = 52,    /* characters of a tool's name: with that of its server 60 */
	BOUND_CURSOR_TOOLS = 40,   /* tools of all servers before it warns */
	BOUND_WINDSURF_TOOLS = 100,
	BOUND_OPENAI_TOOLS = 128,  /* of one request; VS Code has the same */
	BOUND_OPENAI_TEXT = 1024,  /* characters of a description */
	BOUND_CLAUDE_TEXT = 2048,  /* the same; what is longer is cut */
};

#endif
