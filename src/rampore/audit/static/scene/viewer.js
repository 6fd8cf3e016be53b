/* Boxes with values, to be turned, cut and played: what rampore.scenes writes, drawn by three.js. Built into scene-viewer.js
   by `make viewer`; a page adds that file when a reader asks for it, and calls rampore.view(host, scene). */
import {
  BufferAttribute, BufferGeometry, ColorManagement, DoubleSide, LinearSRGBColorSpace, Mesh, MeshBasicMaterial,
  PerspectiveCamera, Scene, Spherical, Vector3, WebGLRenderer,
} from "three";

const NONE = 65535, COPPER = [0.78, 0.486, 0.29];
/* A face toward -x, +x, -y, +y, -z, +z: how bright it is, so that edges show without a light. */
const SHADE = [0.82, 0.82, 0.9, 0.9, 0.7, 1];
ColorManagement.enabled = false;

// ── what a file holds ──

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/* Steps of all frames, one after the other. */
export async function steps(field, frames) {
  const both = await inflated(field.data), count = both.length / 2, size = count / frames;
  const found = new Uint16Array(count);
  for (let n = 0; n < count; n++) found[n] = (both[n] | both[count + n] << 8) + (n >= size ? found[n - size] : 0);
  return found;
}

const hex = (text) => [1, 3, 5].map((start) => Number.parseInt(text.slice(start, start + 2), 16) / 255);

/* The colour of a share between 0 and 1 of the range. */
function colour(shades, share) {
  const place = share * (shades.length - 1), n = Math.min(Math.floor(place), shades.length - 2);
  return shades[n].map((value, channel) => value + (place - n) * (shades[n + 1][channel] - value));
}

// ── the boxes ──

/* Edges along an axis with those beyond the mirror, and for each box the one of the file that it repeats. */
function along(edges, mirrored) {
  const boxes = edges.slice(1).map((_, n) => n);
  if (!mirrored) return { edges, boxes };
  const last = edges.at(-1);
  return {
    edges: [...edges, ...edges.slice(0, -1).reverse().map((edge) => 2 * last - edge)],
    boxes: [...boxes, ...boxes.toReversed()],
  };
}

/* All faces between a box that is drawn and one that is not, nearer than the cuts. */
function faces(drawn, cuts) {
  const found = [], at = [0, 0, 0];
  const there = (place) => place.every((n, axis) => n >= 0 && n < cuts[axis]) && drawn(place);
  for (at[0] = 0; at[0] < cuts[0]; at[0]++) for (at[1] = 0; at[1] < cuts[1]; at[1]++) for (at[2] = 0; at[2] < cuts[2]; at[2]++) {
    if (!there(at)) continue;
    for (let side = 0; side < 6; side++) {
      const beside = [...at];
      beside[side >> 1] += side & 1 ? 1 : -1;
      if (!there(beside)) found.push({ at: [...at], side });
    }
  }
  return found;
}

/* Corners of a face, in the order around it. */
function corners(axes, { at, side }) {
  const axis = side >> 1, [u, v] = [0, 1, 2].filter((other) => other !== axis);
  const edge = (which, further) => axes[which].edges[at[which] + further];
  return [[0, 0], [1, 0], [1, 1], [0, 1]].map(([alongU, alongV]) => {
    const corner = [0, 0, 0];
    corner[axis] = edge(axis, side & 1);
    corner[u] = edge(u, alongU);
    corner[v] = edge(v, alongV);
    return corner;
  });
}

// ── the page ──

function element(parent, name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return parent.appendChild(made);
}

/* A value of a field with the digits that three of its range leave. */
function number(value, { low, high }) {
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.max(high - low, Math.abs(high)) || 1))));
  return (Math.round(value * 10 ** digits) / 10 ** digits + 0).toFixed(digits).replace("-", "\u2212");
}

export async function view(host, file) {
  const axes = file.edges.map((edges, axis) => along(edges, file.mirrored[axis]));
  const counts = file.edges.map((edges) => edges.length - 1), size = counts[0] * counts[1] * counts[2];
  const data = await Promise.all(file.fields.map((field) => steps(field, file.frames.length)));
  const shades = file.fields.map((field) => field.colours.map(hex));
  const box = (at) => at.reduce((index, n, axis) => index * counts[axis] + axes[axis].boxes[n], 0);

  const canvas = element(host, "canvas", { tabindex: "0", role: "img" });
  const context = canvas.getContext("webgl2", { alpha: true, antialias: true, preserveDrawingBuffer: true });
  if (!context) {
    canvas.remove();
    throw new Error("no WebGL 2");
  }
  const renderer = new WebGLRenderer({ canvas, context, alpha: true });
  renderer.outputColorSpace = LinearSRGBColorSpace;
  const stage = new Scene(), camera = new PerspectiveCamera(35, 1, 1, 1);
  camera.up.set(0, 0, 1);
  const material = new MeshBasicMaterial({ vertexColors: true, side: DoubleSide });
  const mesh = stage.add(new Mesh(new BufferGeometry(), material)).children[0];

  // the controls
  const panel = element(host, "div", { class: "scene-panel" });
  const labelled = (label, name, attributes) => element(element(panel, "label", {}, `${label} `), name, attributes);
  const which = labelled("Show", "select");
  file.fields.forEach((field) => element(which, "option", {}, field.unit ? `${field.label} (${field.unit})` : field.label));
  const frame = labelled("At", "input", { type: "range", min: 0, max: file.frames.length - 1, value: file.frames.length - 1 });
  const when = element(frame.parentElement, "output");
  frame.parentElement.hidden = file.frames.length === 1;
  const cuts = ["x", "y", "z"].map((name, axis) => labelled(`Cut along ${name}`, "input", {
    type: "range", min: 1, max: axes[axis].boxes.length, value: axes[axis].boxes.length,
  }));
  const key = element(panel, "p", { class: "scene-key" });
  const words = element(panel, "p", { role: "status" });
  const extent = axes.map(({ edges }) => Math.round(edges.at(-1) - edges[0])).join(" × ") + ` ${file.lengthUnit}`;
  element(panel, "p", {}, `${extent}, to scale. Drag or use the arrow keys to turn, the wheel or + and − to come nearer.`);

  let shown = [];
  function build() {
    const drawn = (at) => file.solid !== "" || data[0][box(at)] !== NONE;
    shown = faces(drawn, cuts.map((cut) => Number(cut.value)));
    const places = new Float32Array(shown.length * 12), order = new Uint32Array(shown.length * 6);
    shown.forEach((face, n) => {
      places.set(corners(axes, face).flat(), 12 * n);
      order.set([0, 1, 2, 0, 2, 3].map((corner) => 4 * n + corner), 6 * n);
    });
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(places, 3));
    geometry.setAttribute("color", new BufferAttribute(new Float32Array(places.length), 3));
    geometry.setIndex(new BufferAttribute(order, 1));
    mesh.geometry.dispose();
    mesh.geometry = geometry;
    paint();
  }

  function paint() {
    const n = which.selectedIndex, field = file.fields[n], start = Number(frame.value) * size;
    const colours = mesh.geometry.getAttribute("color");
    shown.forEach((face, place) => {
      const step = data[n][start + box(face.at)];
      const plain = step === NONE ? COPPER : colour(shades[n], step / (NONE - 1));
      const shaded = plain.map((value) => value * SHADE[face.side]);
      for (let corner = 0; corner < 4; corner++) colours.array.set(shaded, 12 * place + 3 * corner);
    });
    colours.needsUpdate = true;
    const now = data[n].subarray(start, start + size).filter((step) => step !== NONE);
    const value = (step) => number(field.low + step / (NONE - 1) * (field.high - field.low), field);
    const [least, most] = now.reduce(([low, high], step) => [Math.min(low, step), Math.max(high, step)], [NONE, 0]);
    when.textContent = file.frames[frame.value];
    frame.setAttribute("aria-valuetext", file.frames[frame.value]);
    words.textContent = `${[field.label, file.frames[frame.value]].filter(Boolean).join(", ")}: ${value(least)} to ${value(most)} ${field.unit}`.trim();
    key.replaceChildren();
    element(key, "span", {}, number(field.low, field));
    element(key, "span", { class: "scene-bar", style: `background: linear-gradient(to right, ${field.colours.join(",")})` });
    element(key, "span", {}, `${number(field.high, field)} ${field.unit}`);
    canvas.setAttribute("aria-label", `A block of boxes, ${extent}; ${words.textContent}`);
    draw();
  }

  // the eye
  const middle = new Vector3(...axes.map(({ edges }) => (edges[0] + edges.at(-1)) / 2));
  const reach = Math.hypot(...axes.map(({ edges }) => edges.at(-1) - edges[0]));
  const eye = new Spherical(1.7 * reach, 1.05, 0.6);  // distance, angle from above, around
  function draw() {
    const { width, height } = canvas.getBoundingClientRect();
    renderer.setPixelRatio(window.devicePixelRatio);
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.near = 0.01 * reach;
    camera.far = 10 * reach;
    camera.updateProjectionMatrix();
    eye.phi = Math.min(Math.max(eye.phi, 0.05), Math.PI - 0.05);
    eye.radius = Math.min(Math.max(eye.radius, 0.6 * reach), 5 * reach);
    const { radius, phi, theta } = eye;
    camera.position.set(Math.sin(phi) * Math.sin(theta), -Math.sin(phi) * Math.cos(theta), Math.cos(phi)).multiplyScalar(radius).add(middle);
    camera.lookAt(middle);
    renderer.render(stage, camera);
    host.dataset.eye = [radius / reach, phi, theta].map((angle) => angle.toFixed(3)).join(" ");
  }

  const turn = (around, over, nearer = 1) => { eye.theta += around; eye.phi += over; eye.radius *= nearer; draw(); };
  const KEYS = {
    ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15],
    "+": [0, 0, 1 / 1.15], "=": [0, 0, 1 / 1.15], "-": [0, 0, 1.15],
  };
  canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    turn(...KEYS[event.key]);
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) turn(-0.008 * event.movementX, -0.008 * event.movementY);
  });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); turn(0, 0, Math.exp(0.001 * event.deltaY)); }, { passive: false });

  which.addEventListener("change", paint);
  frame.addEventListener("input", paint);
  for (const cut of cuts) cut.addEventListener("input", build);
  new ResizeObserver(draw).observe(canvas);
  build();
}
