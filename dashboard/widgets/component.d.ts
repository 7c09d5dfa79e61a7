// Types that the components share; each component states the shape of its own data.

// The argument of a component's default function, as Streamlit passes it.
interface Mounted<Data> {
  data: Data;
  parentElement: HTMLElement;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

type Point = [number, number];

// Where the current picture stands in a map of dots.
interface Mark {
  scatter: string;
  x: number;
  y: number;
  text: string;
}

interface WindowEventMap {
  "cnn-lens-canvas-acknowledgement": CustomEvent<{ canvas: string; sequence: number }>;
  "cnn-lens-live-slider-acknowledgement": CustomEvent<Record<string, number>>;
  "cnn-lens-scatter-mark": CustomEvent<Mark>;
}

interface Window {
  cnnLensMarks?: Map<string, Mark>;
}
