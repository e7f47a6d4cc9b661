"""How does a run become a page?

Hashing, processes, Markdown, MkDocs; never torch. Six rooms, each of which imports only those
above it, and `settings` and `memo`, which all of them know:

- `lesson`, what a run depends on: `text` reads a script and `script` cuts it into cells, `source`
  digests the code that it reaches, file by file (`syntax`), and `roots` says where that lies,
  `inputs` are what it found beside its code, `circumstances` says what is wanted and what is
  around, `job` is all of it under one key, `sphinx` is sphinx-gallery's toolbox and `comments` its
  configuration, `restructured` reads texts written for Sphinx and `doctree` says them in Markdown;
- `run`, how a lesson runs and where its runs lie: `runner` runs jobs until `interrupts` come, each
  in a `process` within its `limits`, forked where it can be (`nurseries`, `nursery`, `libraries`),
  under a `warden` that ends what it started; in there `worker` executes the cells, `streams` takes
  what they print, `outputs` what they return and draw, `reads` what they read (who asks: `calls`;
  whose it is: `places` and `owned`), `anew` has them read code itself, and `watch` looks on.
  `store` keeps whole runs, `aside` those that grow, `choice` says which a page uses, `beside` what
  has changed around it, and `failures` why there is none; what may lie in a run say `contents`,
  `manifest` and `media`, whoever brings it, and `paths` keeps those of this machine out. `standing`
  is the one answer to how a lesson stands. `replicate` measures fresh seeds, `replications` knows
  what the records are worth, `verify` compares, `travel` carries runs elsewhere in an `archive`,
  and `progress` tells how far all this is;
- `course`, what belongs to it and in which order it is read: `pages`, `syllabus`, `statements`,
  `cards`, the picture of each, and `entries`, each a lesson with its page and its standing;
- `page`, how what was published is shown: `embed` finds the place, `outputs` says what a cell put
  out, `printed` as a terminal shows it, `allowed` what HTML may stay, the others make the HTML;
- `site`, how pages become a site: `plugin` is MkDocs', with `needs`, what it brings, and
  `agreement`, what it refuses; `configured` reads mkdocs.yml without MkDocs, `check` finds what
  is wrong and `misspelt` what is nearly right, `downloads` makes files, with `elsewhere`, what
  lessons need there, `laid` keeps them as they must be and `copies` hands them to MkDocs, and
  `twins`, `slim` and `bytecode` make notebooks light, `headings` and `leading` make pages of
  them; `serving` is beside the server;
- `commands`, what can be asked on a command line: `running`, `looking`, `keeping`, `writing`.

`cli` offers the commands, `terminal` is what they say and `scaffold` a new lesson or course;
`embed` is the address of the Markdown extension.
"""
