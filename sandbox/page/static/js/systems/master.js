// A list of things beside the one that is open: the frame of the Jira, GitHub, PagerDuty and mail panes.

import { fill, h, icon } from "../dom.js";

/**
 * `title` and `actor` head the pane; `idOf(item)` is its place in the address; `row(item)` its line in the list;
 * `detail(item)` gives { content, actions }: content is redrawn when the item changes, actions once for each state
 * (`actionsKey(item)`), so that what a person is typing stays.
 */
export function masterDetail({ name, title, actor, load, idOf, row, detail, actionsKey, empty, arrange = null }) {
  const list = h("div", { class: "master-list", role: "list", "aria-label": title });
  const content = h("div", { class: "detail-content" });
  const actions = h("div", { class: "detail-actions" });
  const back = h("a", { class: "back", href: `#${name}` }, icon("back"), "All");
  const panel = h("article", { class: "detail", "aria-label": "Details", hidden: true }, back, content, actions);
  const heading = h("header", { class: "pane-head" }, h("div", {}, h("h1", {}, title), actor ? h("p", { class: "channel-topic" }, actor) : null));
  const root = h("section", { class: `master ${name}` }, h("div", { class: "master-side" }, heading, list), panel);
  let selected = null;
  let items = [];
  let listShape = null;
  let detailShape = null;
  let actionsShape = null;

  function draw() {
    const rows = JSON.stringify([items, selected]);
    if (rows !== listShape) {
      listShape = rows;
      const entry = (item) =>
        h("div", { role: "listitem" }, h("a", { class: "row", href: `#${name}/${idOf(item)}`, "aria-current": idOf(item) === selected ? "true" : null }, row(item)));
      fill(list, items.length ? (arrange ? arrange(items, entry) : items.map(entry)) : h("p", { class: "empty" }, empty));
    }
    const item = items.find((each) => idOf(each) === selected);
    panel.hidden = !selected;
    root.classList.toggle("with-detail", Boolean(selected));
    if (!item) {
      detailShape = actionsShape = null;
      if (selected) fill(content, h("p", { class: "empty" }, `There is no ${selected} here.`));
      fill(actions);
      return;
    }
    const shape = JSON.stringify(item);
    if (shape === detailShape) return;
    detailShape = shape;
    const parts = detail(item, refresh);
    fill(content, parts.content);
    const key = JSON.stringify([selected, actionsKey ? actionsKey(item) : null]);
    if (key !== actionsShape) {
      actionsShape = key;
      fill(actions, parts.actions);
    }
  }

  async function refresh() {
    items = await load();
    draw();
  }

  function show(parts) {
    selected = parts.length ? parts.join("/") : null;
    draw();
  }

  return { root, show, refresh };
}
