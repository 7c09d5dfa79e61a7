// Many pictures as dots on a canvas. Streamlit keeps the HTML and calls the default function again
// when data or theme change; the place of the current picture comes by an event of its own.

/**
 * @typedef {object} Data
 * @property {string} scatter
 * @property {string} points base64 of float32: x and y of each picture
 * @property {string} labels base64 of uint8
 * @property {string} answers base64 of uint8
 * @property {string} indices base64 of uint32
 * @property {string[]} names
 * @property {string[]} palette
 * @property {string} noun
 * @property {string} description
 *
 * @typedef {ReturnType<typeof unpack>} Dots
 * @typedef {object} DotMap
 * @property {Element} root
 * @property {HTMLCanvasElement} canvas
 * @property {HTMLElement} tip
 * @property {string} text the points' text, to see whether other dots came
 * @property {Dots} data
 * @property {(Point | null)[]} middles of the classes
 * @property {number} width on screen, CSS pixels
 * @property {number} height
 * @property {number} zoom
 * @property {Point} shift CSS pixels
 * @property {number | null} only index of the one class that is shown
 * @property {number | null} pointed index of the dot under the pointer
 * @property {Mark | undefined} mark
 * @property {string} ink
 * @property {string} paper
 * @property {string} font
 * @property {boolean} isWaiting
 * @property {number} calls of the mount function
 * @property {(index: number) => void} send
 * @property {(event: CustomEvent<Mark>) => void} marked
 * @property {ResizeObserver} observer
 *
 * @typedef {CanvasRenderingContext2D} Pen
 */

/** @type {WeakMap<Element, DotMap>} */
const MAPS = new WeakMap();
const REACH = 14; // how far from a dot a pointer still means it, CSS pixels
const MARGIN = 26;
const CROWD = 500; // with more mistakes than this, large crosses would hide the dots
const LINE = 18; // from the name of a class to the next one below it, CSS pixels

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @type {(points: Float32Array, axis: number) => Point} */
function ends(points, axis) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = axis; i < points.length; i += 2) {
    low = Math.min(low, points[i]);
    high = Math.max(high, points[i]);
  }
  return [low, high];
}

/** @param {Data} data */
function unpack(data) {
  const points = new Float32Array(bytesOf(data.points).buffer);
  const [left, right] = ends(points, 0);
  const [bottom, top] = ends(points, 1);
  const labels = bytesOf(data.labels);
  const answers = bytesOf(data.answers);
  return {
    ...data,
    points,
    labels,
    answers,
    isCrowded: labels.filter((label, i) => label !== answers[i]).length > CROWD,
    indices: new Uint32Array(bytesOf(data.indices).buffer),
    centre: [(left + right) / 2, (bottom + top) / 2],
    size: [right - left || 1, top - bottom || 1],
  };
}

/**
 * @param {Dots} dots
 * @returns {(Point | null)[]}
 */
function middles({ names, labels, points }) {
  const sums = names.map(() => [0, 0, 0]);
  labels.forEach((label, i) => {
    sums[label][0] += points[2 * i];
    sums[label][1] += points[2 * i + 1];
    sums[label][2] += 1;
  });
  return sums.map(([x, y, count]) => (count ? [x / count, y / count] : null));
}

/** @param {HTMLCanvasElement} canvas */
const penOf = (canvas) => /** @type {Pen} */ (canvas.getContext("2d"));

/** @param {DotMap} map */
function fit(map) {
  const { canvas } = map;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = window.devicePixelRatio || 1;
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  penOf(canvas).setTransform(ratio, 0, 0, ratio, 0, 0);
  Object.assign(map, { width, height });
}

/** @param {DotMap} map */
function scales(map) {
  const [wide, high] = map.data.size;
  return [
    ((map.width - 2 * MARGIN) / wide) * map.zoom,
    ((map.height - 2 * MARGIN) / high) * map.zoom,
  ];
}

/** @type {(map: DotMap, x: number, y: number) => Point} */
function onScreen(map, x, y) {
  const [across, up] = scales(map);
  return [
    map.width / 2 + map.shift[0] + (x - map.data.centre[0]) * across,
    map.height / 2 + map.shift[1] - (y - map.data.centre[1]) * up,
  ];
}

/** @type {(map: DotMap, i: number) => boolean} */
const isShown = (map, i) => map.only === null || map.data.labels[i] === map.only;

/** @type {(map: DotMap, pen: Pen) => void} */
function drawDots(map, pen) {
  const { points, labels, answers, palette, isCrowded } = map.data;
  const size = labels.length > 4000 ? 2.6 : 4;
  const arm = isCrowded ? 2 : 4;
  for (const isWrong of [false, true]) {
    for (let i = 0; i < labels.length; i += 1) {
      if ((labels[i] !== answers[i]) !== isWrong || !isShown(map, i)) continue;
      const [x, y] = onScreen(map, points[2 * i], points[2 * i + 1]);
      if (isWrong) {
        pen.globalAlpha = 1;
        for (const isEdge of isCrowded ? [false] : [true, false]) {
          pen.lineWidth = isEdge ? arm : arm / 2;
          pen.strokeStyle = isEdge ? map.paper : palette[labels[i]];
          pen.beginPath();
          pen.moveTo(x - arm, y - arm);
          pen.lineTo(x + arm, y + arm);
          pen.moveTo(x + arm, y - arm);
          pen.lineTo(x - arm, y + arm);
          pen.stroke();
        }
      } else {
        pen.globalAlpha = 0.7;
        pen.fillStyle = palette[labels[i]];
        pen.fillRect(x - size / 2, y - size / 2, size, size);
      }
    }
  }
  pen.globalAlpha = 1;
}

/** @type {(map: DotMap, pen: Pen, text: string, x: number, y: number) => void} */
function write(map, pen, text, x, y) {
  pen.lineWidth = 4;
  pen.strokeStyle = map.paper;
  pen.strokeText(text, x, y);
  pen.fillStyle = map.ink;
  pen.fillText(text, x, y);
}

// Where the current picture stands, and on which side its name has room.
/** @type {(map: DotMap, mark: Mark) => { at: Point, side: number }} */
function markPlace(map, mark) {
  const [x, y] = onScreen(map, mark.x, mark.y);
  // Far outside of all dots it is held at the edge.
  /** @type {Point} */
  const at = [
    Math.min(Math.max(x, 12), map.width - 12),
    Math.min(Math.max(y, 12), map.height - 12),
  ];
  return { at, side: at[0] > map.width - 130 ? -1 : 1 };
}

// The room that the current picture takes with its name.
/** @type {(map: DotMap, pen: Pen) => { x: number, y: number, half: number }[]} */
function markName(map, pen) {
  if (!map.mark) return [];
  const { at, side } = markPlace(map, map.mark);
  const half = pen.measureText(map.mark.text).width / 2;
  return [
    { x: at[0] + side * (15 + half), y: at[1], half },
    { x: at[0], y: at[1], half: 12 }, // the ring itself
  ];
}

// Where the names of the classes stand: of two that would cover each other the lower one gives way,
// and all give way to the name of the current picture.
/** @type {(map: DotMap, pen: Pen) => { text: string, x: number, y: number }[]} */
function namePlaces(map, pen) {
  const names = map.middles.flatMap((middle, label) => {
    if (!middle || (map.only !== null && map.only !== label)) return [];
    const text = map.data.names[label];
    const [x, y] = onScreen(map, ...middle);
    return [{ text, x, y, half: pen.measureText(text).width / 2 + 2 }];
  });
  names.sort((one, other) => one.y - other.y);
  const taken = markName(map, pen);
  names.forEach((name, i) => {
    /** @param {{ x: number, y: number, half: number }} other */
    const covers = ({ x, y, half }) =>
      Math.abs(name.x - x) < name.half + half && Math.abs(name.y - y) < LINE - 1;
    const placed = [...taken, ...names.slice(0, i)];
    for (let over = placed.find(covers); over; over = placed.find(covers)) name.y = over.y + LINE;
  });
  return names;
}

/** @type {(map: DotMap, pen: Pen) => void} */
function drawNames(map, pen) {
  pen.font = `600 15px ${map.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  for (const { text, x, y } of namePlaces(map, pen)) write(map, pen, text, x, y);
}

/** @type {(map: DotMap, pen: Pen) => void} */
function drawMark(map, pen) {
  if (!map.mark) return;
  const { at, side } = markPlace(map, map.mark);
  for (const isEdge of [true, false]) {
    pen.lineWidth = isEdge ? 6 : 3;
    pen.strokeStyle = isEdge ? map.paper : map.ink;
    pen.beginPath();
    pen.arc(...at, 9, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.font = `600 13px ${map.font}`;
  pen.textBaseline = "middle";
  pen.textAlign = side < 0 ? "right" : "left";
  write(map, pen, map.mark.text, at[0] + 15 * side, at[1]);
}

/** @param {DotMap} map */
function draw(map) {
  const style = getComputedStyle(map.canvas);
  map.ink = style.getPropertyValue("--st-text-color") || "#222";
  map.paper = style.getPropertyValue("--st-background-color") || "#fff";
  map.font = style.fontFamily;
  const pen = penOf(map.canvas);
  pen.clearRect(0, 0, map.width, map.height);
  drawDots(map, pen);
  drawNames(map, pen);
  drawMark(map, pen);
}

/** @param {DotMap} map */
function refresh(map) {
  if (map.isWaiting) return;
  map.isWaiting = true;
  requestAnimationFrame(() => {
    map.isWaiting = false;
    draw(map);
  });
}

/** @type {(map: DotMap, event: MouseEvent) => number | null} */
function nearest(map, event) {
  const { points, labels } = map.data;
  let best = null;
  let least = REACH ** 2;
  for (let i = 0; i < labels.length; i += 1) {
    if (!isShown(map, i)) continue;
    const [x, y] = onScreen(map, points[2 * i], points[2 * i + 1]);
    const far = (x - event.offsetX) ** 2 + (y - event.offsetY) ** 2;
    if (far < least) [best, least] = [i, far];
  }
  return best;
}

/** @type {(map: DotMap, i: number | null) => void} */
function tell(map, i) {
  map.pointed = i; // what a click opens: the very dot that was named
  map.tip.hidden = i === null;
  if (i === null) return;
  const { points, labels, answers, indices, names, noun } = map.data;
  const said = labels[i] === answers[i] ? "" : `, read as ${names[answers[i]]}`;
  // Class names may be a stranger's text: text only, never HTML.
  map.tip.textContent = `Test ${noun} ${indices[i]}: ${names[labels[i]]}${said}`;
  const [x, y] = onScreen(map, points[2 * i], points[2 * i + 1]);
  const isRight = x > map.width / 2;
  map.tip.style.left = isRight ? "auto" : `${x + 10}px`;
  map.tip.style.right = isRight ? `${map.width - x + 10}px` : "auto";
  map.tip.style.top = `${Math.min(Math.max(y - 14, 4), map.height - 34)}px`;
}

/** @type {(map: DotMap, factor: number) => void} */
function zoomBy(map, factor) {
  const zoom = Math.min(Math.max(map.zoom * factor, 1), 40);
  const real = zoom / map.zoom;
  map.zoom = zoom;
  map.shift = zoom === 1 ? [0, 0] : [map.shift[0] * real, map.shift[1] * real];
  map.canvas.classList.toggle("is-zoomed", zoom > 1);
  refresh(map);
}

/** @param {DotMap} map */
function showLegend(map) {
  const legend = /** @type {Element} */ (map.root.querySelector(".legend"));
  const buttons = map.data.names.map((name, label) => {
    const button = document.createElement("button");
    const chip = document.createElement("i");
    button.type = "button";
    button.title = `Only ${name}`;
    button.setAttribute("aria-pressed", "false");
    chip.style.background = map.data.palette[label];
    button.append(chip, name);
    button.addEventListener("click", () => {
      map.only = map.only === label ? null : label;
      buttons.forEach((each, i) => each.setAttribute("aria-pressed", String(i === map.only)));
      refresh(map);
    });
    return button;
  });
  const note = document.createElement("span");
  note.className = "note";
  note.textContent = "× answered wrong";
  legend.replaceChildren(...buttons, note);
}

/** @param {DotMap} map */
function listen(map) {
  const { canvas } = map;
  /** @type {Point | null} */
  let from = null;
  let isDragged = false;
  canvas.addEventListener("pointerdown", (event) => {
    [from, isDragged] = [[event.offsetX, event.offsetY], false];
    tell(map, nearest(map, event));
    if (map.zoom > 1) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from || map.zoom === 1) return tell(map, nearest(map, event));
    const [right, down] = [event.offsetX - from[0], event.offsetY - from[1]];
    if (!isDragged && Math.hypot(right, down) < 4) return undefined;
    [from, isDragged] = [[event.offsetX, event.offsetY], true];
    map.shift = [map.shift[0] + right, map.shift[1] + down];
    tell(map, null);
    return refresh(map);
  });
  canvas.addEventListener("pointerup", () => (from = null));
  canvas.addEventListener("pointerleave", () => tell(map, null));
  canvas.addEventListener("click", () => {
    if (!isDragged && map.pointed !== null) map.send(map.data.indices[map.pointed]);
  });
  for (const button of map.root.querySelectorAll(".zoom button")) {
    const { factor } = /** @type {HTMLElement} */ (button).dataset;
    button.addEventListener("click", () => zoomBy(map, Number(factor)));
  }
}

/** @type {(root: Element, data: Data) => DotMap} */
function create(root, data) {
  /** @type {DotMap} */
  const map = {
    root,
    canvas: /** @type {HTMLCanvasElement} */ (root.querySelector("canvas")),
    tip: /** @type {HTMLElement} */ (root.querySelector(".tip")),
    text: "",
    data: unpack(data),
    middles: [],
    width: 0,
    height: 0,
    zoom: 1,
    shift: [0, 0],
    only: null,
    pointed: null,
    mark: undefined,
    ink: "",
    paper: "",
    font: "",
    isWaiting: false,
    calls: 0,
    send: () => {},
    marked: ({ detail }) => {
      if (detail.scatter !== map.data.scatter) return;
      map.mark = detail;
      refresh(map);
    },
    observer: new ResizeObserver(() => {
      fit(map);
      refresh(map);
    }),
  };
  listen(map);
  return map;
}

/** @param {Mounted<Data>} mounted */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = /** @type {Element} */ (parentElement.querySelector(".scatter"));
  const map = MAPS.get(root) ?? create(root, data);
  MAPS.set(root, map);
  map.send = (index) => setTriggerValue("clicked", index);
  if (map.text !== data.points) {
    Object.assign(map, { text: data.points, data: unpack(data), only: null });
    tell(map, null);
    map.middles = middles(map.data);
    showLegend(map);
    map.mark = window.cnnLensMarks?.get(data.scatter);
    map.canvas.setAttribute("aria-label", data.description);
  }
  window.addEventListener("cnn-lens-scatter-mark", map.marked);
  map.observer.observe(map.canvas);
  fit(map);
  refresh(map);
  const call = ++map.calls;
  // Only the latest cleanup counts: Streamlit may also run that of a call it overtook.
  return () => {
    if (call !== map.calls) return;
    window.removeEventListener("cnn-lens-scatter-mark", map.marked);
    map.observer.disconnect();
  };
}
