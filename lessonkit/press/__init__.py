"""How does a run become a page?

Hashing, processes, Markdown, MkDocs; never torch. Each module is one step of the way:

- `settings` finds a project, `script` reads a lesson, `keys` says what a run depends on;
- `runner`, `nursery` and `worker` execute it, `store` keeps it, `build` joins these steps, and
  `progress` tells how far they are;
- `replicate` measures on fresh seeds, and `replications` says what the records are worth;
- `pages` and `course` put scripts, pages and runs side by side, and `check` finds what is wrong;
- `embed` and the room `page` put a run into a page, `site` does so for MkDocs;
- `publish`, `notebook`, `notebooks`, `twins` and `gallery` lay out downloads and notebook pages;
- `statements` knows what is commonly told;
- `travel` carries runs, `verify` compares them, `memo` and `bytecode` remember, and `cli` offers it
  all.
"""
