/* The scorecard's filter, its groups and its order. The state stands in the address
   (#verdict=inconsistent,conditional&section=6&chapter=energy&basis=...&q=...&group=cause&sort=apart), so that a view can be
   linked to; an address that names a statement (#web-stress) shows all and goes there. */
(() => {
  "use strict";
  const form = document.querySelector("form.scorecard-filter");
  if (!form) return;
  const table = document.querySelector("table.scorecard");
  const rows = [...table.querySelectorAll("tr[data-verdict]")];
  const bySubject = [...table.tBodies].map((body) => [body, [...body.querySelectorAll("tr[data-verdict]")]]);
  const chips = [...form.querySelectorAll("button[data-verdict]")];
  const shown = form.querySelector("output");
  const text = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const place = new Map(rows.map((row, index) => [row, index]));
  const FIELDS = ["section", "chapter", "basis", "q", "group", "sort"];
  const SELECTS = FIELDS.filter((name) => name !== "q");

  const chosen = () => chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.verdict);
  const apart = (row) => row.dataset.apart === "" ? -1 : Number(row.dataset.apart);
  const ORDERS = {
    "": (one, other) => place.get(one) - place.get(other),
    name: (one, other) => one.id.localeCompare(other.id),
    apart: (one, other) => apart(other) - apart(one) || place.get(one) - place.get(other),
  };

  function titleOf(group, key) {
    if (group !== "cause") return key;
    const named = [...document.querySelectorAll("[data-cause] > span")].find((span) => span.parentElement.dataset.cause === key);
    return named ? named.textContent : "No contradiction";
  }

  function bodyOf(title) {
    const body = document.createElement("tbody"), head = body.insertRow();
    head.className = "scorecard-section";
    const cell = head.appendChild(document.createElement("th"));
    Object.assign(cell, { colSpan: 4, scope: "rowgroup", textContent: title });
    return body;
  }

  function arrange(group, order) {
    let groups = bySubject;
    if (group) {
      const keys = group === "verdict" ? chips.map((chip) => chip.dataset.verdict) : [...new Set(rows.map((row) => row.dataset[group]))];
      if (group === "cause") keys.sort((one, other) => (one === "") - (other === ""));
      groups = keys.map((key) => [bodyOf(titleOf(group, key)), rows.filter((row) => row.dataset[group] === key)]);
    }
    for (const body of [...table.tBodies]) body.remove();
    for (const [body, members] of groups) {
      body.append(...[...members].sort(ORDERS[order] || ORDERS[""]));
      table.append(body);
    }
  }

  function apply() {
    const verdicts = chosen();
    const { section, chapter, basis, q, group, sort } = form.elements;
    arrange(group.value, sort.value);
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = (!verdicts.length || verdicts.includes(row.dataset.verdict))
        && (!section.value || row.dataset.section === section.value)
        && (!chapter.value || row.dataset.chapter === chapter.value)
        && (!basis.value || row.dataset.basis === basis.value)
        && words.every((word) => text.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    for (const body of table.tBodies) body.hidden = !body.querySelector("tr[data-verdict]:not([hidden])");
    shown.textContent = count === rows.length ? `all ${count} statements`
      : count ? `${count} of ${rows.length} statements` : "no statement fits: show all, or loosen the filter";
  }

  function write() {
    const state = new URLSearchParams();
    if (chosen().length) state.set("verdict", chosen().join(","));
    for (const name of FIELDS) {
      const value = form.elements[name].value.trim();
      if (value) state.set(name, value);
    }
    const hash = state.toString().replaceAll("%2C", ",").replaceAll("+", "%20");
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
    apply();
  }

  function read() {
    const hash = location.hash.slice(1), filtered = hash.includes("=");
    const state = new URLSearchParams(filtered ? hash : "");
    const verdicts = (state.get("verdict") || "").split(",");
    for (const chip of chips) chip.setAttribute("aria-pressed", String(verdicts.includes(chip.dataset.verdict)));
    for (const name of FIELDS) form.elements[name].value = state.get(name) || "";
    for (const name of SELECTS) if (form.elements[name].selectedIndex < 0) form.elements[name].value = "";
    apply();
    const target = filtered ? form : hash && document.getElementById(hash);
    if (target) target.scrollIntoView({ block: filtered ? "start" : "center", behavior: "instant" });
  }

  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      write();
    });
  }
  form.addEventListener("input", write);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    setTimeout(write);
  });
  window.addEventListener("hashchange", read);
  form.hidden = false;
  read();
})();
