// Pictures cut from one strip, played one after another beside a chart of their values. Streamlit
// keeps the HTML and calls the default function again when data or theme change.

/**
 * @typedef {object} Data
 * @property {string} film
 * @property {string} strip data URI of the pictures, one below the other
 * @property {number} height of one picture
 * @property {number} width
 * @property {number} size width on screen, CSS pixels
 * @property {number[]} values
 * @property {[string, string]} ends lowest and highest value, as text
 * @property {string[]} captions
 * @property {string} title
 * @property {string} description
 */

/** @type {WeakMap<Element, { film: Film, signature: string, calls: number }>} */
const FILMS = new WeakMap();
// Streamlit keeps one instance of this module in a tab: what was played is not played by itself
// again when the visitor comes back to the page.
/** @type {Set<string>} */
const PLAYED = new Set();
const SLOWEST = 500; // ms from one picture to the next
const FASTEST = 90;
const WHOLE = 3500; // ms for a long film
const CHART = { width: 300, height: 120 };

/** @type {(value: number, low: number, high: number) => number} */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const wantsLessMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

class Film {
  #root;
  #screen;
  #slider;
  /** @type {Data} */
  #data;
  #strip = new Image();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Point[]} */
  #points = []; // of the chart's line

  /**
   * @param {HTMLElement} root
   * @param {Data} data
   */
  constructor(root, data) {
    this.#data = data;
    this.#root = root;
    this.#screen = /** @type {HTMLCanvasElement} */ (this.#find("canvas"));
    this.#find(".replay").addEventListener("click", () => this.#play());
    this.#slider = /** @type {HTMLInputElement} */ (this.#find("input"));
    this.#slider.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#show(this.#slider.valueAsNumber);
    });
    // The arrow keys move the slider; the page has keys of its own.
    root.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** @param {Data} data */
  async load(data) {
    clearTimeout(this.#timer);
    this.#data = data;
    this.#layOut();
    const strip = new Image();
    strip.src = data.strip;
    await strip.decode();
    if (this.#data !== data) return; // another film came while this one was decoded
    this.#strip = strip;
    const isNew = !PLAYED.has(data.film);
    PLAYED.add(data.film);
    if (isNew && !wantsLessMotion()) this.#play();
    else this.#show(this.#last);
  }

  close() {
    clearTimeout(this.#timer);
  }

  get #last() {
    return this.#data.values.length - 1;
  }

  /** @param {string} selector */
  #find(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }

  #layOut() {
    const { width, height, size, title, description, values, ends } = this.#data;
    this.#root.style.setProperty("--size", `${size}px`);
    this.#root.style.setProperty("--ratio", `${width} / ${height}`);
    Object.assign(this.#screen, { width, height });
    this.#screen.setAttribute("aria-label", description);
    this.#find(".title").textContent = title;
    this.#slider.max = `${this.#last}`;
    const [low, high] = [Math.min(...values, 0), Math.max(...values, 0)];
    this.#points = values.map((value, step) => [
      (CHART.width * step) / Math.max(this.#last, 1),
      this.#heightOf(value, low, high),
    ]);
    const zero = this.#heightOf(0, low, high);
    for (const end of ["y1", "y2"]) this.#find(".zero").setAttribute(end, `${zero}`);
    this.#find(".way").setAttribute("points", this.#points.join(" "));
    // An end's label is left out where it would run into that of 0.
    this.#label(".level", "0", zero, true);
    this.#label(".high", ends[1], this.#heightOf(high, low, high), zero > 14);
    this.#label(".low", ends[0], this.#heightOf(low, low, high), zero < CHART.height - 14);
  }

  /** @type {(value: number, low: number, high: number) => number} */
  #heightOf(value, low, high) {
    return CHART.height * (1 - (value - low) / (high - low || 1));
  }

  /** @type {(selector: string, text: string, y: number, isShown: boolean) => void} */
  #label(selector, text, y, isShown) {
    const label = this.#find(selector);
    label.hidden = !isShown;
    label.textContent = text;
    label.style.top = `${y}px`;
  }

  #play() {
    clearTimeout(this.#timer);
    const pause = clamp(WHOLE / (this.#last + 1), FASTEST, SLOWEST);
    /** @param {number} step */
    const next = (step) => {
      this.#show(step);
      if (step < this.#last) this.#timer = setTimeout(() => next(step + 1), pause);
    };
    next(0);
  }

  /** @param {number} step */
  #show(step) {
    const { width, height, captions } = this.#data;
    const pen = /** @type {CanvasRenderingContext2D} */ (this.#screen.getContext("2d"));
    pen.drawImage(this.#strip, 0, step * height, width, height, 0, 0, width, height);
    this.#slider.value = `${step}`;
    this.#slider.setAttribute("aria-valuetext", captions[step]);
    this.#find("output").textContent = captions[step];
    this.#root.dataset.step = `${step}`;
    const [x, y] = this.#points[step];
    this.#find(".so-far").setAttribute("points", this.#points.slice(0, step + 1).join(" "));
    const dot = this.#find(".dot");
    dot.style.left = `${(100 * x) / CHART.width}%`;
    dot.style.top = `${y}px`;
  }
}

/** @param {Mounted<Data>} mounted */
export default function ({ data, parentElement }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".film"));
  const held = FILMS.get(root) ?? { film: new Film(root, data), signature: "", calls: 0 };
  FILMS.set(root, held);
  const call = ++held.calls;
  const signature = JSON.stringify(data);
  if (held.signature !== signature) {
    held.signature = signature;
    held.film.load(data);
  }
  // Only the latest cleanup counts: Streamlit may also run that of a call it overtook.
  return () => call === held.calls && held.film.close();
}
