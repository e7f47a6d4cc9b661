// Small jobs on every page, with and without Material's instant navigation: typeset maths with the
// KaTeX vendored beside this file, let the keyboard reach what scrolls, name landmarks honestly.
const katexFolder = new URL("katex/", document.currentScript.src)
let katexLoading

// Most pages with maths bring KaTeX in their head. The others fetch it here, once.
function loadKatex() {
  if (typeof katex !== "undefined") return
  katexLoading ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), {
      rel: "stylesheet",
      href: new URL("katex.min.css", katexFolder),
    })
    const script = Object.assign(document.createElement("script"), {
      src: new URL("katex.min.js", katexFolder),
      onload: resolve,
      onerror: reject,
    })
    document.head.append(style, script)
  })
  return katexLoading
}

const whenIdle = window.requestIdleCallback ?? setTimeout // Safari has no idle callback
// Whoever comes for one place on the page gets all of it at once: nothing may push that place away.
const quietMoment = () => location.hash || new Promise((resolve) => whenIdle(resolve))
const AT_ONCE = 3 // formulas that may stand on the first screen

// The default output keeps MathML beside the drawing, which is what a screen reader reads.
async function typesetMaths() {
  const formulas = document.querySelectorAll(".arithmatex:not([data-typeset])")
  if (!formulas.length) return
  await loadKatex()
  for (const [index, formula] of formulas.entries()) {
    if (index >= AT_ONCE) await quietMoment()
    const source = formula.textContent.trim()
    formula.dataset.typeset = ""
    katex.render(source.slice(2, -2), formula, {
      displayMode: source.startsWith("\\["),
      throwOnError: false,
    })
  }
}

// site.css leaves out what is off the screen while the page starts; here it joins, bit by bit.
async function settle() {
  for (const box of document.querySelectorAll(".lk-canvas, .lk-claim, .lk-cell")) {
    await quietMoment()
    box.dataset.settled = ""
  }
}

const SCROLLING =
  ".katex-display, .lk-table, .lk-graph, .lk-output pre, .jp-OutputArea-output pre, .md-typeset__scrollwrap"

function reachScrollable() {
  for (const box of document.querySelectorAll(SCROLLING)) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight
    if (scrolls) box.tabIndex = 0
    else box.removeAttribute("tabindex")
  }
}

// Material makes a nameless landmark of the copy button of every code block, each in its own time.
const NAMELESS = ".md-code__nav:not([role])"
let unmarking = false

function unmarkCopyButtons() {
  unmarking = false
  for (const nav of document.querySelectorAll(NAMELESS)) nav.setAttribute("role", "none")
}

new MutationObserver(() => {
  if (unmarking) return
  unmarking = true
  whenIdle(unmarkCopyButtons)
}).observe(document.documentElement, { childList: true, subtree: true })

async function preparePage() {
  await typesetMaths()
  await settle()
  unmarkCopyButtons()
  reachScrollable()
}

// document$ is Material's stream of pages; other themes get one page.
if (typeof document$ === "undefined") preparePage()
else document$.subscribe(preparePage)
addEventListener("resize", () => whenIdle(reachScrollable))
