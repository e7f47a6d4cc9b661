// Small jobs on every page, with and without Material's instant navigation: let the keyboard reach
// what scrolls, name landmarks honestly.
const whenIdle = window.requestIdleCallback ?? setTimeout // Safari has no idle callback
// Whoever comes for one place on the page gets all of it at once: nothing may push that place away.
const quietMoment = () => location.hash || new Promise((resolve) => whenIdle(resolve))

// site.css leaves out what is off the screen while the page starts; here it joins, bit by bit.
async function settle() {
  for (const box of document.querySelectorAll(".lk-canvas, .lk-claim, .lk-cell")) {
    await quietMoment()
    box.dataset.settled = ""
  }
}

const SCROLLING =
  ".lk-formula, .lk-table, .lk-graph, .lk-output pre, .jp-OutputArea-output pre, .md-typeset__scrollwrap"

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
  await settle()
  unmarkCopyButtons()
  reachScrollable()
}

// document$ is Material's stream of pages; other themes get one page.
if (typeof document$ === "undefined") preparePage()
else document$.subscribe(preparePage)
addEventListener("resize", () => whenIdle(reachScrollable))
