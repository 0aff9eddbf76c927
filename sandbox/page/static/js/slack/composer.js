// The line in which a person writes a message or a slash command.

import { fill, h, icon, toast } from "../dom.js";

/**
 * `send(text)` sends a message, `command(name, text)` a slash command (null where Slack allows none: in threads),
 * `share(file)` a file of the person's, `shortcut(id)` uses a global shortcut (null where there is no menu for them).
 */
export function composer({ label, send, command, share, shortcut = null, shortcuts = () => [] }) {
  const input = h("textarea", { class: "composer-input", rows: 1, "aria-label": label, on: { input: grow, keydown: onKey } });
  const button = h("button", { type: "submit", class: "icon-button send", "aria-label": "Send" }, icon("send"));
  const picker = h("input", { type: "file", hidden: true, "aria-label": `${label}: file`, on: { change: pick } });
  const attach = h("button", { type: "button", class: "icon-button", "aria-label": "Attach a file", title: "Attach a file", on: { click: () => picker.click() } }, icon("plus"));
  const menu = shortcut ? h("select", { class: "shortcut-menu", "aria-label": "Shortcuts", title: "Shortcuts", on: { change: choose, focus: list, pointerdown: list } }) : null;
  const root = h("form", { class: "composer", on: { submit } }, attach, picker, menu ? h("span", { class: "icon-button shortcut-button" }, icon("shortcut"), menu) : null, input, button);
  const history = [];
  let recalled = 0;

  function list() {
    const wanted = shortcuts();
    if (menu.options.length === wanted.length + 1) return;
    fill(menu, h("option", { value: "" }, "Shortcuts"), wanted.map((each) => h("option", { value: each.callback_id }, each.name)));
  }

  async function choose() {
    const chosen = menu.value;
    menu.value = "";
    if (chosen) await shortcut(chosen);
  }

  async function pick() {
    const [file] = picker.files;
    if (!file) return;
    const words = input.value.trim();
    input.value = "";
    picker.value = "";
    await share({ name: file.name, content: await file.text(), text: words });
  }

  function grow() {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 200)}px`;
  }

  function onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      root.requestSubmit();
    } else if (event.key === "ArrowUp" && (input.value === "" || input.value === history[recalled])) {
      recalled = Math.max(0, recalled - 1);
      if (history[recalled] !== undefined) input.value = history[recalled];
    }
  }

  async function submit(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    const typed = /^(\/[a-z][\w-]*)\s*([\s\S]*)$/.exec(text);
    if (typed && !command) {
      toast(`${typed[1]} can't be used in threads. Write it in the channel.`);
      return;
    }
    history.push(text);
    recalled = history.length;
    input.value = "";
    grow();
    if (typed) await command(typed[1], typed[2]);
    else await send(text);
    input.focus();
  }

  return {
    root,
    placeholder(text) {
      if (input.placeholder !== text) input.placeholder = text;
    },
  };
}
