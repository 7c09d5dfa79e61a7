// Pictures cut from one strip, played one after another beside a chart of their values. Streamlit
// keeps the HTML and calls the default function again when data or theme change.
const FILMS = new WeakMap();
// Streamlit keeps one instance of this module in a tab: what was played is not played by itself
// again when the visitor comes back to the page.
const PLAYED = new Set();
const SLOWEST = 500; // ms from one picture to the next
const FASTEST = 90;
const WHOLE = 3500; // ms for a long film
const CHART = { width: 300, height: 120 };

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const wantsLessMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

class Film {
  #root;
  #data;
  #strip = null;
  #timer = 0;
  #points = []; // of the chart's line

  constructor(root) {
    this.#root = root;
    this.#find(".replay").addEventListener("click", () => this.#play());
    this.#find("input").addEventListener("input", (event) => {
      clearTimeout(this.#timer);
      this.#show(event.target.valueAsNumber);
    });
    // The arrow keys move the slider; the page has keys of its own.
    root.addEventListener("keydown", (event) => event.stopPropagation());
  }

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

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #layOut() {
    const { width, height, size, title, description, values, ends } = this.#data;
    const screen = this.#find("canvas");
    this.#root.style.setProperty("--size", `${size}px`);
    this.#root.style.setProperty("--ratio", `${width} / ${height}`);
    Object.assign(screen, { width, height });
    screen.setAttribute("aria-label", description);
    this.#find(".title").textContent = title;
    this.#find("input").max = this.#last;
    const [low, high] = [Math.min(...values, 0), Math.max(...values, 0)];
    this.#points = values.map((value, step) => [
      (CHART.width * step) / Math.max(this.#last, 1),
      this.#heightOf(value, low, high),
    ]);
    const zero = this.#heightOf(0, low, high);
    this.#find(".zero").setAttribute("y1", zero);
    this.#find(".zero").setAttribute("y2", zero);
    this.#find(".way").setAttribute("points", this.#points.join(" "));
    // An end's label is left out where it would run into that of 0.
    this.#label(".level", "0", zero, true);
    this.#label(".high", ends[1], this.#heightOf(high, low, high), zero > 14);
    this.#label(".low", ends[0], this.#heightOf(low, low, high), zero < CHART.height - 14);
  }

  #heightOf(value, low, high) {
    return CHART.height * (1 - (value - low) / (high - low || 1));
  }

  #label(selector, text, y, isShown) {
    const label = this.#find(selector);
    label.hidden = !isShown;
    label.textContent = text;
    label.style.top = `${y}px`;
  }

  #play() {
    clearTimeout(this.#timer);
    const pause = clamp(WHOLE / (this.#last + 1), FASTEST, SLOWEST);
    const next = (step) => {
      this.#show(step);
      if (step < this.#last) this.#timer = setTimeout(() => next(step + 1), pause);
    };
    next(0);
  }

  #show(step) {
    const { width, height, captions } = this.#data;
    const cut = [0, step * height, width, height, 0, 0, width, height];
    this.#find("canvas").getContext("2d").drawImage(this.#strip, ...cut);
    this.#find("input").value = step;
    this.#find("input").setAttribute("aria-valuetext", captions[step]);
    this.#find("output").textContent = captions[step];
    this.#root.dataset.step = step;
    const [x, y] = this.#points[step];
    this.#find(".so-far").setAttribute("points", this.#points.slice(0, step + 1).join(" "));
    const dot = this.#find(".dot");
    dot.style.left = `${(100 * x) / CHART.width}%`;
    dot.style.top = `${y}px`;
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".film");
  if (!FILMS.has(root)) FILMS.set(root, { film: new Film(root), signature: null, calls: 0 });
  const held = FILMS.get(root);
  const call = ++held.calls;
  const signature = JSON.stringify(data);
  if (held.signature !== signature) {
    held.signature = signature;
    held.film.load(data);
  }
  // Only the latest cleanup counts: Streamlit may also run that of a call it overtook.
  return () => call === held.calls && held.film.close();
}
