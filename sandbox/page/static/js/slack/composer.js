// The line in which a person writes a message or a slash command.

import { h, icon, toast } from "../dom.js";

/** `send(text)` sends a message, `command(name, text)` a slash command (null where Slack allows none: in threads). */
export function composer({ label, send, command }) {
  const input = h("textarea", { class: "composer-input", rows: 1, "aria-label": label, on: { input: grow, keydown: onKey } });
  const button = h("button", { type: "submit", class: "icon-button send", "aria-label": "Send" }, icon("send"));
  const root = h("form", { class: "composer", on: { submit } }, input, button);
  const history = [];
  let recalled = 0;

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
