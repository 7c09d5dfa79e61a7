// A range input that sends while it moves. One update is on its way at a time; what came in
// between is not sent, only where the slider stands when the answer is there. One whose answers
// are slow sends when it is let go.
const SLIDERS = new WeakMap();
const PATIENCE = 1500; // ms; an answer may get lost when the page runs as a whole

class Slider {
  constructor(root, data) {
    this.input = root.querySelector("input");
    this.value = root.querySelector(".value");
    this.name = root.querySelector("label");
    this.sequence = 0;
    this.sent = data.value;
    this.isWaiting = false;
    this.label(data); // the range before the value, which is held to it
    this.input.value = data.value;
    this.show();
    this.input.addEventListener("input", () => {
      this.show();
      if (!this.isSlow) this.send();
    });
    this.input.addEventListener("change", () => this.send());
    // Keys of the page's own (R, C, arrows) are not for the slider's neighbours.
    this.input.addEventListener("keydown", (event) => event.stopPropagation());
    this.answered = ({ detail }) => {
      if (detail[this.key] >= this.sequence) this.free();
    };
    window.addEventListener("cnn-lens-live-slider-acknowledgement", this.answered);
  }

  label(data) {
    this.key = data.slider;
    this.name.textContent = data.label;
    this.isSlow = data.isSlow;
    this.digits = `${data.step}`.split(".")[1]?.length ?? 0;
    const { minimum: min, maximum: max, step, help: title } = data;
    Object.assign(this.input, { min, max, step, title });
  }

  show() {
    const written = Number(this.input.value).toFixed(this.digits);
    this.value.textContent = written.replace("-", "\u2212");
  }

  send() {
    const value = Number(this.input.value);
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

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".slider");
  if (!SLIDERS.has(root)) SLIDERS.set(root, new Slider(root, data));
  const slider = SLIDERS.get(root);
  slider.setStateValue = setStateValue;
  slider.label(data); // not its value: the hand may be further by now
  return () => slider.leave();
}
