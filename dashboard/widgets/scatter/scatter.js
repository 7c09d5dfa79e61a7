// Many pictures as dots on a canvas. Streamlit keeps the HTML and calls the default function again
// when data or theme change; the place of the current picture comes by an event of its own.
const MAPS = new WeakMap();
const REACH = 14; // how far from a dot a pointer still means it, CSS pixels
const MARGIN = 26;
const CROWD = 500; // with more mistakes than this, large crosses would hide the dots
const LINE = 18; // from the name of a class to the next one below it, CSS pixels

function decode(text, Type) {
  return new Type(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

function ends(points, axis) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = axis; i < points.length; i += 2) {
    low = Math.min(low, points[i]);
    high = Math.max(high, points[i]);
  }
  return [low, high];
}

function unpack(data) {
  const points = decode(data.points, Float32Array);
  const [left, right] = ends(points, 0);
  const [bottom, top] = ends(points, 1);
  const labels = decode(data.labels, Uint8Array);
  const answers = decode(data.answers, Uint8Array);
  return {
    ...data,
    points,
    labels,
    answers,
    isCrowded: labels.filter((label, i) => label !== answers[i]).length > CROWD,
    indices: decode(data.indices, Uint32Array),
    centre: [(left + right) / 2, (bottom + top) / 2],
    size: [right - left || 1, top - bottom || 1],
  };
}

function middles(map) {
  const sums = map.data.names.map(() => [0, 0, 0]);
  map.data.labels.forEach((label, i) => {
    sums[label][0] += map.data.points[2 * i];
    sums[label][1] += map.data.points[2 * i + 1];
    sums[label][2] += 1;
  });
  return sums.map(([x, y, count]) => (count ? [x / count, y / count] : null));
}

function fit(map) {
  const { canvas } = map;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = window.devicePixelRatio || 1;
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
  Object.assign(map, { width, height });
}

function scales(map) {
  const [wide, high] = map.data.size;
  return [
    ((map.width - 2 * MARGIN) / wide) * map.zoom,
    ((map.height - 2 * MARGIN) / high) * map.zoom,
  ];
}

function onScreen(map, x, y) {
  const [across, up] = scales(map);
  return [
    map.width / 2 + map.shift[0] + (x - map.data.centre[0]) * across,
    map.height / 2 + map.shift[1] - (y - map.data.centre[1]) * up,
  ];
}

const isShown = (map, i) => map.only === null || map.data.labels[i] === map.only;

function drawDots(map, pen) {
  const { points, labels, answers, palette, isCrowded } = map.data;
  const size = labels.length > 4000 ? 2.6 : 4;
  const arm = isCrowded ? 2 : 4;
  for (const isWrong of [false, true]) {
    for (let i = 0; i < labels.length; i += 1) {
      if ((labels[i] !== answers[i]) !== isWrong || !isShown(map, i)) continue;
      const [x, y] = onScreen(map, points[2 * i], points[2 * i + 1]);
      if (isWrong) {
        const strokes = [[arm, map.paper], [arm / 2, palette[labels[i]]]];
        pen.globalAlpha = 1;
        for (const [width, colour] of isCrowded ? strokes.slice(1) : strokes) {
          pen.lineWidth = width;
          pen.strokeStyle = colour;
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

function write(map, pen, text, x, y) {
  pen.lineWidth = 4;
  pen.strokeStyle = map.paper;
  pen.strokeText(text, x, y);
  pen.fillStyle = map.ink;
  pen.fillText(text, x, y);
}

// Where the current picture stands, and on which side its name has room.
function markPlace(map) {
  const [x, y] = onScreen(map, map.mark.x, map.mark.y);
  // Far outside of all dots it is held at the edge.
  const at = [Math.min(Math.max(x, 12), map.width - 12), Math.min(Math.max(y, 12), map.height - 12)];
  return { at, side: at[0] > map.width - 130 ? -1 : 1 };
}

// The room that the current picture takes with its name.
function markName(map, pen) {
  if (!map.mark) return [];
  const { at, side } = markPlace(map);
  const half = pen.measureText(map.mark.text).width / 2;
  return [
    { x: at[0] + side * (15 + half), y: at[1], half },
    { x: at[0], y: at[1], half: 12 }, // the ring itself
  ];
}

// Where the names of the classes stand: of two that would cover each other the lower one gives way,
// and all give way to the name of the current picture.
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
    const covers = ({ x, y, half }) =>
      Math.abs(name.x - x) < name.half + half && Math.abs(name.y - y) < LINE - 1;
    const placed = [...taken, ...names.slice(0, i)];
    for (let over = placed.find(covers); over; over = placed.find(covers)) name.y = over.y + LINE;
  });
  return names;
}

function drawNames(map, pen) {
  pen.font = `600 15px ${map.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  for (const { text, x, y } of namePlaces(map, pen)) write(map, pen, text, x, y);
}

function drawMark(map, pen) {
  if (!map.mark) return;
  const { at, side } = markPlace(map);
  for (const [width, colour] of [[6, map.paper], [3, map.ink]]) {
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.beginPath();
    pen.arc(...at, 9, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.font = `600 13px ${map.font}`;
  pen.textBaseline = "middle";
  pen.textAlign = side < 0 ? "right" : "left";
  write(map, pen, map.mark.text, at[0] + 15 * side, at[1]);
}

function draw(map) {
  const style = getComputedStyle(map.canvas);
  map.ink = style.getPropertyValue("--st-text-color") || "#222";
  map.paper = style.getPropertyValue("--st-background-color") || "#fff";
  map.font = style.fontFamily;
  const pen = map.canvas.getContext("2d");
  pen.clearRect(0, 0, map.width, map.height);
  drawDots(map, pen);
  drawNames(map, pen);
  drawMark(map, pen);
}

function refresh(map) {
  if (map.isWaiting) return;
  map.isWaiting = true;
  requestAnimationFrame(() => {
    map.isWaiting = false;
    draw(map);
  });
}

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

function zoomBy(map, factor) {
  const zoom = Math.min(Math.max(map.zoom * factor, 1), 40);
  const real = zoom / map.zoom;
  map.zoom = zoom;
  map.shift = zoom === 1 ? [0, 0] : map.shift.map((value) => value * real);
  map.canvas.classList.toggle("is-zoomed", zoom > 1);
  refresh(map);
}

function showLegend(map) {
  const legend = map.root.querySelector(".legend");
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

function listen(map) {
  const { canvas } = map;
  let from = null;
  let isDragged = false;
  canvas.addEventListener("pointerdown", (event) => {
    [from, isDragged] = [[event.offsetX, event.offsetY], false];
    tell(map, nearest(map, event));
    if (map.zoom > 1) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from || map.zoom === 1) return tell(map, nearest(map, event));
    const step = [event.offsetX - from[0], event.offsetY - from[1]];
    if (!isDragged && Math.hypot(...step) < 4) return undefined;
    [from, isDragged] = [[event.offsetX, event.offsetY], true];
    map.shift = map.shift.map((value, axis) => value + step[axis]);
    tell(map, null);
    return refresh(map);
  });
  canvas.addEventListener("pointerup", () => (from = null));
  canvas.addEventListener("pointerleave", () => tell(map, null));
  canvas.addEventListener("click", () => {
    if (!isDragged && map.pointed !== null) map.send(map.data.indices[map.pointed]);
  });
  for (const button of map.root.querySelectorAll(".zoom button")) {
    button.addEventListener("click", () => zoomBy(map, Number(button.dataset.factor)));
  }
  const marked = (event) => {
    if (event.detail.scatter !== map.data.scatter) return;
    map.mark = event.detail;
    refresh(map);
  };
  window.addEventListener("cnn-lens-scatter-mark", marked);
  const observer = new ResizeObserver(() => {
    fit(map);
    refresh(map);
  });
  observer.observe(canvas);
  map.stop = () => {
    window.removeEventListener("cnn-lens-scatter-mark", marked);
    observer.disconnect();
  };
}

function create(root) {
  const map = {
    root,
    canvas: root.querySelector("canvas"),
    tip: root.querySelector(".tip"),
    zoom: 1,
    shift: [0, 0],
    only: null,
    pointed: null,
  };
  MAPS.set(root, map);
  return map;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".scatter");
  const isNew = !MAPS.has(root);
  const map = isNew ? create(root) : MAPS.get(root);
  map.send = (index) => setTriggerValue("clicked", index);
  if (map.text !== data.points) {
    Object.assign(map, { text: data.points, data: unpack(data), only: null });
    tell(map, null);
    map.middles = middles(map);
    showLegend(map);
    map.mark = window.cnnLensMarks?.get(data.scatter);
    map.canvas.setAttribute("aria-label", data.description);
  }
  if (isNew) listen(map);
  fit(map);
  refresh(map);
  return () => {
    map.stop();
    MAPS.delete(root);
  };
}
