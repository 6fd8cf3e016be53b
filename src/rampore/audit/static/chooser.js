/* A form over cases that were computed: finds the case that is chosen and shows what it gave. The choice stands in the
   address (#closure=Bruggeman&contact=3), so that a case can be linked to; forms on one page share the address. */
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const PATIENCE = 250;  // ms; a browser refuses an address that changes with every step of a slider

  // ── texts ──
  /* "+10.5 ± 0.2" as [10.5, 0.2]; no error is 0, no number NaN. */
  function numbers(text) {
    const [value, error = "0"] = text.replaceAll("\u2212", "-").split(" ± ");
    return [Number.parseFloat(value), Number.parseFloat(error)];
  }

  // ── plots ──
  const WIDTH = 320, HEIGHT = 280, LEFT = 44, RIGHT = 12, TOP = 10, BOTTOM = 42;

  function draw(parent, name, attributes, text = "") {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return parent.appendChild(element);
  }

  /* Round steps of which about five cover a range. */
  function ticks(low, high) {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const first = Math.ceil(low / step), last = Math.floor(high / step);
    return Array.from({ length: last - first + 1 }, (_, n) => Number(((first + n) * step).toPrecision(6)));
  }

  /* All points once; gives a function that marks one of them. */
  function plot(svg, data) {
    const column = (axis) => data.columns.indexOf(svg.dataset[axis]);
    const points = Object.values(data.rows).filter(Array.isArray)
      .map((row) => ["x", "y"].map((axis) => numbers(row[column(axis)])[0]))
      .filter((point) => point.every(Number.isFinite));
    const lines = JSON.parse(svg.dataset.lines);
    const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
    const span = (values, least) => {
      const low = Math.min(...values, ...least), high = Math.max(...values, ...least);
      return [least.length ? low : low - 0.05 * (high - low), high + 0.05 * (high - low)];
    };
    const [left, right] = span(xs, lines.length ? [0] : []), [bottom, top] = span(ys, lines.length ? [0] : []);
    const x = (value) => LEFT + (value - left) / (right - left) * (WIDTH - LEFT - RIGHT);
    const y = (value) => HEIGHT - BOTTOM - (value - bottom) / (top - bottom) * (HEIGHT - TOP - BOTTOM);

    for (const value of ticks(left, right)) {
      draw(svg, "line", { class: "tick", x1: x(value), x2: x(value), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 });
      draw(svg, "text", { x: x(value), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, value);
    }
    for (const value of ticks(bottom, top)) {
      draw(svg, "line", { class: "tick", x1: LEFT - 4, x2: LEFT, y1: y(value), y2: y(value) });
      draw(svg, "text", { x: LEFT - 7, y: y(value) + 4, "text-anchor": "end" }, value);
    }
    draw(svg, "path", { class: "frame", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` });
    draw(svg, "text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, svg.dataset.xLabel);
    const middle = (TOP + HEIGHT - BOTTOM) / 2;
    draw(svg, "text", { x: 11, y: middle, "text-anchor": "middle", transform: `rotate(-90 11 ${middle})` }, svg.dataset.yLabel);
    for (const [slope, words] of lines) {
      const end = Math.min(right, top / slope);
      draw(svg, "line", { class: "level", x1: x(0), y1: y(0), x2: x(end), y2: y(slope * end) });
      draw(svg, "text", { x: x(end) - 4, y: y(slope * end) + 4, "text-anchor": "end" }, words);
    }
    for (const point of points) draw(svg, "circle", { class: "case", cx: x(point[0]), cy: y(point[1]), r: 2 });

    const mark = draw(svg, "g", { class: "chosen" });
    return (row) => {
      const texts = ["x", "y"].map((axis) => row[column(axis)]);
      const [[across, widths], [up, heights]] = texts.map(numbers);
      mark.replaceChildren();
      svg.setAttribute("aria-label", `${svg.dataset.xLabel}: ${texts[0]}; ${svg.dataset.yLabel}: ${texts[1]}; all cases beside it`);
      if (!Number.isFinite(across) || !Number.isFinite(up)) return;
      draw(mark, "line", { x1: x(across - widths), x2: x(across + widths), y1: y(up), y2: y(up) });
      draw(mark, "line", { x1: x(across), x2: x(across), y1: y(up - heights), y2: y(up + heights) });
      draw(mark, "circle", { cx: x(across), cy: y(up), r: 5 });
    };
  }

  // ── the form ──
  function begin(form) {
    const data = JSON.parse(form.querySelector("script").textContent);
    const outcome = form.querySelector(".chooser-outcome");
    const none = form.querySelector(".chooser-none"), missing = form.querySelector(".chooser-missing");
    const markers = [...form.querySelectorAll("svg.chooser-plot")].map((svg) => plot(svg, data));
    let waiting = 0;

    const levels = () => data.axes.map(({ name }) => Number(form.elements[name].value));
    const choose = (chosen) => data.axes.forEach(({ name }, axis) => { form.elements[name].value = chosen[axis]; });

    function nearest(wanted) {
      const away = (key) => key.split(" ").map((level, axis) => Math.abs(level - wanted[axis]));
      const distance = (key) => away(key).reduce((sum, steps) => sum + (steps ? 100 + steps : 0), 0);
      const computed = Object.keys(data.rows).filter((key) => Array.isArray(data.rows[key]));
      return computed.reduce((best, key) => distance(key) < distance(best) ? key : best).split(" ").map(Number);
    }

    function show() {
      for (const slider of form.querySelectorAll("input[type=range]")) {
        const text = JSON.parse(slider.dataset.texts)[slider.value];
        slider.setAttribute("aria-valuetext", text);
        slider.nextElementSibling.textContent = text;
      }
      const row = data.rows[levels().join(" ")];
      outcome.hidden = !Array.isArray(row);
      none.hidden = typeof row !== "string";
      missing.hidden = row !== undefined;
      if (typeof row === "string") none.querySelector("[data-reason]").textContent = row;
      if (!Array.isArray(row)) return;
      for (const place of outcome.querySelectorAll("[data-shows]")) {
        place.textContent = row[data.columns.indexOf(place.dataset.shows)];
        place.dataset.word = place.textContent;
      }
      for (const mark of markers) mark(row);
    }

    function write() {
      show();
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
        const chosen = levels();
        data.axes.forEach(({ name, values }, axis) => state.set(name, values[chosen[axis]]));
        history.replaceState(null, "", `#${state.toString().replaceAll("+", "%20")}`);
      }, PATIENCE);
    }

    function read() {
      const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
      for (const { name, values } of data.axes) {
        const level = values.indexOf(state.get(name));
        if (level >= 0) form.elements[name].value = level;
      }
      show();
    }

    form.addEventListener("input", write);
    form.addEventListener("submit", (event) => event.preventDefault());
    missing.querySelector("button").addEventListener("click", () => { choose(nearest(levels())); write(); });
    window.addEventListener("hashchange", read);
    form.hidden = false;
    read();
  }

  for (const form of document.querySelectorAll("form.chooser")) begin(form);
})();
