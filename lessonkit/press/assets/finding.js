// Finding: the filters of the evidence, questions in the search, notes that Escape puts away.
// Without this file everything shows, and nothing is lost.

// Filters ------------------------------------------------------------------------------------
// Each filter is a test of a row; a folded lesson opens while somebody filters.
function filterEvidence(form) {
  const wanted = new FormData(form)
  const word = wanted.get("word").trim().toLowerCase()
  const has = (row, kind) => !wanted.get(kind) || row.dataset[kind].split("|").includes(wanted.get(kind))
  const filters = Boolean(word || wanted.get("verdict") || wanted.get("lesson"))
  let shown = 0
  for (const fold of document.querySelectorAll(".lk-fold")) {
    const rows = [...fold.querySelectorAll(".lk-row")]
    for (const row of rows)
      row.hidden = !(has(row, "verdict") && has(row, "lesson") && row.textContent.toLowerCase().includes(word))
    const left = rows.filter((row) => !row.hidden).length
    fold.hidden = !left
    fold.open = filters && left > 0
    shown += left
  }
  form.querySelector("output").textContent = filters ? counted(form, shown) : ""
}

// The words are the page's, in its language.
function counted(form, count) {
  const { one, many } = form.querySelector("output").dataset
  return count === 1 ? one : many.replace("#", count)
}

function offerFilters() {
  for (const form of document.querySelectorAll(".lk-filter[hidden]")) {
    form.hidden = false
    form.addEventListener("input", () => filterEvidence(form))
    form.addEventListener("submit", (event) => event.preventDefault())
  }
}

// Search -------------------------------------------------------------------------------------
// Material looks for every word that begins like one of the question's: "what is a neuron" would
// find all that begins with "a". The small words of a question are left out, and so is the s of many.
const SMALL = new Set(
  "a an and are can do does did for from how i in is it its me of on or that the there these this to was were what when where which who why will with you".split(" "),
)

function meant(query) {
  const words = query.replace(/[?!]/g, " ").trim().split(/\s+/)
  const kept = words.filter((word) => !SMALL.has(word.toLowerCase()))
  return (kept.length ? kept : words).map((word) => word.replace(/([a-z]{3,}[^s])s$/i, "$1")).join(" ")
}

const QUERY = 2 // the kind of message by which Material asks its search
const send = Worker.prototype.postMessage
Worker.prototype.postMessage = function (message, ...more) {
  const asks = message && message.type === QUERY && typeof message.data === "string"
  return send.call(this, asks ? { ...message, data: meant(message.data) } : message, ...more)
}

// Words of the glossary ----------------------------------------------------------------------
document.addEventListener("keydown", (event) => {
  const word = document.activeElement && document.activeElement.closest(".lk-term")
  if (event.key === "Escape" && word) document.activeElement.blur()
})

if (typeof document$ === "undefined") offerFilters()
else document$.subscribe(offerFilters)
