// A range input that sends while it moves. One update is on its way at a time; what came in
// between is not sent, only where the slider stands when the answer is there. One whose answers
// are slow sends when it is let go.

/**
 * @typedef {object} Data
 * @property {string} slider
 * @property {string} label
 * @property {string} help
 * @property {number} minimum
 * @property {number} maximum
 * @property {number} value
 * @property {number} step
 * @property {boolean} isSlow
 */

/** @type {WeakMap<Element, Slider>} */
const SLIDERS = new WeakMap();
const PATIENCE = 1500; // ms; an answer may get lost when the page runs as a whole

class Slider {
  calls = 0; // of the mount function
  key = "";
  sequence = 0;
  isWaiting = false;
  /** @type {Mounted<Data>["setStateValue"]} */
  setStateValue = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {Element} root
   * @param {Data} data
   */
  constructor(root, data) {
    this.input = /** @type {HTMLInputElement} */ (root.querySelector("input"));
    this.value = /** @type {HTMLElement} */ (root.querySelector(".value"));
    this.name = /** @type {HTMLElement} */ (root.querySelector("label"));
    this.sent = data.value;
    this.label(data); // the range before the value, which is held to it
    this.input.value = `${data.value}`;
    this.show();
    this.input.addEventListener("input", () => {
      this.show();
      if (!this.isSlow) this.send();
    });
    this.input.addEventListener("change", () => this.send());
    // Keys of the page's own (R, C, arrows) are not for the slider's neighbours.
    this.input.addEventListener("keydown", (event) => event.stopPropagation());
    /** @param {CustomEvent<Record<string, number>>} event */
    this.answered = ({ detail }) => {
      if (detail[this.key] >= this.sequence) this.free();
    };
  }

  listen() {
    window.addEventListener("cnn-lens-live-slider-acknowledgement", this.answered);
  }

  /** @param {Data} data */
  label(data) {
    this.key = data.slider;
    this.name.textContent = data.label;
    this.isSlow = data.isSlow;
    this.digits = `${data.step}`.split(".")[1]?.length ?? 0;
    const { minimum: min, maximum: max, step, help: title } = data;
    Object.assign(this.input, { min, max, step, title });
  }

  show() {
    const written = this.input.valueAsNumber.toFixed(this.digits);
    this.value.textContent = written.replace("-", "\u2212");
  }

  send() {
    const value = this.input.valueAsNumber;
    if (this.isWaiting || value === this.sent) return;
    this.isWaiting = true;
    this.sent = value;
    this.sequence += 1;
    this.timer = setTimeout(() => this.free(), PATIENCE);
    this.setStateValue("slid", { value, sequence: this.sequence });
  }

  free() {
    clearTimeout(this.timer);
    this.isWaiting = false;
    this.send();
  }

  leave() {
    clearTimeout(this.timer);
    window.removeEventListener("cnn-lens-live-slider-acknowledgement", this.answered);
  }
}

/** @param {Mounted<Data>} mounted */
export default function ({ data, parentElement, setStateValue }) {
  const root = /** @type {Element} */ (parentElement.querySelector(".slider"));
  const slider = SLIDERS.get(root) ?? new Slider(root, data);
  SLIDERS.set(root, slider);
  slider.setStateValue = setStateValue;
  slider.label(data); // not its value: the hand may be further by now
  slider.listen();
  const call = ++slider.calls;
  // Only the latest cleanup counts: Streamlit may also run that of a call it overtook.
  return () => call === slider.calls && slider.leave();
}
