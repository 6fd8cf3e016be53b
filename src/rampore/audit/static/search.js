/* The book's search: statements before prose, prose before code. What it searches is set by search-index.js. */
(() => {
  "use strict";
  const form = document.querySelector("form.book-search");
  const list = document.getElementById("search-results");
  const count = document.getElementById("search-count");
  if (!form || !window.ramporePlaces) return;
  const WEIGHT = { statement: 3, prose: 2, code: 0.3 };
  const MOST = 60, AROUND = 110;
  const root = document.documentElement.dataset.content_root || "./";

  /* "1.25C", "rate-5c-20" and "rampore.p4d" stay whole, and can be found by their parts too. */
  const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}µ]+(?:[.\-_][\p{L}\p{N}]+)*/gu) || [];
  const tokenize = (text) => words(text).flatMap((word) => {
    const parts = word.split(/[\-_]|\.(?!\d)/);
    return parts.length > 1 ? [word, ...parts] : [word];
  });
  const stem = (word) => word.length > 4 ? word.replace(/(?:ing|ed|es|s)$/, "") : word;

  const places = window.ramporePlaces.map(([kind, title, page, address, text], id) => ({ id, kind, title, page, address, text }));
  const index = new MiniSearch({
    fields: ["title", "page", "text"],
    tokenize,
    processTerm: stem,
    searchOptions: {
      boost: { title: 3, page: 0.5, text: 1 },
      boostDocument: (id) => WEIGHT[places[id].kind],
      prefix: (term) => term.length > 2,
      fuzzy: (term) => term.length > 5 && !/\d/.test(term) ? 0.15 : false,
      combineWith: "AND",
    },
  });
  index.addAll(places);

  function excerpt(text, terms) {
    const low = text.toLowerCase();
    const at = Math.min(...terms.map((term) => low.indexOf(term)).filter((place) => place >= 0), text.length);
    const from = at === text.length ? 0 : Math.max(0, text.lastIndexOf(" ", Math.max(0, at - AROUND)) + 1);
    const end = text.indexOf(" ", from + 2 * AROUND), to = end < 0 ? text.length : end;
    const shown = document.createElement("p");
    shown.append(from ? "… " : "");
    const cut = text.slice(from, to);
    const pattern = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
    for (const [number, part] of (pattern ? cut.split(new RegExp(`(${pattern})`, "giu")) : [cut]).entries()) {
      if (number % 2) shown.append(Object.assign(document.createElement("mark"), { textContent: part }));
      else shown.append(part);
    }
    shown.append(to < text.length ? " …" : "");
    return shown;
  }

  function entry(found) {
    const place = places[found.id], item = document.createElement("li");
    item.className = `search-${place.kind}`;
    const link = Object.assign(document.createElement("a"), { href: root + place.address, textContent: place.title });
    const where = Object.assign(document.createElement("small"), { textContent: `${place.kind} · ${place.page}` });
    item.append(link, " ", where);
    if (place.text) item.append(excerpt(place.text, found.terms));
    return item;
  }

  function show() {
    const asked = new URLSearchParams(location.search).get("q") || "";
    form.elements.q.value = asked;
    list.replaceChildren();
    count.textContent = "";
    if (!asked.trim()) return;
    let found = index.search(asked);
    if (!found.length) found = index.search(asked, { combineWith: "OR" });
    list.append(...found.slice(0, MOST).map(entry));
    const kinds = Object.keys(WEIGHT).map((kind) => [kind, found.filter((each) => places[each.id].kind === kind).length]);
    const counts = kinds.filter(([, many]) => many).map(([kind, many]) => `${many} × ${kind}`).join(", ");
    count.textContent = found.length ? `${counts}${found.length > MOST ? `; the first ${MOST} are shown` : ""}` : `Nothing found for “${asked}”.`;
  }

  show();
  form.elements.q.focus();
})();
