// A map and the digit it comes from. Everything about one position was sent along, so that moving
// over the map answers at once, without the server.

/**
 * @typedef {object} Pixels
 * @property {number} height
 * @property {number} width
 * @property {string} rgb base64 of the bytes, row by row
 *
 * @typedef {object} Answers
 * @property {string} probabilities base64 of float32: rows, columns, classes
 * @property {number[]} baseline
 * @property {string[]} names
 *
 * @typedef {object} Data
 * @property {string} values base64 of float32: rows, columns
 * @property {Pixels} map
 * @property {Pixels} digit
 * @property {Pixels | null} fill
 * @property {number[]} tops
 * @property {number[]} lefts
 * @property {Point} box height and width
 * @property {string} unit
 * @property {string} map_title
 * @property {string} digit_title
 * @property {Answers | null} answers
 * @property {{ picture: Pixels, low: number, high: number } | null} scale
 */

/** @type {WeakMap<Element, Probe>} */
const PROBES = new WeakMap();
/** @type {Record<string, Point>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const NO_NUMBER = "\u2013";

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
/** @param {string} text */
const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
/** @type {(value: number, low: number, high: number) => number} */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
/** @param {number} share */
const percent = (share) => `${share * 100}%`;

// Three significant digits, a true minus sign, no "-0"; powers of ten only where nothing else fits.
/** @param {number} value */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return NO_NUMBER;
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  const isPlain = Math.abs(rounded) >= 1000 && Math.abs(rounded) < 1e6;
  const text = isPlain ? String(rounded) : value.toPrecision(3);
  return text.replace("e+", "e").replaceAll("-", "\u2212");
}

// The same as `probability` in Python: never quite 0 or 1, an exact half to the even digit.
/** @param {number} value */
export function formatProbability(value) {
  if (!Number.isFinite(value)) return NO_NUMBER;
  const points = 100 * value;
  const isHalfAboveEven = (points * 4) % 2 === 1 && Math.floor(points * 10) % 2 === 0;
  const text = (isHalfAboveEven ? points - 0.01 : points).toFixed(1);
  if (text === "0.0") return "<0.1%";
  return text === "100.0" ? ">99.9%" : `${text}%`;
}

/** @param {Float32Array} values */
function largest(values) {
  let best = 0;
  values.forEach((value, index) => {
    if (value > values[best]) best = index;
  });
  return best;
}

/** @param {Pixels} pixels */
function pixelsOf({ height, width, rgb }) {
  const image = new ImageData(width, height);
  bytesOf(rgb).forEach((value, i) => (image.data[Math.floor(i / 3) * 4 + (i % 3)] = value));
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255;
  return image;
}

/** @param {HTMLCanvasElement} canvas */
const penOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/** @type {(canvas: HTMLCanvasElement, pixels: ImageData) => void} */
function paint(canvas, pixels) {
  Object.assign(canvas, { width: pixels.width, height: pixels.height });
  penOf(canvas).putImageData(pixels, 0, 0);
}

/**
 * @param {HTMLElement} element
 * @param {number[]} shares
 */
function place(element, ...shares) {
  const [top, left, height, width] = shares.map(percent);
  Object.assign(element.style, { top, left, height, width });
}

/** @type {(tag: string, className: string) => HTMLElement} */
function element(tag, className) {
  return Object.assign(document.createElement(tag), { className });
}

class Probe {
  signature = "";
  isPinned = false;
  row = 0;
  column = 0;
  rows = 0;
  columns = 0;
  values = new Float32Array();
  digit = new ImageData(1, 1);
  /** @type {ImageData | null} */
  fill = null;
  /** @type {Float32Array | null} */
  probabilities = null;

  /**
   * @param {HTMLElement} root
   * @param {Data} data
   */
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.map = this.find(".map");
    this.map.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.map.addEventListener("pointermove", (event) => this.onPointer(event));
    this.map.addEventListener("click", (event) => this.onClick(event));
    this.map.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** @param {string} selector */
  find(selector) {
    return /** @type {HTMLElement} */ (this.root.querySelector(selector));
  }

  /** @param {string} selector */
  canvas(selector) {
    return /** @type {HTMLCanvasElement} */ (this.root.querySelector(`${selector} canvas`));
  }

  /** @param {Data} data */
  load(data) {
    const { rows, columns } = this;
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
    const fits = rows === this.rows && columns === this.columns;
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
    paint(this.canvas(".map"), pixelsOf(map));
    this.fit([map, digit]);
  }

  // Two stages of one size, as low as the flatter pictures allow, each picture filling its own.
  /** @param {Pixels[]} pictures */
  fit(pictures) {
    const ratio = Math.max(...pictures.map(({ height, width }) => Math.min(1, height / width)));
    [".map", ".digit"].forEach((selector, i) => {
      const { height, width } = pictures[i];
      const { style } = this.find(selector);
      this.find(`${selector}-stage`).style.aspectRatio = `1 / ${ratio}`;
      style.width = percent(Math.min(1, (ratio * width) / height));
      style.aspectRatio = `${width} / ${height}`;
    });
  }

  drawScale() {
    const { scale } = this.data;
    this.find(".scale").hidden = !scale;
    if (!scale) return;
    paint(this.canvas(".strip"), pixelsOf(scale.picture));
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
    const { names = [], baseline = [] } = answers ?? {};
    const lines = names.map((name, index) => {
      const line = element("li", "");
      const label = element("span", "name");
      const track = element("span", "track");
      label.textContent = label.title = name;
      track.append(element("div", "bar"));
      const tick = element("i", "tick");
      tick.style.left = percent(baseline[index]);
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
    place(this.find(".map .mark"), row / rows, column / columns, 1 / rows, 1 / columns);
    const { tops, lefts, box } = this.data;
    const { height, width } = this.digit;
    const canvas = this.canvas(".digit");
    paint(canvas, this.digit);
    if (this.fill) {
      penOf(canvas).putImageData(this.fill, 0, 0, lefts[column], tops[row], box[1], box[0]);
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
    if (answers && this.probabilities) {
      const count = answers.names.length;
      const shares = this.probabilities.subarray(index * count, (index + 1) * count);
      const answer = largest(shares);
      parts.push(`answer ${answers.names[answer]}`, formatProbability(shares[answer]));
      this.showBars(shares, answer);
    }
    this.find(".readout").textContent = parts.join(", ");
  }

  /** @type {(shares: Float32Array, answer: number) => void} */
  showBars(shares, answer) {
    [...this.find(".bars").children].forEach((line, index) => {
      line.classList.toggle("is-answer", index === answer);
      const [bar, text] = line.querySelectorAll(".bar, .percent");
      /** @type {HTMLElement} */ (bar).style.width = percent(shares[index]);
      text.textContent = formatProbability(shares[index]);
    });
  }

  /** @type {(row: number, column: number) => void} */
  moveTo(row, column) {
    if (row === this.row && column === this.column) return;
    this.row = row;
    this.column = column;
    this.show();
  }

  /** @param {MouseEvent} event */
  cellAt(event) {
    const { left, top, width, height } = this.map.getBoundingClientRect();
    const row = Math.floor(((event.clientY - top) / height) * this.rows);
    const column = Math.floor(((event.clientX - left) / width) * this.columns);
    return [clamp(row, 0, this.rows - 1), clamp(column, 0, this.columns - 1)];
  }

  /** @param {PointerEvent} event */
  onPointer(event) {
    // A finger has no hover: dragging it takes the position along, pinned or not.
    const isDrag = event.pointerType === "touch" && event.type === "pointermove";
    const [row, column] = this.cellAt(event);
    if (isDrag && (row !== this.row || column !== this.column)) this.isPinned = false;
    if (!this.isPinned) this.moveTo(row, column);
  }

  /** @param {MouseEvent} event */
  onClick(event) {
    const [row, column] = this.cellAt(event);
    const isSame = row === this.row && column === this.column;
    this.isPinned = !(this.isPinned && isSame); // a click elsewhere takes the pin along
    this.row = row;
    this.column = column;
    this.show();
  }

  /** @param {KeyboardEvent} event */
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

/** @param {Mounted<Data>} mounted */
export default function ({ data, parentElement }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".probe"));
  const probe = PROBES.get(root) ?? new Probe(root, data);
  PROBES.set(root, probe);
  const signature = JSON.stringify(data);
  if (probe.signature === signature) return; // only the theme changed, and CSS follows that
  probe.signature = signature;
  probe.load(data);
}
