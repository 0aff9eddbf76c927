// A list of Slack messages that is brought up to date without losing what a person is doing in it.

import { avatar, fill, h, icon, link } from "../dom.js";
import { EMOJI } from "../emoji.js";
import { clock, dayName, moment } from "../time.js";
import { renderBlocks } from "./blocks.js";
import { valuesBelow } from "./controls.js";
import { directory } from "./directory.js";
import { mrkdwn } from "./mrkdwn.js";

const QUICK_REACTIONS = ["eyes", "white_check_mark", "bangbang"];
const SHORTCUT_ICONS = { send_to_customer: "mail" };

/** The list. `actions` does what a click asks for. */
export function messageList(actions, { label, inThread = false }) {
  const items = h("ol", { class: "messages" });
  const root = h("div", { class: "scroller", tabindex: "0", role: "log", "aria-label": label, "aria-live": "polite" }, items);
  const drawn = new Map();
  let place = null;

  function draw(messages, newPlace) {
    const atEnd = root.scrollHeight - root.scrollTop - root.clientHeight < 80;
    const moved = place !== newPlace;
    if (moved) drawn.clear();
    place = newPlace;
    const nodes = [];
    let day = null;
    for (const message of messages) {
      const today = dayName(message.ts);
      if (!inThread && today !== day) nodes.push(dayNode((day = today)));
      nodes.push(messageNode(message));
    }
    const kept = new Set(messages.map((message) => message.ts));
    for (const ts of drawn.keys()) if (!kept.has(ts)) drawn.delete(ts);
    if (!messages.length) nodes.push(h("li", { class: "empty" }, "Nothing has been said here yet."));
    reconcile(items, nodes);
    if (moved || atEnd) root.scrollTop = root.scrollHeight;
  }

  function dayNode(name) {
    return [...items.querySelectorAll(".day")].find((node) => node.dataset.day === name) ?? h("li", { class: "day", dataset: { day: name } }, h("span", {}, name));
  }

  function messageNode(message) {
    const replies = inThread ? 0 : message.reply_count;
    const shape = JSON.stringify([{ ...message, replies }, actions.userId()]);
    const known = drawn.get(message.ts);
    if (known?.shape === shape) return known.node;
    const node = renderMessage(message, actions, inThread);
    drawn.set(message.ts, { shape, node });
    return node;
  }

  function highlight(ts) {
    const node = drawn.get(ts)?.node;
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.remove("highlight");
    requestAnimationFrame(() => node.classList.add("highlight"));
  }

  function empty(text) {
    place = null;
    if (items.textContent !== text) fill(items, h("li", { class: "empty" }, text));
  }

  return { root, draw, highlight, empty };
}

/** Makes the children of `parent` these nodes, moving and removing as few as possible. */
function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

function renderMessage(message, actions, inThread) {
  const name = directory.realName(message.user);
  const fromApp = Boolean(message.bot_id) || message.user === "USLACKBOT";
  const use = (element, blockId, value) => actions.click(message, element, blockId, value, valuesBelow(body));
  const body = h(
    "div",
    { class: "message-body" },
    message.blocks?.length && fromApp ? renderBlocks(message.blocks, use) : h("div", { class: "message-text" }, mrkdwn(message.text)),
    (message.files ?? []).map(fileCard),
    (message.attachments ?? []).map((each) => attachment(each, use)),
  );
  const isReply = message.thread_ts && message.thread_ts !== message.ts;
  return h(
    "li",
    { class: `message ${message.visible_to ? "ephemeral" : ""}`, dataset: { ts: message.ts } },
    avatar(name),
    h(
      "article",
      { class: "message-main", "aria-label": `${name}, ${clock(message.ts)}` },
      message.visible_to ? h("p", { class: "only-you" }, icon("eye"), "Only visible to you") : null,
      message.pinned_to ? h("p", { class: "only-you" }, icon("pin"), "Pinned") : null,
      isReply && !inThread ? h("p", { class: "only-you" }, icon("thread"), "Also sent in a thread") : null,
      h(
        "header",
        { class: "message-head" },
        h("strong", {}, name),
        directory.user(message.user)?.is_stranger ? h("span", { class: "app-badge stranger" }, "EXTERNAL") : null,
        fromApp ? h("span", { class: "app-badge" }, "APP") : null,
        h("time", { title: moment(message.ts) }, clock(message.ts)),
      ),
      body,
      message.edited ? h("small", { class: "edited" }, "(edited)") : null,
      reactions(message, actions),
      !inThread && message.reply_count ? replyLine(message, actions) : null,
    ),
    message.visible_to ? null : toolbar(message, actions, inThread),
  );
}

function reactions(message, actions) {
  if (!message.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map((reaction) =>
      h(
        "button",
        {
          type: "button",
          class: `reaction ${reaction.users.includes(actions.userId()) ? "mine" : ""}`,
          title: reaction.users.map((id) => directory.userName(id)).join(", "),
          "aria-label": `${reaction.name}, ${reaction.count}`,
          on: { click: () => actions.react(message, reaction.name, reaction.users.includes(actions.userId())) },
        },
        `${EMOJI[reaction.name] ?? `:${reaction.name}:`} ${reaction.count}`,
      ),
    ),
  );
}

function fileCard(file) {
  return h(
    "a",
    { class: "file-card", href: `/people/slack/files/${encodeURIComponent(file.id)}`, download: file.name },
    icon("file"),
    h("span", {}, h("strong", {}, file.title), h("small", {}, `${file.pretty_type}, ${size(file.size)}`)),
  );
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} bytes` : bytes < 1048576 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

/** An attachment: of the app's own making, or the preview of a link. */
function attachment(each, use) {
  return h(
    "div",
    { class: "attachment" },
    each.pretext ? h("div", {}, mrkdwn(each.pretext)) : null,
    each.title ? h("strong", {}, each.title_link ? link(each.title_link, each.title) : each.title) : null,
    each.blocks?.length ? renderBlocks(each.blocks, use) : each.text ? h("div", {}, mrkdwn(each.text)) : null,
    each.from_url ? h("small", { class: "quiet" }, each.from_url) : null,
  );
}

function replyLine(message, actions) {
  const count = message.reply_count;
  return h(
    "button",
    { type: "button", class: "replies", on: { click: () => actions.openThread(message) } },
    message.reply_users.slice(0, 3).map((id) => avatar(directory.realName(id), "tiny")),
    h("strong", {}, `${count} ${count === 1 ? "reply" : "replies"}`),
    h("span", {}, `last at ${clock(message.latest_reply)}`),
  );
}

function toolbar(message, actions, inThread) {
  return h(
    "div",
    { class: "toolbar", role: "group", "aria-label": "Message actions" },
    QUICK_REACTIONS.map((name) =>
      h("button", { type: "button", "aria-label": `React with ${name}`, title: `:${name}:`, on: { click: () => actions.react(message, name, has(message, name, actions.userId())) } }, EMOJI[name]),
    ),
    inThread ? null : h("button", { type: "button", "aria-label": "Reply in thread", title: "Reply in thread", on: { click: () => actions.openThread(message) } }, icon("thread")),
    directory.shortcuts("message").map(({ callback_id: id, name }) =>
      h("button", { type: "button", "aria-label": name, title: name, on: { click: () => actions.shortcut(message, id) } }, icon(SHORTCUT_ICONS[id] ?? "shortcut")),
    ),
    message.user === actions.userId()
      ? [
          h("button", { type: "button", "aria-label": "Edit message", title: "Edit message", on: { click: () => actions.edit(message) } }, icon("edit")),
          h("button", { type: "button", "aria-label": "Delete message", title: "Delete message", on: { click: () => actions.remove(message) } }, icon("remove")),
        ]
      : null,
    h("button", { type: "button", "aria-label": "Copy link", title: "Copy link", on: { click: () => copyLink(message) } }, icon("link")),
  );
}

function has(message, name, user) {
  return Boolean(message.reactions?.some((reaction) => reaction.name === name && reaction.users.includes(user)));
}

function copyLink(message) {
  const channel = location.hash.split("/")[1] ?? "C0SUPL1";
  navigator.clipboard?.writeText(`${location.origin}/#slack/${channel}/${message.ts}`);
}
