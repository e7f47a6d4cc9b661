// Small jobs on every page, with and without Material's instant navigation: let the keyboard reach
// what scrolls, name landmarks honestly, show a lesson as story, evidence or code, and open what
// somebody comes for.
const whenIdle = window.requestIdleCallback ?? setTimeout // Safari has no idle callback
// Whoever comes for one place on the page gets all of it at once: nothing may push that place away.
const quietMoment = () => location.hash || new Promise((resolve) => whenIdle(resolve))

// figures.css leaves out what is off the screen while the page starts; here it joins, bit by bit.
async function settle() {
  for (const box of document.querySelectorAll(".lk-canvas")) {
    await quietMoment()
    box.dataset.settled = ""
  }
}

const SCROLLING =
  ".lk-formula, .lk-table, .lk-graph, .lk-output pre, .lk-html, .jp-OutputArea-output pre, .md-typeset__scrollwrap"

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

// Layers: what is open besides what the author opened ---------------------------------------------
const LAYERS = {
  story: { open: "" },
  evidence: { open: ".lk-claim" },
  code: { open: ".lk-claim, .lk-cell > details" },
}
const KEPT = "lessonkit-layer"

// Storage may be forbidden; then the choice lasts for the page.
function keptLayer(chosen) {
  try {
    if (chosen) localStorage.setItem(KEPT, chosen)
    return localStorage.getItem(KEPT)
  } catch {
    return chosen
  }
}

function showLayer(name) {
  const { open } = LAYERS[name]
  for (const fold of document.querySelectorAll(LAYERS.code.open))
    fold.open = "open" in fold.dataset || (open !== "" && fold.matches(open))
}

function prepareLayers() {
  const buttons = document.querySelector(".lk-switch")
  if (!buttons) return
  buttons.hidden = false
  const kept = keptLayer()
  if (kept in LAYERS && kept !== "story") {
    buttons.querySelector(`[value=${kept}]`).checked = true
    showLayer(kept)
  }
  buttons.onchange = ({ target }) => {
    const top = buttons.getBoundingClientRect().top
    showLayer(target.value)
    scrollBy(0, buttons.getBoundingClientRect().top - top) // the buttons stay where they are
    keptLayer(target.value)
    buttons.querySelector("[role=status]").textContent = target.dataset.says
  }
}

// Whoever is sent to a place inside a fold, or to a claim, finds it open.
function openTarget() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  let fold = place?.closest("details:not([open])")
  if (!fold) return
  for (; fold; fold = fold.parentElement.closest("details")) fold.open = true
  place.scrollIntoView()
}

// Marks: what a sentence rests on -----------------------------------------------------------------
// Where nothing hovers, the first tap shows it and the next one leads to the claim.
let shownBefore
addEventListener("pointerdown", ({ target }) => {
  shownBefore = target.closest?.("a.lk-mark") === document.activeElement
})
addEventListener("click", (event) => {
  const mark = event.target.closest?.("a.lk-mark")
  if (mark && !shownBefore && event.detail && matchMedia("(hover: none)").matches) {
    event.preventDefault()
    mark.focus()
  } else if (mark && mark.hash === location.hash) openTarget() // no change, so no hashchange
})

function placeWords({ target }) {
  const words = target.closest?.("a.lk-mark")?.querySelector(".lk-says")
  if (!words) return
  delete words.dataset.above
  const { bottom, height } = words.getBoundingClientRect()
  if (bottom > innerHeight && bottom - 2 * height > 80) words.dataset.above = ""
}

addEventListener("pointerover", placeWords)
addEventListener("focusin", placeWords)
addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return
  for (const mark of document.querySelectorAll("a.lk-mark:is(:hover, :focus)")) {
    mark.dataset.quiet = ""
    const speak = () => delete mark.dataset.quiet
    mark.addEventListener("pointerleave", speak, { once: true })
    mark.addEventListener("blur", speak, { once: true })
  }
})
addEventListener("hashchange", openTarget)

// Sounds: decoded here, for a page may be allowed to fetch from its own site and not to load media --
let speakers

async function soundBytes(address) {
  if (!address.startsWith("data:")) return (await fetch(address)).arrayBuffer()
  return Uint8Array.from(atob(address.split(",")[1]), (letter) => letter.charCodeAt(0)).buffer
}

async function play(button) {
  button.ariaPressed = "true"
  speakers ??= new AudioContext()
  const buffer = await speakers.decodeAudioData(await soundBytes(button.dataset.sound))
  const sound = new AudioBufferSourceNode(speakers, { buffer })
  sound.onended = () => (button.ariaPressed = "false")
  button.addEventListener("click", () => sound.stop(), { once: true })
  sound.connect(speakers.destination)
  sound.start()
}

addEventListener("click", ({ target }) => {
  if (target.matches?.(".lk-sound[aria-pressed=false]")) play(target)
})

function prepareSounds() {
  for (const button of document.querySelectorAll(".lk-sound")) button.hidden = false
}

async function preparePage() {
  prepareSounds()
  prepareLayers()
  openTarget()
  await settle()
  unmarkCopyButtons()
  reachScrollable()
}

// document$ is Material's stream of pages; other themes get one page.
if (typeof document$ === "undefined") preparePage()
else document$.subscribe(preparePage)
addEventListener("resize", () => whenIdle(reachScrollable))
