// A map and the digit it comes from. Everything about one position was sent along, so that moving
// over the map answers at once, without the server.
const PROBES = new WeakMap();
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const NO_NUMBER = "\u2013";

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const percent = (share) => `${share * 100}%`;

// Three significant digits, a true minus sign, no "-0"; powers of ten only where nothing else fits.
export function formatNumber(value) {
  if (!Number.isFinite(value)) return NO_NUMBER;
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  const isPlain = Math.abs(rounded) >= 1000 && Math.abs(rounded) < 1e6;
  const text = isPlain ? String(rounded) : value.toPrecision(3);
  return text.replace("e+", "e").replaceAll("-", "\u2212");
}

// The same as `probability` in Python: never quite 0 or 1, an exact half to the even digit.
export function formatProbability(value) {
  if (!Number.isFinite(value)) return NO_NUMBER;
  const points = 100 * value;
  const isHalfAboveEven = (points * 4) % 2 === 1 && Math.floor(points * 10) % 2 === 0;
  const text = (isHalfAboveEven ? points - 0.01 : points).toFixed(1);
  return { "0.0": "<0.1%", "100.0": ">99.9%" }[text] ?? `${text}%`;
}

function largest(values) {
  let best = 0;
  values.forEach((value, index) => {
    if (value > values[best]) best = index;
  });
  return best;
}

function pixelsOf({ height, width, rgb }) {
  const pixels = new ImageData(width, height);
  bytesOf(rgb).forEach((value, i) => (pixels.data[Math.floor(i / 3) * 4 + (i % 3)] = value));
  for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = 255;
  return pixels;
}

function paint(canvas, pixels) {
  Object.assign(canvas, { width: pixels.width, height: pixels.height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

function place(element, top, left, height, width) {
  const sides = { top, left, height, width };
  Object.entries(sides).forEach(([side, share]) => (element.style[side] = percent(share)));
}

function element(tag, className) {
  return Object.assign(document.createElement(tag), { className });
}

class Probe {
  constructor(root) {
    this.root = root;
    this.map = this.find(".map");
    this.map.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.map.addEventListener("pointermove", (event) => this.onPointer(event));
    this.map.addEventListener("click", (event) => this.onClick(event));
    this.map.addEventListener("keydown", (event) => this.onKey(event));
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  load(data) {
    const previous = this.data;
    this.data = data;
    this.rows = data.map.height;
    this.columns = data.map.width;
    this.values = floatsOf(data.values);
    this.digit = pixelsOf(data.digit);
    this.fill = data.fill && pixelsOf(data.fill);
    this.probabilities = data.answers && floatsOf(data.answers.probabilities);
    this.drawPictures();
    this.drawScale();
    this.buildBars();
    const fits = previous?.map.height === this.rows && previous.map.width === this.columns;
    if (!(this.isPinned && fits)) this.startAtLargest(); // a pin stays, to compare two digits
    this.show();
  }

  startAtLargest() {
    const index = largest(this.values.map(Math.abs));
    this.isPinned = false;
    this.row = Math.floor(index / this.columns);
    this.column = index % this.columns;
  }

  drawPictures() {
    const { map_title, digit_title, map, digit } = this.data;
    this.find(".map-title").textContent = map_title;
    this.find(".digit-title").textContent = digit_title;
    this.map.setAttribute("aria-label", `${map_title}. The arrow keys move over it.`);
    this.find(".digit").setAttribute("aria-label", digit_title);
    paint(this.map.querySelector("canvas"), pixelsOf(map));
    this.fit([map, digit]);
  }

  // Two stages of one size, as low as the flatter pictures allow, each picture filling its own.
  fit(pictures) {
    const ratio = Math.max(...pictures.map(({ height, width }) => Math.min(1, height / width)));
    this.root.querySelectorAll(".stage").forEach((stage, i) => {
      const { height, width } = pictures[i];
      stage.style.aspectRatio = `1 / ${ratio}`;
      stage.firstElementChild.style.width = percent(Math.min(1, (ratio * width) / height));
      stage.firstElementChild.style.aspectRatio = `${width} / ${height}`;
    });
  }

  drawScale() {
    const { scale } = this.data;
    this.find(".scale").hidden = !scale;
    if (!scale) return;
    paint(this.find(".strip canvas"), pixelsOf(scale.picture));
    this.find(".low").textContent = formatNumber(scale.low);
    this.find(".high").textContent = formatNumber(scale.high);
    const zero = -scale.low / (scale.high - scale.low);
    this.find(".zero").hidden = zero < 0.25 || zero > 0.75; // would run into the end's label
    this.find(".zero").style.left = percent(zero);
  }

  buildBars() {
    const { answers } = this.data;
    this.root.classList.toggle("has-answers", Boolean(answers));
    this.find(".answers").hidden = this.find(".answers-title").hidden = !answers;
    const lines = (answers?.names ?? []).map((name, index) => {
      const line = element("li", "");
      const label = element("span", "name");
      const track = element("span", "track");
      label.textContent = label.title = name;
      track.append(element("div", "bar"));
      const tick = element("i", "tick");
      tick.style.left = percent(answers.baseline[index]);
      track.append(tick);
      line.append(label, track, element("span", "percent"));
      return line;
    });
    this.find(".bars").replaceChildren(...lines);
  }

  show() {
    this.root.classList.toggle("is-pinned", this.isPinned);
    this.showPlace();
    this.showValue();
    this.find(".hint").textContent = this.isPinned
      ? "Pinned. Click again or Escape lets go."
      : "Click or Enter pins the position.";
  }

  showPlace() {
    const { rows, columns, row, column } = this;
    place(this.map.querySelector(".mark"), row / rows, column / columns, 1 / rows, 1 / columns);
    const { tops, lefts, box } = this.data;
    const { height, width } = this.digit;
    const canvas = this.find(".digit canvas");
    paint(canvas, this.digit);
    if (this.fill) {
      const corner = [lefts[column], tops[row], box[1], box[0]];
      canvas.getContext("2d").putImageData(this.fill, 0, 0, ...corner);
    }
    const top = clamp(tops[row], 0, height);
    const left = clamp(lefts[column], 0, width);
    const bottom = clamp(tops[row] + box[0], 0, height);
    const right = clamp(lefts[column] + box[1], 0, width);
    const mark = this.find(".digit .mark");
    mark.hidden = bottom === top || right === left;
    place(mark, top / height, left / width, (bottom - top) / height, (right - left) / width);
  }

  showValue() {
    const index = this.row * this.columns + this.column;
    const value = this.values[index];
    const position = `row ${this.row}, column ${this.column}`;
    const parts = [`${position}: ${formatNumber(value)} ${this.data.unit}`.trim()];
    const { scale, answers } = this.data;
    if (scale) {
      const share = (value - scale.low) / (scale.high - scale.low);
      this.find(".needle").style.left = percent(clamp(share, 0, 1));
    }
    if (answers) {
      const count = answers.names.length;
      const shares = this.probabilities.subarray(index * count, (index + 1) * count);
      const answer = largest(shares);
      parts.push(`answer ${answers.names[answer]}`, formatProbability(shares[answer]));
      this.showBars(shares, answer);
    }
    this.find(".readout").textContent = parts.join(", ");
  }

  showBars(shares, answer) {
    [...this.find(".bars").children].forEach((line, index) => {
      line.classList.toggle("is-answer", index === answer);
      line.querySelector(".bar").style.width = percent(shares[index]);
      line.querySelector(".percent").textContent = formatProbability(shares[index]);
    });
  }

  moveTo(row, column) {
    if (row === this.row && column === this.column) return;
    this.row = row;
    this.column = column;
    this.show();
  }

  cellAt(event) {
    const { left, top, width, height } = this.map.getBoundingClientRect();
    const row = Math.floor(((event.clientY - top) / height) * this.rows);
    const column = Math.floor(((event.clientX - left) / width) * this.columns);
    return [clamp(row, 0, this.rows - 1), clamp(column, 0, this.columns - 1)];
  }

  onPointer(event) {
    // A finger has no hover: dragging it takes the position along, pinned or not.
    const isDrag = event.pointerType === "touch" && event.type === "pointermove";
    const [row, column] = this.cellAt(event);
    if (isDrag && (row !== this.row || column !== this.column)) this.isPinned = false;
    if (!this.isPinned) this.moveTo(row, column);
  }

  onClick(event) {
    const [row, column] = this.cellAt(event);
    const isSame = row === this.row && column === this.column;
    this.isPinned = !(this.isPinned && isSame); // a click elsewhere takes the pin along
    this.row = row;
    this.column = column;
    this.show();
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move) {
      const row = clamp(this.row + move[0], 0, this.rows - 1);
      this.moveTo(row, clamp(this.column + move[1], 0, this.columns - 1));
    } else if (event.key === "Enter" || event.key === " ") {
      this.isPinned = !this.isPinned;
      this.show();
    } else if (event.key === "Escape" && this.isPinned) {
      this.isPinned = false;
      this.show();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // or a page's own shortcut would fire too
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".probe");
  if (!PROBES.has(root)) PROBES.set(root, new Probe(root));
  const probe = PROBES.get(root);
  const signature = JSON.stringify(data);
  if (probe.signature === signature) return; // only the theme changed, and CSS follows that
  probe.signature = signature;
  probe.load(data);
}
