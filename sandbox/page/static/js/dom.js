// Builds elements. Text only ever becomes text: nothing on this page is parsed as HTML.

/** An element: `props` are attributes, `class`, `dataset`, and `on` for listeners; children are nodes or strings. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "dataset") {
      Object.assign(node.dataset, value);
    } else if (name === "value" || name === "checked" || name === "selected") {
      node[name] = value;
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Puts other children into an element. */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

const PATHS = {
  slack: "M4 9h16M4 15h16M10 3 8 21M16 3l-2 18",
  jira: "M4 4h5v16H4zM10.5 4h4v10h-4zM16 4h4v13h-4z",
  github: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8v5M12 16h.01",
  pagerduty: "M6 17V11a6 6 0 1 1 12 0v6l1.5 2h-15zM10 21h4",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  faults: "M13 2 4 14h7l-1 8 9-12h-7z",
  deliveries: "M4 7h11M4 12h16M4 17h8M16 4l4 3-4 3",
  thread: "M4 5h16v11H10l-4 4v-4H4z",
  close: "M6 6l12 12M18 6 6 18",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  send: "M4 4l17 8-17 8 3-8zM7 12h14",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14.5s1.2 2 3.5 2 3.5-2 3.5-2M9 9.5h.01M15 9.5h.01",
  back: "M15 5l-7 7 7 7",
  home: "M3 11l9-8 9 8M5 10v10h14V10M10 20v-6h4v6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  pin: "M9 3h6l-1 6 4 4H6l4-4zM12 13v8",
  bookmark: "M6 3h12v18l-6-5-6 5z",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  remove: "M5 7h14M9 7V4h6v3M7 7l1 14h8l1-14",
  shortcut: "M13 2 4 14h7l-1 8 9-12h-7z",
  plus: "M12 5v14M5 12h14",
  plug: "M9 3v6M15 3v6M6 9h12v3a6 6 0 0 1-12 0zM12 18v3",
  lock: "M6 11h12v10H6zM8 11V8a4 4 0 0 1 8 0v3",
};

/** A line icon for decoration; what it means stands beside it in words. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

/** An SVG element with attributes. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  append(node, children);
  return node;
}

/** A link to `url`, or plain text when the address is not one that a browser should follow. */
export function link(url, ...children) {
  const content = children.length ? children : [url];
  if (!/^(https?:|mailto:)/i.test(url)) return h("span", {}, content);
  const here = url.startsWith(`${location.origin}/#`);
  return h("a", here ? { href: url } : { href: url, target: "_blank", rel: "noopener noreferrer" }, content);
}

/** A square with a person's initials, in a colour of their own. */
export function avatar(name, size = "") {
  const initials = name
    .split(/[\s-]+/)
    .filter((word) => /^\p{L}/u.test(word))
    .slice(0, 2)
    .map((word) => word[0].toUpperCase())
    .join("");
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  const square = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials || "?");
  square.style.setProperty("--hue", String(hash));
  return square;
}

/** A short notice in the corner. */
export function toast(text, kind = "error") {
  const note = h("div", { class: `toast ${kind}` }, text);
  document.querySelector(".toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}
