/* Your foil: the formulas of chapter 1 (rampore.collector, rampore.coating) and of chapter 5 (rampore.energy), in the page.
   SI inside; the form has the units of paper. A test holds every number, and what is refused, to the library's. */
const yourFoil = (() => {
  "use strict";
  const CLOSE_PACKED = Math.PI / (2 * Math.sqrt(3));  // open fraction at which the holes touch [-]

  class Refusal extends Error {}

  function quantity(name, value, { above, atLeast, below, atMost }) {
    const limits = [
      ["above", above, value > above], ["at least", atLeast, value >= atLeast],
      ["below", below, value < below], ["at most", atMost, value <= atMost],
    ].filter(([, limit]) => limit !== undefined);
    if (Number.isFinite(value) && limits.every(([, , holds]) => holds)) return;
    const wanted = limits.map(([word, limit]) => `${word} ${limit}`).join(" and ");
    throw new Refusal(`${name} must be a number, ${wanted}`);
  }

  // ── Chapter 1: the foil, and the coating on it ──

  /* f [-], Eq. 1.1, of diameter and distance of the holes [m]. */
  const openFraction = (diameter, pitch) => CLOSE_PACKED * (diameter / pitch) ** 2;

  function foil({ hole_diameter: d, pitch: p, foil_thickness: t, foil_density: density, sides }) {
    quantity("hole diameter", d, { above: 0 });
    quantity("pitch", p, { above: 0 });
    quantity("thickness", t, { above: 0 });
    quantity("density", density, { above: 0 });
    if (p <= d) throw new Refusal("the holes overlap: the pitch must exceed the hole diameter");
    const f = openFraction(d, p), wall = 4 * f * t / d, width = d / p;
    return {
      open_fraction: f,
      holes_per_area: 2 / (Math.sqrt(3) * p ** 2),
      ligament_width: p - d,
      areal_mass: density * t * (1 - f),                                        // Eq. 1.2
      contact_area: 1 - f + wall / sides,                                       // Eq. 1.11
      breakeven_thickness: sides * d / 4,                                       // Eq. 1.12
      strength: Math.min(1 - width, 1 - width / Math.sqrt(3), 1 - 2 * width / Math.sqrt(3) + 1 / 12),  // Eq. 1.14
    };
  }

  /* Over foil (NPR) and over a hole (PR): Eqs. 1.3 and 1.5. */
  function coating({ loading, density, np_ratio, open_fraction: f, depth }) {
    quantity("loading", loading, { above: 0 });
    quantity("density", density, { above: 0 });
    const npr = loading / density - f * depth, pr = npr + depth;
    if (npr <= 0) throw new Refusal("the holes take up the whole coating: nothing is left over the foil");
    const ratio = (thickness) => thickness * density / loading * np_ratio;
    return { thickness_npr: npr, thickness_pr: pr, np_npr: ratio(npr), np_pr: ratio(pr) };
  }

  // ── Chapter 5: the stack of layers ──

  /* Mass [kg/m2] and thickness [m] of one unit of the stack; fields as rampore.energy.Design has them. */
  function stack(design) {
    for (const name of ["open_fraction", "positive_porosity", "separator_porosity", "negative_porosity"])
      quantity(name, design[name], { atLeast: 0, below: 1 });
    for (const name of ["positive_density", "negative_density", "positive_loading", "negative_loading"])
      quantity(name, design[name], { above: 0 });
    for (const layer of ["positive_foil", "separator", "negative_foil"])
      for (const what of ["thickness", "density"]) quantity(`${layer}_${what}`, design[`${layer}_${what}`], { atLeast: 0 });
    for (const name of ["electrolyte_density", "electrolyte_excess"]) quantity(name, design[name], { atLeast: 0 });

    const { sides } = design, saved = design.open_fraction * design.negative_foil_thickness;  // Eq. 5.2
    const positive = sides * design.positive_loading, negative = sides * design.negative_loading;
    const cathode = positive / design.positive_density, anode = negative / design.negative_density;
    if (saved >= anode) throw new Refusal("the holes hold more coating than there is");
    const separator = sides * design.separator_thickness;
    const pores = design.positive_porosity * cathode + design.separator_porosity * separator + design.negative_porosity * anode;
    return {
      mass: design.positive_foil_thickness * design.positive_foil_density + positive
        + separator * (1 - design.separator_porosity) * design.separator_density + negative
        + (design.negative_foil_thickness - saved) * design.negative_foil_density
        + design.electrolyte_excess * pores * design.electrolyte_density,
      thickness: design.positive_foil_thickness + cathode + separator + anode - saved + design.negative_foil_thickness,
    };
  }

  /* All of it. `given` has the fields of the form, `study` those of the study's own cell. */
  function compute(given, study) {
    const lattice = foil({ ...given, foil_density: study.foil_density });
    const f = lattice.open_fraction, scale = given.loading / study.negative_loading;
    const column = coating({
      loading: given.loading, density: study.negative_density, np_ratio: study.np_ratio,
      open_fraction: f, depth: given.foil_thickness,
    });
    quantity("areal energy", given.areal_energy, { atLeast: 0 });
    const design = {
      ...study, sides: given.sides, open_fraction: f,
      negative_foil_thickness: given.foil_thickness, negative_loading: given.loading,
      positive_loading: scale * study.positive_loading, separator_thickness: given.separator_thickness,
      electrolyte_excess: given.electrolyte_excess,
    };
    const pierced = stack(design), bare = stack({ ...design, open_fraction: 0 }), energy = given.sides * given.areal_energy;
    return {
      ...lattice, ...column,
      mass: pierced.mass, thickness: pierced.thickness,
      gravimetric: energy / pierced.mass, volumetric: energy / pierced.thickness,       // Eq. 5.1
      gravimetric_bare: energy / bare.mass, volumetric_bare: energy / bare.thickness,
      gain_gravimetric: bare.mass / pierced.mass - 1, gain_volumetric: bare.thickness / pierced.thickness - 1,  // Eq. 5.3
    };
  }

  // ── The form ──
  const SVG = "http://www.w3.org/2000/svg", PATIENCE = 250;  // ms, as of chooser.js

  /* The foil from above, to scale: a window of two and a half pitches. */
  function drawLattice(svg, { hole_diameter: d, pitch: p }) {
    const rise = Math.sqrt(3) / 2;
    svg.replaceChildren();
    for (let row = 0; row <= 3; row++) for (let column = -1; column <= 3; column++) {
      const hole = document.createElementNS(SVG, "circle");
      hole.setAttribute("cx", column + (row % 2) / 2);
      hole.setAttribute("cy", row * rise);
      hole.setAttribute("r", d / p / 2);
      svg.append(hole);
    }
  }

  function begin(form) {
    const study = JSON.parse(form.querySelector("script").textContent);
    const fields = [...form.querySelectorAll("[data-factor][name]")], refusal = form.querySelector("[role=alert]");
    const outcome = form.querySelector(".calculator-outcome"), picture = form.querySelector("svg");
    let waiting = 0;

    function show() {
      // an empty field is no number, and not nothing
      const value = (field) => field.value.trim() === "" ? NaN : Number(field.value) * Number(field.dataset.factor);
      const given = Object.fromEntries(fields.map((field) => [field.name, value(field)]));
      refusal.textContent = "";
      outcome.classList.remove("refused");
      try {
        const results = compute(given, study);
        for (const place of form.querySelectorAll("[data-shows]"))
          place.textContent = (results[place.dataset.shows] * Number(place.dataset.factor))
            .toFixed(Number(place.dataset.decimals)).replace("-", "\u2212");
        drawLattice(picture, given);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refusal.textContent = `${error.message}.`;
        outcome.classList.add("refused");
      }
    }

    function write() {
      show();
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        const state = new URLSearchParams(fields.map((field) => [field.name, field.value]));
        history.replaceState(null, "", `#${state}`);
      }, PATIENCE);
    }

    function read() {
      const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
      for (const field of fields) if (state.has(field.name)) field.value = state.get(field.name);
      show();
    }

    form.addEventListener("input", write);
    form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", read);
    form.hidden = false;
    read();
  }

  for (const form of document.querySelectorAll("form.calculator")) begin(form);
  return { compute, stack, Refusal };
})();
