// A grid of small pictures cut from one sprite. Streamlit keeps the HTML and calls the default
// function again when data or theme change, so the tiles are built once and then mended in place:
// the focus stays where it is.

/**
 * @typedef {object} Data
 * @property {string} sprite data URI of all pictures
 * @property {number} columns of the sprite
 * @property {number} height of one picture
 * @property {number} width
 * @property {number} size width on screen, CSS pixels
 * @property {string[]} captions
 * @property {string[]} descriptions
 * @property {number | null} selected
 * @property {boolean} is_clickable
 *
 * @typedef {object} State
 * @property {Data} data
 * @property {string} signature
 * @property {HTMLImageElement} [sprite]
 * @property {(index: number) => void} send
 */

/** @type {WeakMap<Element, State>} */
const GRIDS = new WeakMap();

/** @param {Element} grid */
const focused = (grid) => /** @type {Document | ShadowRoot} */ (grid.getRootNode()).activeElement;
/** @param {Element} grid */
const isTileFocused = (grid) => grid.contains(focused(grid));

/** @param {Element} grid */
const tilesOf = (grid) => /** @type {HTMLElement[]} */ ([...grid.children]);

// The tile that an event happened in, or -1.
/** @type {(event: Event, grid: Element) => number} */
function indexOf(event, grid) {
  const tile = /** @type {Element} */ (event.target).closest(".tile");
  return tilesOf(grid).findIndex((each) => each === tile);
}

/** @param {boolean} isClickable */
function createTile(isClickable) {
  const tile = document.createElement(isClickable ? "button" : "figure");
  if (tile instanceof HTMLButtonElement) tile.type = "button";
  const caption = document.createElement(isClickable ? "span" : "figcaption");
  caption.className = "caption";
  tile.className = "tile";
  tile.append(document.createElement("canvas"), caption);
  return tile;
}

/** @type {(grid: HTMLElement, data: Data) => void} */
function resize(grid, data) {
  const tag = data.is_clickable ? "BUTTON" : "FIGURE";
  if (grid.firstElementChild && grid.firstElementChild.tagName !== tag) grid.replaceChildren();
  const hadFocus = isTileFocused(grid);
  while (grid.children.length > data.captions.length) grid.lastElementChild?.remove();
  while (grid.children.length < data.captions.length) grid.append(createTile(data.is_clickable));
  if (hadFocus && !isTileFocused(grid)) tilesOf(grid).at(-1)?.focus();
}

/** @type {(tile: HTMLElement, data: Data, index: number) => void} */
function label(tile, data, index) {
  // A caption may be a stranger's text (a class or layer name): text only, never HTML.
  const caption = /** @type {Element} */ (tile.querySelector(".caption"));
  caption.textContent = data.captions[index];
  tile.title = data.descriptions[index];
  tile.setAttribute("aria-label", data.descriptions[index]);
  if (index === data.selected) tile.setAttribute("aria-current", "true");
  else tile.removeAttribute("aria-current");
}

/** @type {(tile: Element, data: Data, index: number, sprite: HTMLImageElement) => void} */
function paint(tile, data, index, sprite) {
  const { width, height, columns } = data;
  const canvas = /** @type {HTMLCanvasElement} */ (tile.querySelector("canvas"));
  Object.assign(canvas, { width, height });
  const left = (index % columns) * width;
  const top = Math.floor(index / columns) * height;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.drawImage(sprite, left, top, width, height, 0, 0, width, height);
}

// One tile is in the page's tab order; the arrow keys reach the others.
/** @type {(grid: Element, index: number) => void} */
function makeTabbable(grid, index) {
  [...grid.querySelectorAll("button")].forEach((tile, i) => (tile.tabIndex = i === index ? 0 : -1));
}

/** @type {(grid: HTMLElement, data: Data) => number} */
function tabbableIndex(grid, data) {
  const index = tilesOf(grid).findIndex((tile) => tile === focused(grid));
  return index >= 0 ? index : (data.selected ?? 0);
}

// The places stand at once, so that nothing below them moves when the pictures are decoded.
/** @type {(grid: HTMLElement, data: Data) => void} */
function layOut(grid, data) {
  grid.style.setProperty("--size", `${data.size}px`);
  grid.style.setProperty("--ratio", `${data.width} / ${data.height}`);
  resize(grid, data);
  tilesOf(grid).forEach((tile, index) => label(tile, data, index));
  makeTabbable(grid, tabbableIndex(grid, data));
}

/** @type {(grid: HTMLElement, state: State, data: Data) => Promise<void>} */
async function show(grid, state, data) {
  state.data = data;
  layOut(grid, data);
  const sprite = state.sprite?.src === data.sprite ? state.sprite : new Image();
  sprite.src = data.sprite;
  await sprite.decode();
  if (state.data !== data) return; // newer pictures came while these were decoded
  state.sprite = sprite;
  tilesOf(grid).forEach((tile, index) => paint(tile, data, index, sprite));
}

/** @type {(event: KeyboardEvent, grid: HTMLElement) => void} */
function moveFocus(event, grid) {
  const tiles = tilesOf(grid);
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const current = indexOf(event, grid);
  const next = {
    ArrowLeft: current - 1,
    ArrowRight: current + 1,
    ArrowUp: current - columns,
    ArrowDown: current + columns,
    Home: 0,
    End: tiles.length - 1,
  }[event.key];
  if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  tiles[next]?.focus();
}

/** @type {(grid: HTMLElement, state: State) => void} */
function listen(grid, state) {
  grid.addEventListener("click", (event) => {
    const index = indexOf(event, grid);
    if (state.data.is_clickable && index >= 0) state.send(index);
  });
  grid.addEventListener("keydown", (event) => {
    if (state.data.is_clickable) moveFocus(event, grid);
  });
  grid.addEventListener("focusin", (event) => {
    makeTabbable(grid, indexOf(event, grid));
  });
}

/** @param {Mounted<Data>} mounted */
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = /** @type {HTMLElement} */ (parentElement.querySelector(".tiles"));
  const state = GRIDS.get(grid) ?? { data, signature: "", send: () => {} };
  if (!GRIDS.has(grid)) listen(grid, state);
  GRIDS.set(grid, state);
  state.send = (index) => setTriggerValue("clicked", index);
  const signature = JSON.stringify(data);
  if (state.signature === signature) return; // only the theme changed, and CSS follows that
  state.signature = signature;
  show(grid, state, data);
}
