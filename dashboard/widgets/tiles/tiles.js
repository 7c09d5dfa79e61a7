// A grid of small pictures cut from one sprite. Streamlit keeps the HTML and calls the default
// function again when data or theme change, so the tiles are built once and then mended in place:
// the focus stays where it is.
const GRIDS = new WeakMap();

const isTileFocused = (grid) => grid.contains(grid.getRootNode().activeElement);

function createTile(isClickable) {
  const tile = document.createElement(isClickable ? "button" : "figure");
  if (isClickable) tile.type = "button";
  const caption = document.createElement(isClickable ? "span" : "figcaption");
  caption.className = "caption";
  tile.className = "tile";
  tile.append(document.createElement("canvas"), caption);
  return tile;
}

function resize(grid, data) {
  const tag = data.is_clickable ? "BUTTON" : "FIGURE";
  if (grid.firstElementChild && grid.firstElementChild.tagName !== tag) grid.replaceChildren();
  const hadFocus = isTileFocused(grid);
  while (grid.children.length > data.captions.length) grid.lastElementChild.remove();
  while (grid.children.length < data.captions.length) grid.append(createTile(data.is_clickable));
  if (hadFocus && !isTileFocused(grid)) grid.lastElementChild.focus();
}

function label(tile, data, index) {
  // A caption may be a stranger's text (a class or layer name): text only, never HTML.
  tile.querySelector(".caption").textContent = data.captions[index];
  tile.title = data.descriptions[index];
  tile.setAttribute("aria-label", data.descriptions[index]);
  if (index === data.selected) tile.setAttribute("aria-current", "true");
  else tile.removeAttribute("aria-current");
}

function paint(tile, data, index, sprite) {
  const { width, height, columns } = data;
  const canvas = tile.querySelector("canvas");
  Object.assign(canvas, { width, height });
  const left = (index % columns) * width;
  const top = Math.floor(index / columns) * height;
  canvas.getContext("2d").drawImage(sprite, left, top, width, height, 0, 0, width, height);
}

// One tile is in the page's tab order; the arrow keys reach the others.
function makeTabbable(grid, index) {
  [...grid.querySelectorAll("button")].forEach((tile, i) => (tile.tabIndex = i === index ? 0 : -1));
}

function tabbableIndex(grid, data) {
  const focused = [...grid.children].indexOf(grid.getRootNode().activeElement);
  return focused >= 0 ? focused : (data.selected ?? 0);
}

// The places stand at once, so that nothing below them moves when the pictures are decoded.
function layOut(grid, data) {
  grid.style.setProperty("--size", `${data.size}px`);
  grid.style.setProperty("--ratio", `${data.width} / ${data.height}`);
  resize(grid, data);
  [...grid.children].forEach((tile, index) => label(tile, data, index));
  makeTabbable(grid, tabbableIndex(grid, data));
}

async function show(grid, state, data) {
  state.data = data;
  layOut(grid, data);
  const sprite = state.sprite?.src === data.sprite ? state.sprite : new Image();
  sprite.src = data.sprite;
  await sprite.decode();
  if (state.data !== data) return; // newer pictures came while these were decoded
  state.sprite = sprite;
  [...grid.children].forEach((tile, index) => paint(tile, data, index, sprite));
}

function moveFocus(event, grid) {
  const tiles = [...grid.children];
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const current = tiles.indexOf(event.target.closest(".tile"));
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

function listen(grid, state) {
  grid.addEventListener("click", (event) => {
    const tile = event.target.closest("button");
    if (tile) state.send([...grid.children].indexOf(tile));
  });
  grid.addEventListener("keydown", (event) => {
    if (state.data.is_clickable) moveFocus(event, grid);
  });
  grid.addEventListener("focusin", (event) => {
    makeTabbable(grid, [...grid.children].indexOf(event.target));
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".tiles");
  if (!GRIDS.has(grid)) {
    GRIDS.set(grid, {});
    listen(grid, GRIDS.get(grid));
  }
  const state = GRIDS.get(grid);
  state.send = (index) => setTriggerValue("clicked", index);
  const signature = JSON.stringify(data);
  if (state.signature === signature) return; // only the theme changed, and CSS follows that
  state.signature = signature;
  show(grid, state, data);
}
