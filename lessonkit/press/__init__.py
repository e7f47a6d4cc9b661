"""How does a run become a page?

Hashing, processes, Markdown, MkDocs; never torch. Each module is one step of the way:

- `settings` finds a project, `script` reads a lesson, `keys` says what a run depends on;
- `runner` and `worker` execute it, `store` keeps it, `build` joins these steps;
- `pages` and `course` put scripts, pages and runs side by side, and `check` finds what is wrong;
- `embed`, `render` and `svg` put a run into a page, `site` does so for MkDocs;
- `publish`, `notebook`, `notebooks` and `gallery` lay out downloads and notebook pages;
- `travel` carries runs, `verify` compares them, `memo` remembers, and `cli` offers it all.
"""
