/* The scorecard's filter. The state stands in the address (#verdict=inconsistent,conditional&chapter=energy&basis=...&q=...),
   so that a filtered view can be linked to; an address that names a statement (#web-stress) shows all and goes there. */
(() => {
  "use strict";
  const form = document.querySelector("form.scorecard-filter");
  if (!form) return;
  const rows = [...document.querySelectorAll("table.scorecard tr[data-verdict]")];
  const groups = [...document.querySelectorAll("table.scorecard tbody")];
  const chips = [...form.querySelectorAll("button[data-verdict]")];
  const shown = form.querySelector("output");
  const text = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const chosen = () => chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.verdict);

  function apply() {
    const verdicts = chosen();
    const { chapter, basis, q } = form.elements;
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = (!verdicts.length || verdicts.includes(row.dataset.verdict))
        && (!chapter.value || row.dataset.chapter === chapter.value)
        && (!basis.value || row.dataset.basis === basis.value)
        && words.every((word) => text.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    for (const group of groups) group.hidden = !group.querySelector("tr[data-verdict]:not([hidden])");
    shown.textContent = count === rows.length ? `all ${count} statements`
      : count ? `${count} of ${rows.length} statements` : "no statement fits: show all, or loosen the filter";
  }

  function write() {
    const state = new URLSearchParams();
    if (chosen().length) state.set("verdict", chosen().join(","));
    for (const name of ["chapter", "basis", "q"]) {
      const value = form.elements[name].value.trim();
      if (value) state.set(name, value);
    }
    const hash = state.toString().replaceAll("%2C", ",").replaceAll("+", "%20");
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
    apply();
  }

  function read() {
    const hash = location.hash.slice(1);
    const state = new URLSearchParams(hash.includes("=") ? hash : "");
    const verdicts = (state.get("verdict") || "").split(",");
    for (const chip of chips) chip.setAttribute("aria-pressed", String(verdicts.includes(chip.dataset.verdict)));
    for (const name of ["chapter", "basis", "q"]) form.elements[name].value = state.get(name) || "";
    for (const name of ["chapter", "basis"]) if (form.elements[name].selectedIndex < 0) form.elements[name].value = "";
    apply();
    const target = hash && !hash.includes("=") && document.getElementById(hash);
    if (target) target.scrollIntoView({ block: "center", behavior: "instant" });
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
