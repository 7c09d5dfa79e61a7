// The browser's part of the draw-and-erase canvas; the Python part is __init__.py beside it.
//
// Edits   the picture and its history, pure data
// Link    when the picture is sent, and sent again until Python has answered
// Sheet   one drawing: edits, link, tools; kept here while the page is away
// View    the elements on the page, their gestures and keys
//
// For the tests the canvas element carries data-sequence (of the latest update) and data-stroke
// (the latest stroke).

/**
 * @typedef {number[] | Uint8Array} Levels
 * @typedef {{ width: number, height: number, channels: number }} Grid
 * @typedef {{ points: Point[], radius: number, colour: number[] }} Stroke
 * @typedef {[string, number[]]} Ink name and colour
 *
 * @typedef {object} Edit has either a stroke or a whole picture
 * @property {Stroke} [stroke]
 * @property {Uint8Array} [picture]
 * @property {Uint8Array} before the pixels
 * @property {number} sequence of the first update that holds it whole
 * @property {{ sequence: number, count: number }[]} parts updates that hold some of its points
 *
 * @typedef {object} Update
 * @property {string} digit
 * @property {number} revision
 * @property {number} sequence
 * @property {boolean} final
 * @property {string} pixels
 *
 * @typedef {object} Data
 * @property {string} canvas
 * @property {string} digit
 * @property {number} revision
 * @property {number} seen
 * @property {number[]} shape
 * @property {string} pixels
 * @property {string} original
 * @property {number[]} paper
 * @property {Ink[]} inks
 * @property {string | null} address
 * @property {boolean} is_original_in_address
 * @property {number} eraser_calls
 */

const LONGEST_RUN = 255;
const MOST_EDITS = 200;
// Points lie on a grid of 1/64 cell, so that their sums are exact here and in Python.
const POINTS_PER_CELL = 64;
const PAUSE = 100; // ms between two updates while the pen is down
const PATIENCE = 1500; // ms until an update counts as unanswered
const MOST_REPEATS = 5;
const ERASING_BUTTONS = [2, 5]; // right mouse button, the eraser end of a pen
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// The tools' sizes, in cells of a picture about as wide as a digit; larger ones have larger tools.
const USUAL_WIDTH = 28;
const SMALLEST = 0.5;
const LARGEST = 4;
const SIZE_STEP = 0.25;

/** @type {(value: number, low: number, high: number) => number} */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
/** @type {(one: Levels, other: Levels) => boolean} */
const isSame = (one, other) => one.every((level, cell) => level === other[cell]);

// --- The picture as text: the same as codec.py ---

/** @param {Uint8Array} pixels */
function toText(pixels) {
  const bytes = [];
  for (let i = 0; i < pixels.length;) {
    if (pixels[i]) {
      bytes.push(pixels[i++]);
      continue;
    }
    const start = i;
    while (i < pixels.length && !pixels[i] && i - start < LONGEST_RUN) i++;
    bytes.push(0, i - start);
  }
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @type {(text: string, grid: Grid) => Uint8Array<ArrayBuffer>} */
function fromText(text, { width, height, channels }) {
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const pixels = new Uint8Array(width * height * channels);
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    const level = bytes.charCodeAt(i);
    if (level) pixels[at++] = level;
    else at += bytes.charCodeAt(++i);
  }
  return pixels;
}

// --- The pen: the same, operation by operation, as cnn_core/strokes.py ---

/**
 * @param {Uint8Array} pixels
 * @param {Grid} grid
 * @param {Stroke} stroke
 * @param {Point} start
 * @param {Point} end
 */
function paintSegment(pixels, grid, { radius, colour }, [startX, startY], [endX, endY]) {
  const { width, height, channels } = grid;
  const dx = endX - startX;
  const dy = endY - startY;
  const length = dx * dx + dy * dy;
  const reach = radius + 1;
  /** @type {(from: number, to: number, end: number) => number} */
  const first = (from, to, end) => clamp(Math.floor(Math.min(from, to) - reach), 0, end);
  /** @type {(from: number, to: number, end: number) => number} */
  const last = (from, to, end) => clamp(Math.ceil(Math.max(from, to) + reach), 0, end);
  const [left, right] = [first(startX, endX, width), last(startX, endX, width)];
  const [top, bottom] = [first(startY, endY, height), last(startY, endY, height)];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const x = column + 0.5;
      const y = row + 0.5;
      const share = length > 0 ? ((x - startX) * dx + (y - startY) * dy) / length : 0;
      const along = clamp(share, 0, 1);
      const toX = x - (startX + along * dx);
      const toY = y - (startY + along * dy);
      const distance = Math.sqrt(toX * toX + toY * toY);
      const rest = 255 - Math.floor(255 * clamp(radius - distance + 0.5, 0, 1) + 0.5);
      const cell = channels * (row * width + column);
      for (let i = 0; i < channels; i++) {
        const level = pixels[cell + i];
        pixels[cell + i] = clamp(level, colour[i] - rest, colour[i] + rest);
      }
    }
  }
}

/** @type {(pixels: Uint8Array, grid: Grid, stroke: Stroke) => void} */
function paintStroke(pixels, grid, stroke) {
  const { points } = stroke;
  paintSegment(pixels, grid, stroke, points[0], points[0]);
  for (let i = 1; i < points.length; i++) {
    paintSegment(pixels, grid, stroke, points[i - 1], points[i]);
  }
}

// --- History ---

class Edits {
  /** @type {Edit[]} */
  done = [];
  /** @type {Edit[]} */
  undone = [];
  /** @type {Edit & { stroke: Stroke } | null} */
  open = null; // the edit whose stroke still goes on

  /**
   * @param {Uint8Array} pixels levels, row by row
   * @param {Grid} grid
   */
  constructor(pixels, grid) {
    this.pixels = pixels;
    this.grid = grid;
  }

  /** @param {Stroke} stroke */
  begin(stroke) {
    this.open = this.#add({ stroke });
    this.undone = [];
  }

  /** @param {Point} point */
  extend(point) {
    if (!this.open) return;
    const { stroke } = this.open;
    const last = stroke.points[stroke.points.length - 1];
    if (last[0] === point[0] && last[1] === point[1]) return;
    stroke.points.push(point);
    paintSegment(this.pixels, this.grid, stroke, last, point);
  }

  // A stroke that changed nothing leaves nothing to undo.
  end() {
    if (!this.open) return null;
    const { stroke, before } = this.open;
    this.open = null;
    if (isSame(this.pixels, before)) this.done.pop();
    return stroke;
  }

  /** @param {Uint8Array} picture */
  replace(picture) {
    this.#add({ picture });
    this.undone = [];
  }

  undo() {
    const edit = this.done.pop();
    if (!edit) return;
    this.pixels = edit.before;
    this.undone.push(edit);
  }

  redo() {
    const edit = this.undone.pop();
    if (edit) this.#add(edit);
  }

  // Notes which edits the update of this sequence tells Python about.
  /** @param {number} sequence */
  stamp(sequence) {
    for (const edit of this.done) {
      if (edit === this.open) edit.parts.push({ sequence, count: this.open.stroke.points.length });
      else if (edit.sequence === Infinity) edit.sequence = sequence;
    }
  }

  // Shows a picture that Python made from the update `seen`, under the strokes it had not seen.
  // Gives whether there were any.
  /** @type {(picture: Uint8Array, seen: number) => boolean} */
  rebase(picture, seen) {
    const index = this.done.findIndex((edit) => !this.#isKnown(edit, seen));
    const unseen = index < 0 ? [] : this.done.splice(index);
    if (unseen.length) {
      this.pixels = unseen[0].before;
      this.#splitOff(unseen[0], seen);
    }
    this.replace(picture);
    this.done[this.done.length - 1].sequence = seen;
    unseen.forEach((edit) => this.#add(edit));
    return unseen.length > 0;
  }

  /**
   * @template {{ stroke?: Stroke, picture?: Uint8Array }} Content
   * @param {Content} content
   */
  #add(content) {
    const parts = /** @type {Edit["parts"]} */ ([]);
    const edit = Object.assign(content, { before: this.pixels, sequence: Infinity, parts });
    this.pixels = edit.picture ? edit.picture.slice() : this.pixels.slice();
    if (edit.stroke) paintStroke(this.pixels, this.grid, edit.stroke);
    this.done.push(edit);
    if (this.done.length > MOST_EDITS) this.done.shift();
    return edit;
  }

  /** @type {(edit: Edit, seen: number) => number} */
  #countKnown(edit, seen) {
    return edit.parts.findLast(({ sequence }) => sequence <= seen)?.count ?? 0;
  }

  /** @type {(edit: Edit, seen: number) => boolean} */
  #isKnown(edit, seen) {
    if (edit.sequence <= seen) return true;
    return edit !== this.open && this.#countKnown(edit, seen) === edit.stroke?.points.length;
  }

  // The part of a stroke that Python has seen becomes an edit of its own.
  /** @type {(edit: Edit, seen: number) => void} */
  #splitOff(edit, seen) {
    const count = this.#countKnown(edit, seen);
    const { stroke } = edit;
    if (!count || !stroke) return;
    const { points } = stroke;
    this.#add({ stroke: { ...stroke, points: points.slice(0, count) } }).sequence = seen;
    stroke.points = points.slice(count - 1);
  }
}

// --- Updates to Python ---

class Link {
  sequence = 0; // of the latest update
  /** @type {((update: Update) => void) | null} */
  write = null; // gives an update to Streamlit; null while the canvas is off the page
  #answered = 0;
  /** @type {Update | null} */
  #update = null;
  #isWaiting = false; // there is something newer than the latest update
  #repeats = 0;
  #sentAt = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(sequence: number, isFinal: boolean) => Update} compose */
  constructor(compose) {
    this.compose = compose;
  }

  // At once. A final update is repeated until it is answered.
  /** @param {boolean} isFinal */
  send(isFinal) {
    this.#isWaiting = false;
    this.#repeats = 0;
    this.sequence += 1;
    this.#update = this.compose(this.sequence, isFinal);
    this.#writeUpdate();
  }

  // As soon as the latest update is answered, for a run that is overtaken shows nothing.
  sendSoon() {
    this.#isWaiting = true;
    this.#plan();
  }

  /** @param {number} sequence */
  answer(sequence) {
    this.#answered = Math.max(this.#answered, sequence);
    this.#plan();
  }

  // Nothing is owed any more: Python has set the picture itself.
  /** @param {number} seen */
  rest(seen) {
    this.#isWaiting = false;
    this.sequence = Math.max(this.sequence, seen);
    this.answer(this.sequence);
  }

  close() {
    clearTimeout(this.#timer);
    this.write = null;
  }

  #writeUpdate() {
    this.#sentAt = performance.now();
    if (this.#update) this.write?.(this.#update);
    this.#plan();
  }

  #plan() {
    clearTimeout(this.#timer);
    const isUnderWay = this.#answered < this.sequence;
    const isOwed = isUnderWay && this.#update?.final && this.#repeats < MOST_REPEATS;
    if (!this.write || !(this.#isWaiting || isOwed)) return;
    const patience = this.#isWaiting ? PATIENCE : PATIENCE * 2 ** this.#repeats;
    const pause = isUnderWay ? patience : PAUSE;
    this.#timer = setTimeout(() => this.#goOn(), this.#sentAt + pause - performance.now());
  }

  #goOn() {
    if (this.#isWaiting) {
      this.send(false);
      return;
    }
    this.#repeats += 1;
    this.#writeUpdate();
  }
}

// --- One drawing ---

class Sheet {
  grid = { width: 1, height: 1, channels: 1 };
  edits = new Edits(new Uint8Array(1), this.grid);
  /** @type {View | null} */
  view = null; // the one that shows it now
  /** @type {number[]} */
  paper = []; // the colour that the eraser leaves
  /** @type {Ink[]} */
  inks = []; // of the pen
  ink = 0; // index of the one in use
  isErasing = false;
  #radii = { pen: 1.25, eraser: 2 };
  #kind = ""; // of picture: its shape and its colours
  /** @type {string | null} */
  #digit = null;
  #revision = 0;
  #original = new Uint8Array();
  /** @type {string | null} */
  #address = null;
  #isOriginalInAddress = false;
  #eraserCalls = 0;

  constructor() {
    this.link = new Link((sequence, isFinal) => this.#compose(sequence, isFinal));
  }

  get pixels() {
    return this.edits.pixels;
  }

  get isDrawing() {
    return this.edits.open !== null;
  }

  // How much larger the tools are than on a digit.
  get scale() {
    return Math.max(1, Math.round(this.grid.width / USUAL_WIDTH));
  }

  // Whether the picture is a drawing, and no photograph.
  get isInkOnPaper() {
    return this.inks.length === 1;
  }

  /** @param {boolean} isEraser */
  radiusOf(isEraser) {
    return this.scale * this.#radii[isEraser ? "eraser" : "pen"];
  }

  get radius() {
    return this.radiusOf(this.isErasing);
  }

  set radius(value) {
    const base = clamp(value / this.scale, SMALLEST, LARGEST);
    this.#radii[this.isErasing ? "eraser" : "pen"] = base;
  }

  /** @type {(column: number, row: number) => number[]} */
  levelsAt(column, row) {
    const { width, channels } = this.grid;
    const start = channels * (row * width + column);
    return [...this.pixels.subarray(start, start + channels)];
  }

  // Takes what Python passed. `isBack`: the canvas was off the page and its state with it.
  /** @type {(data: Data, isBack: boolean) => void} */
  receive(data, isBack) {
    const { digit, revision, seen } = data;
    const isSameDigit = digit === this.#digit;
    const isSameRevision = isSameDigit && revision === this.#revision;
    // A server that started anew counts from 0; what it passes replaces everything.
    const known = revision > this.#revision ? seen : Infinity;
    this.#digit = digit;
    this.#revision = revision;
    if (!isSameDigit) this.#layOut(data);
    this.#original = fromText(data.original, this.grid);
    this.#address = data.address;
    this.#isOriginalInAddress = data.is_original_in_address;
    if (isSameRevision) {
      if (isBack && this.link.sequence > seen) this.#send();
    } else if (isSameDigit) this.#rebase(fromText(data.pixels, this.grid), known, seen);
    else {
      this.link.rest(seen);
      this.edits = new Edits(fromText(data.pixels, this.grid), this.grid);
    }
    if (data.eraser_calls > this.#eraserCalls) this.isErasing = true;
    this.#eraserCalls = data.eraser_calls;
    if (!isSameDigit) this.#putDownEraser();
    this.#keepInAddress();
  }

  /** @type {(point: Point, isEraser: boolean) => void} */
  begin(point, isEraser) {
    const colour = isEraser ? this.paper : this.inks[this.ink][1];
    this.edits.begin({ points: [point], radius: this.radiusOf(isEraser), colour });
    this.link.sendSoon();
  }

  /** @param {Point} point */
  extend(point) {
    this.edits.extend(point);
    this.link.sendSoon();
  }

  end() {
    const stroke = this.edits.end();
    this.#send();
    return stroke;
  }

  undo() {
    if (!this.edits.done.length) return "Nothing to undo";
    this.edits.undo();
    this.#send();
    return "Undone";
  }

  redo() {
    if (!this.edits.undone.length) return "Nothing to redo";
    this.edits.redo();
    this.#send();
    return "Redone";
  }

  clear() {
    const { channels } = this.grid;
    const empty = this.pixels.map((_, i) => this.paper[i % channels]);
    const isNew = this.#replace(empty);
    this.#putDownEraser();
    return isNew ? "Cleared" : "Empty already";
  }

  restore() {
    return this.#replace(this.#original) ? "Original" : "It is the original";
  }

  // On blank paper there is nothing to erase.
  #putDownEraser() {
    const { channels } = this.grid;
    if (this.pixels.every((level, i) => level === this.paper[i % channels])) this.isErasing = false;
  }

  /** @param {Data} data */
  #layOut({ shape, paper, inks }) {
    const kind = JSON.stringify([shape, paper, inks]);
    if (kind === this.#kind) return;
    this.#kind = kind;
    const [height, width, channels = 1] = shape;
    Object.assign(this, { grid: { width, height, channels }, paper, inks, ink: 0 });
  }

  /** @param {Uint8Array} picture */
  #replace(picture) {
    if (isSame(this.pixels, picture)) return false;
    this.edits.replace(picture);
    this.#send();
    return true;
  }

  /** @type {(picture: Uint8Array, known: number, seen: number) => void} */
  #rebase(picture, known, seen) {
    this.link.rest(seen);
    if (this.edits.rebase(picture, known)) this.#send();
  }

  // While the pen is down the next update can wait; else it is the last for now.
  #send() {
    if (this.isDrawing) this.link.sendSoon();
    else this.link.send(true);
  }

  /** @type {(sequence: number, isFinal: boolean) => Update} */
  #compose(sequence, isFinal) {
    this.edits.stamp(sequence);
    if (isFinal) this.#keepInAddress();
    return {
      digit: this.#digit ?? "",
      revision: this.#revision,
      sequence,
      final: isFinal,
      pixels: toText(this.pixels),
    };
  }

  // Streamlit reads the address with each update, so it has to be written before.
  #keepInAddress() {
    if (!this.#address || !this.link.write || this.isDrawing) return;
    const url = new URL(window.location.href);
    const isNeeded = this.#isOriginalInAddress || !isSame(this.pixels, this.#original);
    const text = isNeeded ? toText(this.pixels) : null;
    if (url.searchParams.get(this.#address) === text) return;
    if (text === null) url.searchParams.delete(this.#address);
    else url.searchParams.set(this.#address, text);
    try {
      window.history.replaceState(window.history.state, "", url);
    } catch (error) {
      // Safari allows 100 changes in 30 s; the next one will hold this drawing too.
      console.warn("The address does not hold the latest drawing.", error);
    }
  }
}

// --- The elements on the page ---

class View {
  calls = 0; // of the mount function
  #root;
  #name;
  #sheet;
  #listening = new AbortController();
  /** @type {number | null} */
  #pointer = null; // id of the pointer that draws
  /** @type {Grid | null} */
  #grid = null; // what the elements were last fitted to
  /** @type {Point} */
  #cell = [0, 0]; // column and row of the keyboard's cursor
  /** @type {{ point: Point | null, isEraser: boolean, isCell: boolean }} */
  #cursor = { point: null, isEraser: false, isCell: false };

  /**
   * @param {HTMLElement} root
   * @param {string} name
   * @param {Sheet} sheet
   */
  constructor(root, name, sheet) {
    this.#root = root;
    this.#name = name;
    this.#sheet = sheet;
    sheet.view = this;
    this.surface = /** @type {HTMLCanvasElement} */ (this.#find("canvas"));
    this.context = /** @type {CanvasRenderingContext2D} */ (this.surface.getContext("2d"));
    this.image = this.context.createImageData(1, 1);
    this.size = /** @type {HTMLInputElement} */ (this.#find("input"));
    this.#listenToTools();
    this.#listenToPointer();
    this.#listenToKeys();
    this.#listenToPage();
  }

  /** @type {(data: Data, setStateValue: Mounted<Data>["setStateValue"]) => void} */
  receive(data, setStateValue) {
    const isFirst = !this.calls;
    this.calls += 1;
    this.#sheet.link.write = (update) => {
      this.surface.dataset.sequence = `${update.sequence}`;
      setStateValue("stroke", update);
    };
    this.#sheet.receive(data, isFirst);
    if (this.#grid !== this.#sheet.grid) this.#fit();
    this.#show();
  }

  unmount() {
    this.#listening.abort();
    if (this.#sheet.view !== this) return;
    this.#sheet.link.close();
    if (this.#sheet.isDrawing) this.#sheet.end();
  }

  /** @param {string} selector */
  #find(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }

  /**
   * @template {keyof HTMLElementEventMap} Type
   * @param {HTMLElement} target
   * @param {Type[]} types
   * @param {(event: HTMLElementEventMap[Type]) => void} react
   */
  #on(target, types, react) {
    const { signal } = this.#listening;
    for (const type of types) target.addEventListener(type, react, { signal });
  }

  // Makes the elements those of another picture: its cells, its tools and its inks.
  #fit() {
    const { grid, scale, inks, isInkOnPaper } = this.#sheet;
    const { width, height } = (this.#grid = grid);
    this.#cell = [Math.floor(width / 2), Math.floor(height / 2)];
    Object.assign(this.surface, { width, height });
    this.surface.setAttribute("aria-label", `Drawing of ${width} by ${height} cells`);
    this.image = this.context.createImageData(width, height);
    this.#find(".cursor").setAttribute("viewBox", `0 0 ${width} ${height}`);
    const frame = this.#find(".frame");
    frame.classList.toggle("photograph", !isInkOnPaper);
    frame.style.setProperty("--columns", `${width}`);
    frame.style.setProperty("--rows", `${height}`);
    const [min, max, step] = [SMALLEST, LARGEST, SIZE_STEP].map((size) => scale * size);
    Object.assign(this.size, { min, max, step });
    this.#find(".inks").replaceChildren(...inks.map((ink, index) => this.#createInk(ink, index)));
  }

  /** @type {(ink: Ink, index: number) => HTMLButtonElement} */
  #createInk([name, colour], index) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", title: name });
    button.setAttribute("aria-label", name);
    button.style.setProperty("--ink", `rgb(${[0, 1, 2].map((i) => colour[i % colour.length])})`);
    button.addEventListener("click", () => {
      this.#sheet.ink = index;
      this.#choose(false);
    });
    return button;
  }

  // Buttons and slider

  #listenToTools() {
    const sheet = this.#sheet;
    /** @type {(selector: string, react: () => void) => void} */
    const onClick = (selector, react) => this.#on(this.#find(selector), ["click"], react);
    onClick(".pen", () => this.#choose(false));
    onClick(".eraser", () => this.#choose(true));
    onClick(".undo", () => this.#change(() => sheet.undo()));
    onClick(".redo", () => this.#change(() => sheet.redo()));
    onClick(".clear", () => this.#change(() => sheet.clear()));
    onClick(".original", () => this.#change(() => sheet.restore()));
    this.#on(this.size, ["input"], () => this.#resize(this.size.valueAsNumber));
  }

  /** @param {boolean} isErasing */
  #choose(isErasing) {
    this.#sheet.isErasing = isErasing;
    this.#cursor.isEraser = isErasing;
    this.#show();
  }

  /** @param {() => string} make */
  #change(make) {
    this.#endStroke();
    this.#say(make());
    this.#show();
  }

  /** @param {number} radius */
  #resize(radius) {
    this.#sheet.radius = radius;
    this.#show();
  }

  #endStroke() {
    this.#pointer = null;
    if (!this.#sheet.isDrawing) return;
    this.surface.dataset.stroke = JSON.stringify(this.#sheet.end());
    this.#show();
  }

  // Mouse, finger and pen

  #listenToPointer() {
    const { surface } = this;
    /** @param {PointerEvent} event */
    const isOurs = (event) => event.pointerId === this.#pointer;
    this.#on(surface, ["pointerdown"], (event) => this.#press(event));
    this.#on(surface, ["pointermove"], (event) => this.#drag(event));
    this.#on(surface, ["pointerup", "pointercancel", "lostpointercapture"], (event) => {
      if (isOurs(event)) this.#endStroke();
      if (event.pointerType === "touch") this.#hideCursor();
    });
    this.#on(surface, ["pointerleave"], (event) => isOurs(event) || this.#hideCursor());
    this.#on(surface, ["contextmenu"], (event) => event.preventDefault());
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const isEraserButton = ERASING_BUTTONS.includes(event.button);
    if (!event.isPrimary || !(event.button === 0 || isEraserButton)) return;
    this.#endStroke();
    this.surface.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    const isEraser = isEraserButton || this.#sheet.isErasing;
    const point = this.#locate(event);
    this.#cursor = { point, isEraser, isCell: false };
    this.#sheet.begin(point, isEraser);
    this.#show();
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (!event.isPrimary) return;
    const isOurs = event.pointerId === this.#pointer && this.#sheet.isDrawing;
    if (isOurs && !event.buttons) this.#endStroke();
    else if (isOurs) {
      const events = event.getCoalescedEvents();
      for (const each of events.length ? events : [event]) this.#sheet.extend(this.#locate(each));
      this.#showPicture();
    }
    const isEraser = this.#pointer === null ? this.#sheet.isErasing : this.#cursor.isEraser;
    this.#cursor = { point: this.#locate(event), isEraser, isCell: false };
    this.#showCursor();
  }

  /** @type {(event: MouseEvent) => Point} */
  #locate({ clientX, clientY }) {
    const box = this.surface.getBoundingClientRect();
    const { width, height } = this.#sheet.grid;
    /** @param {number} cells */
    const toCells = (cells) => Math.round(cells * POINTS_PER_CELL) / POINTS_PER_CELL;
    return [
      toCells(((clientX - box.left) / box.width) * width),
      toCells(((clientY - box.top) / box.height) * height),
    ];
  }

  // Keys

  #listenToKeys() {
    // The page has keys of its own, and they are not meant here.
    this.#on(this.#root, ["keydown"], (event) => {
      event.stopPropagation();
      if (this.#useShortcut(event)) event.preventDefault();
    });
    this.#on(this.surface, ["keydown"], (event) => {
      if (this.#useKey(event)) event.preventDefault();
    });
    this.#on(this.surface, ["keyup"], (event) => {
      if (event.key === "Shift" && this.#pointer === null) this.#endStroke();
    });
    this.#on(this.surface, ["focus"], () => {
      if (this.surface.matches(":focus-visible")) this.#showCell();
    });
    this.#on(this.surface, ["blur"], () => {
      if (this.#pointer !== null) return;
      this.#endStroke();
      this.#hideCursor();
    });
  }

  // Gives whether the key meant something.
  /** @param {KeyboardEvent} event */
  #useShortcut({ key, ctrlKey, metaKey, altKey, shiftKey }) {
    if (!(ctrlKey || metaKey) || altKey) return false;
    const letter = key.toLowerCase();
    if (letter !== "z" && letter !== "y") return false;
    const isRedo = letter === "y" || shiftKey;
    this.#change(() => (isRedo ? this.#sheet.redo() : this.#sheet.undo()));
    return true;
  }

  /** @param {KeyboardEvent} event */
  #useKey({ key, ctrlKey, metaKey, altKey, shiftKey, repeat }) {
    // Brackets come with Ctrl and Alt on some keyboards.
    if (key === "[" || key === "]") this.#stepSize(key === "]" ? SIZE_STEP : -SIZE_STEP);
    else if (ctrlKey || metaKey || altKey) return false;
    else if (ARROWS[key]) this.#step(ARROWS[key], shiftKey);
    else if (key === " ") repeat || this.#dot(false);
    else if (key === "e" || key === "E") repeat || this.#dot(true);
    else if (key === "Delete" || key === "Backspace") this.#change(() => this.#sheet.clear());
    else return false;
    return true;
  }

  /** @param {number} step */
  #stepSize(step) {
    this.#resize(this.#sheet.radius + this.#sheet.scale * step);
    this.#say(`Size ${this.#sheet.radius}`);
  }

  /** @type {(direction: Point, isPainting: boolean) => void} */
  #step([right, down], isPainting) {
    if (this.#pointer !== null) return;
    const sheet = this.#sheet;
    if (!isPainting) this.#endStroke();
    else if (!sheet.isDrawing) sheet.begin(this.#centre(), sheet.isErasing);
    const [column, row] = this.#cell;
    const { width, height } = sheet.grid;
    this.#cell = [clamp(column + right, 0, width - 1), clamp(row + down, 0, height - 1)];
    if (isPainting) sheet.extend(this.#centre());
    this.#showCell();
    this.#sayCell();
  }

  /** @param {boolean} isEraser */
  #dot(isEraser) {
    if (this.#pointer !== null) return;
    this.#endStroke();
    this.#sheet.begin(this.#centre(), isEraser);
    this.#endStroke();
    this.#showCell();
    this.#sayCell();
  }

  /** @returns {Point} */
  #centre() {
    return [this.#cell[0] + 0.5, this.#cell[1] + 0.5];
  }

  // Window and Python

  #listenToPage() {
    const { signal } = this.#listening;
    window.addEventListener("blur", () => this.#endStroke(), { signal });
    document.addEventListener("visibilitychange", () => this.#endStroke(), { signal });
    /** @param {WindowEventMap["cnn-lens-canvas-acknowledgement"]} event */
    const answer = ({ detail }) => {
      if (detail.canvas === this.#name) this.#sheet.link.answer(detail.sequence);
    };
    window.addEventListener("cnn-lens-canvas-acknowledgement", answer, { signal });
  }

  // What is seen and said

  #show() {
    this.#showPicture();
    this.#showTools();
    this.#showCursor();
  }

  #showPicture() {
    const { data } = this.image;
    const { pixels, grid } = this.#sheet;
    for (let cell = 0; cell < grid.width * grid.height; cell++) {
      for (let i = 0; i < 3; i++) {
        data[4 * cell + i] = pixels[grid.channels * cell + (i % grid.channels)];
      }
      data[4 * cell + 3] = 255;
    }
    this.context.putImageData(this.image, 0, 0);
  }

  #showTools() {
    const { edits, isErasing, radius, ink } = this.#sheet;
    this.#find(".pen").setAttribute("aria-pressed", `${!isErasing}`);
    this.#find(".eraser").setAttribute("aria-pressed", `${isErasing}`);
    [...this.#find(".inks").children].forEach((button, index) => {
      button.setAttribute("aria-pressed", `${!isErasing && index === ink}`);
    });
    this.size.value = `${radius}`;
    this.#find("output").textContent = radius.toFixed(2);
    // Not the attribute "disabled": the button would lose the focus under the user's hands.
    this.#find(".undo").setAttribute("aria-disabled", `${!edits.done.length}`);
    this.#find(".redo").setAttribute("aria-disabled", `${!edits.undone.length}`);
  }

  #showCell() {
    this.#cursor = { point: this.#centre(), isEraser: this.#sheet.isErasing, isCell: true };
    this.#show();
  }

  #hideCursor() {
    this.#cursor.point = null;
    this.#showCursor();
  }

  #showCursor() {
    const { point, isEraser, isCell } = this.#cursor;
    const ring = this.#find(".ring");
    const cell = this.#find(".cell");
    ring.classList.toggle("hidden", !point);
    ring.classList.toggle("erasing", isEraser);
    cell.classList.toggle("hidden", !point || !isCell);
    if (!point) return;
    for (const circle of ring.children) {
      circle.setAttribute("cx", `${point[0]}`);
      circle.setAttribute("cy", `${point[1]}`);
      circle.setAttribute("r", `${this.#sheet.radiusOf(isEraser)}`);
    }
    for (const square of cell.children) {
      square.setAttribute("x", `${this.#cell[0]}`);
      square.setAttribute("y", `${this.#cell[1]}`);
    }
  }

  #sayCell() {
    const [column, row] = this.#cell;
    const { isInkOnPaper, paper } = this.#sheet;
    const levels = this.#sheet.levelsAt(column, row);
    const names = levels.length > 1 ? ["red", "green", "blue"] : [isInkOnPaper ? "ink" : "white"];
    const shares = levels.map((level, i) => `${Math.round((100 * level) / 255)} % ${names[i]}`);
    const words = isSame(levels, paper) ? "empty" : shares.join(", ");
    this.#say(`Row ${row + 1}, column ${column + 1}: ${words}`);
  }

  // The same words twice would not be spoken, so the second time they end in a space.
  /** @param {string} words */
  #say(words) {
    const spoken = this.#find(".spoken");
    spoken.textContent = spoken.textContent === words ? `${words}\u00a0` : words;
  }
}

// Streamlit keeps one instance of this module in a tab, so drawings outlive the elements.
/** @type {Map<string, Sheet>} */
const SHEETS = new Map();
/** @type {WeakMap<Element, View>} */
const VIEWS = new WeakMap();

// Called on mount and whenever data or theme change; the elements stay in place in between.
/** @param {Mounted<Data>} mounted */
export default function mount({ data, parentElement, setStateValue }) {
  const name = data.canvas;
  const sheet = SHEETS.get(name) ?? new Sheet();
  SHEETS.set(name, sheet);
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".pad"));
  const view = VIEWS.get(parentElement) ?? new View(root, name, sheet);
  VIEWS.set(parentElement, view);
  view.receive(data, setStateValue);
  const call = view.calls;
  // Only the latest cleanup counts: Streamlit may also run that of a call it overtook.
  return () => {
    if (call !== view.calls) return;
    view.unmount();
    VIEWS.delete(parentElement);
  };
}
