"""How does a run become a page?

Hashing, processes, Markdown, MkDocs; never torch. Each module is one step of the way:

`script` reads a lesson, `keys` says what a run depends on, `runner` and `worker` execute it,
`store` keeps it, `publish` lays out what pages need, `embed` and `render` put it into a page,
`build` joins these steps and `cli` offers them.
"""
